/* Tokens that can only come so: taken at once, without a step each, and computed in the next. */
#include "engine/scheduler_state.h"

enum { JUMP_ROWS_LEAST = 32 };

/* Rows of forced tokens in the next step, of all sequences together. They are read like a prompt:
 * no more at a time than the others can wait for, and half of what a step holds stays for prompts.
 */
static int32_t jump_rows(const struct scheduler *s)
{
    int32_t most = s->o.prefill_chunk / 2;
    int32_t rows = pace_prompt_rows(&s->pace, s->n_running, s->o.latency_ns);
    if (rows < JUMP_ROWS_LEAST) rows = JUMP_ROWS_LEAST;
    return rows < most ? rows : most;
}

/* Has just got a token, and nobody wants to know how likely the next ones are. */
static bool may_jump(const struct scheduler *s, const struct sequence *seq)
{
    const struct engine_request *r = seq->job->request;
    return seq->constraint && !seq->job->dead && sequence_takes_part(s, seq) && !r->logprobs &&
           !r->rank && seq->n_tokens > r->n_tokens && sequence_pending(s, seq) == 1;
}

void scheduler_jump(struct scheduler *s)
{
    int32_t left = jump_rows(s);
    for (int32_t i = 0; i < s->n_running;) {
        struct sequence *seq = s->running[i];
        /* To each its share of what those before it have left. */
        if (may_jump(s, seq)) left -= sequence_jump(s, seq, left / (s->n_running - i));
        if (i < s->n_running && s->running[i] == seq) i++; /* Else it has ended. */
    }
}
