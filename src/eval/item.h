/* item - one question of an exam, whatever file it came from.
 *
 * EVAL_CHOICE  `prompt` and, one by one, each option's `continuation`: the likeliest is the answer.
 * EVAL_CODE    a program is to follow `prompt`; `tests` define check(), which takes `entry_point`.
 * EVAL_TEXT    `tokens` are read; their log probabilities behind the first `skip` are summed.
 */
#ifndef TIRO_EVAL_ITEM_H
#define TIRO_EVAL_ITEM_H

#include "base/arena.h"
#include "base/json.h"

enum {
    EVAL_OPTIONS_MAX = 26,
    EVAL_ITEMS_MAX = 20000,        /* of one exam */
    EVAL_ITEM_BYTES_MAX = 1 << 20, /* of one line, and of what is kept of it */
    EVAL_ID_MAX = 200,
    EVAL_SHOTS_MAX = 32,
};

enum eval_kind { EVAL_CHOICE, EVAL_CODE, EVAL_TEXT };

struct eval_option {
    struct slice label, text;  /* "A", "Paris" */
    struct slice continuation; /* what follows the prompt: " A", or " Paris" */
};

/* Strings are its arena's, or of the text that was read; empty where there is none. */
struct eval_item {
    enum eval_kind kind;
    struct slice id, subject;
    struct slice question; /* for people */
    struct slice prompt;   /* for the model; of EVAL_TEXT a JSON array of token ids */
    struct eval_option options[EVAL_OPTIONS_MAX];
    uint32_t n_options, answer; /* answer: index of the right option */
    struct slice tests, entry_point;
    uint32_t skip, bytes; /* EVAL_TEXT: tokens not counted; bytes of the text that is */
};

/* An object; eval_item_read takes it back. */
void eval_item_write(struct json_writer *w, const struct eval_item *item);
int eval_item_read(struct eval_item *ret, const json_t *object, struct arena *arena,
                   struct err *err) MUST_USE;

#endif
