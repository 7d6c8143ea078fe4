/* result - what came of one question, and what follows from the options' log probabilities.
 *
 *     struct eval_result r = { .kind = EVAL_CHOICE, .n_options = 4, .logprobs = ... };
 *     eval_score(&r, &item);
 */
#ifndef TIRO_EVAL_RESULT_H
#define TIRO_EVAL_RESULT_H

#include "eval/item.h"

struct eval_result {
    enum eval_kind kind;
    struct slice problem; /* why the model could not answer; empty: it did. It counts as wrong. */
    bool right;
    /* EVAL_CHOICE: the sum over each option's tokens, and how many there are. */
    uint32_t n_options;
    double logprobs[EVAL_OPTIONS_MAX];
    uint32_t tokens[EVAL_OPTIONS_MAX];
    /* By eval_score: softmax of the sums; the likeliest by sum, per character and per token. */
    double probabilities[EVAL_OPTIONS_MAX];
    uint32_t predicted, predicted_per_char, predicted_per_token;
    bool right_per_char, right_per_token;
    double brier; /* sum over the options of (probability - truth)^2 (Brier 1950) */
    /* EVAL_CODE */
    struct slice answer; /* what the model wrote */
    struct slice output; /* what its program said, when it failed */
    bool judged;
    /* EVAL_TEXT: over its tokens, of the negative log probability */
    double nll, nll_squares;
    uint32_t n_tokens, bytes;
};

void eval_score(struct eval_result *r, const struct eval_item *item);
void eval_result_write(struct json_writer *w, const struct eval_result *r);
/* Strings point into `object`. */
int eval_result_read(struct eval_result *ret, const json_t *object, struct err *err) MUST_USE;

#endif
