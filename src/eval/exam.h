/* exam - the questions that are asked: which of a file's, in what order, behind which examples.
 *
 * With `shots` each prompt begins with that many solved examples: of the question's own subject
 * where the examples have subjects, else any; the first ones, or with a seed some of them. `limit`
 * takes the first questions of the file, or with a seed a sample in the file's order.
 */
#ifndef TIRO_EVAL_EXAM_H
#define TIRO_EVAL_EXAM_H

#include "eval/format.h"

struct eval_exam_options {
    const struct eval_format *format;
    struct slice questions, examples; /* files' texts; examples may be empty where shots is 0 */
    uint32_t shots, limit;            /* limit 0: all */
    bool has_seed;
    uint64_t seed;
};

enum { EVAL_EXAMPLES_MAX = 5000 };

/* Calls `take` with each question that is asked; *ret_n: how many. */
int eval_exam(uint32_t *ret_n, const struct eval_exam_options *options,
              int (*take)(void *ctx, const struct eval_item *item, struct err *err), void *ctx,
              struct err *err) MUST_USE;

#endif
