/* pace - how long a step takes by its rows, learned from the steps that were made.
 *
 *     struct pace p = { 0 };
 *     pace_decode(&p, n_rows, ns)           a step in which every row had logits
 *     pace_prefill(&p, n_decode, n_prompt, ns)
 *     pace_decode_ns(&p, n_rows)            an estimate; 0: nothing is known yet
 *     pace_prompt_rows(&p, n_decode, ns)    rows of prompts that fit into so much time
 *     pace_draft(&p, n_rows, n_tokens, right, most)
 *
 * A decode step reads all weights whatever its rows, so further rows are cheap until arithmetic
 * takes over; where that is depends on the machine, the model and its types. Drafts and the
 * chunks of prompts beside running answers are cut by these times.
 *
 * Estimates decide how much is done in a step, never what comes out.
 */
#ifndef TIRO_ENGINE_PACE_H
#define TIRO_ENGINE_PACE_H

#include <stdint.h>

enum {
    PACE_ROWS_MAX = 64,    /* Decode steps of more rows count as such of so many. */
    PACE_GUESS_ROWS = 16,  /* Until it is measured, so many further rows double a step's time. */
    PACE_PROMPT_ROWS = 32, /* Prompt rows in a step from which their time is learned. */
};

struct pace {
    uint64_t decode_ns[PACE_ROWS_MAX + 1]; /* By rows, of late; 0: no such step yet. */
    uint64_t prompt_row_ns;                /* A row of a prompt, of late; 0: not known yet. */
};

void pace_decode(struct pace *p, int32_t n_rows, uint64_t ns);
void pace_prefill(struct pace *p, int32_t n_decode, int32_t n_prompt, uint64_t ns);
uint64_t pace_decode_ns(const struct pace *p, int32_t n_rows);
/* INT32_MAX when nothing is known yet. */
int32_t pace_prompt_rows(const struct pace *p, int32_t n_decode, uint64_t ns);

/* How long a draft should be, at most `most`, in a step of n_rows rows that is expected to give
 * n_tokens tokens: as long as the tokens of the step grow more than its time. `right` is the
 * chance that a drafted token stands, after those before it stood. Without times: `most`. */
int32_t pace_draft(const struct pace *p, int32_t n_rows, double n_tokens, double right,
                   int32_t most);

#endif
