/* answer - the text of one choice as it grows: whole characters, never part of a stop string.
 *
 *     struct answer a;
 *     answer_init(&a, tokenizer, stops, n_stops);
 *     each token:   TRY(answer_add(&a, token, &entry));    entry NULL without logprobs
 *                   send(answer_text(&a), answer_entries(&a, &n), n);
 *                   answer_sent(&a);
 *                   if (a.stopped) the choice is finished
 *     at the end:   TRY(answer_finish(&a)); send what came free; answer_release(&a);
 *
 * Text that could be the beginning of a stop string is held back until it is certain,
 * across tokens.
 * When a stop string is complete the text before it is released and the rest is gone. A token's
 * logprob entry is released with the text it ended in; tokens that lie wholly in the stop string
 * leave no entry.
 *
 * Control tokens leave no text, or, with `marks`, ANSWER_MARK, their text and ANSWER_MARK: whoever
 * reads tool calls out of it can tell the token from the same characters written out.
 */
#ifndef TIRO_ENGINE_ANSWER_H
#define TIRO_ENGINE_ANSWER_H

#include "engine/logprobs.h"
#include "engine/tokenizer.h"

enum {
    ANSWER_HELD_MAX = 1 << 20,
    ANSWER_MARK = 0xff, /* Of no UTF-8. */
};

struct answer_entry {
    int32_t token;
    float logprob;
    bool none; /* The first token of a prompt. */
    int32_t n_top;
    struct top_logprob top[LOGPROBS_TOP_MAX];
    uint64_t from, to; /* Bytes of the answer that the token is; set by answer_add. */
};

struct answer {
    struct detokenizer detokenizer;
    const struct slice *stops; /* Not owned. */
    int32_t n_stops;
    struct buf held; /* Text not sent; its first n_ready bytes may be. */
    size_t n_ready;
    uint64_t n_sent;              /* Bytes sent before `held`. */
    struct answer_entry *entries; /* Owned; the first n_ready_entries may be sent. */
    size_t n_entries, cap_entries, n_ready_entries;
    bool marks; /* Set behind answer_init. */
    bool stopped;
    int32_t stop; /* Which stop string, once stopped. */
};

void answer_init(struct answer *a, const struct tokenizer *t, const struct slice *stops,
                 int32_t n_stops);
void answer_release(struct answer *a);
/* -ERR_NO_MEMORY; must not be called after `stopped`. */
int answer_add(struct answer *a, int32_t token, const struct answer_entry *entry) MUST_USE;
/* Nothing more comes: what was held back is text after all. */
int answer_finish(struct answer *a) MUST_USE;
struct slice answer_text(const struct answer *a);
const struct answer_entry *answer_entries(const struct answer *a, size_t *ret_n);
void answer_sent(struct answer *a);

#endif
