/* What may come next, guessed before the step and judged after it. */
#include "base/seam.h"
#include "engine/scheduler_state.h"

/* Rows that all drafts of this step may have together: they take the place of rows of prompts, and
 * of outputs that scores would use. None beside a prompt: there is enough to compute. */
static int32_t draft_rows(const struct scheduler *s, int32_t n_decode, int32_t n_prompts)
{
    if (s->o.speculation == SPECULATION_OFF) return 0;
    if (n_decode == 0 || (s->o.speculation == SPECULATION_AUTO && n_prompts > 0)) return 0;
    int32_t outs = s->n_out_max - s->n_running, rows = s->o.prefill_chunk / 2;
    return outs < rows ? outs : rows;
}

/* Never at the cost of a block that someone needs. */
static int32_t reserve(struct scheduler *s, struct sequence *seq, int32_t n)
{
    int32_t need = kvcache_need(s->kv, seq->slot, seq->n_tokens + n);
    if (need > 0 && kvcache_available(s->kv) < need + s->n_running) return 0;
    return kvcache_reserve(s->kv, seq->slot, seq->n_tokens + n) < 0 ? 0 : n;
}

/* As much of a draft as the constraint takes. */
static int32_t allowed(struct sequence *seq, const int32_t *draft, int32_t n)
{
    int32_t k = 0;
    if (!seq->constraint) return n;
    while (k < n && constraint_accept(seq->constraint, draft[k]) == 0) k++;
    if (k > 0) constraint_rollback(seq->constraint, k);
    return k;
}

/* Puts a draft behind the sequence's tokens; returns its length. The step has n_rows rows already
 * and is expected to give n_tokens tokens. */
static int32_t draft(struct scheduler *s, struct sequence *seq, int32_t most, int32_t n_rows,
                     double n_tokens)
{
    if (seq->n_tokens <= seq->job->request->n_tokens) return 0; /* Choices may have to fork. */
    /* The token that is sampled behind the draft needs a place, too. */
    int32_t room = seq->cap - seq->n_tokens - 1, n;
    if (room > most) room = most;
    if (room <= 0) return 0;
    int32_t *to = seq->tokens + seq->n_tokens;
    if (s->o.speculation == SPECULATION_FORCED) {
        if (!s->o.draft) return 0; /* The draft model's turn. */
        n = s->o.draft(s->o.draft_ctx, seq->tokens, seq->n_tokens, to, room);
    } else {
        double right = lookup_right(&seq->lookup);
        room = lookup_length(&seq->lookup, room);
        n = lookup_draft(seq->tokens, seq->n_tokens, to,
                         pace_draft(&s->pace, n_rows, n_tokens, right, room));
    }
    assert(n >= 0 && n <= room);
    n = allowed(seq, to, n);
    return n > 0 ? reserve(s, seq, n) : 0;
}

/* Idle ones get no drafts: their steps are to be short. */
static bool wants_draft(const struct scheduler *s, const struct sequence *seq)
{
    return !sequence_is_idle(seq) && sequence_decodes(s, seq);
}

static bool add_ask(struct scheduler *s, struct draft_ask *ask, struct sequence *seq)
{
    const struct engine_request *r = seq->job->request;
    if (seq->n_draft > 0 || !wants_draft(s, seq) || seq->n_tokens <= r->n_tokens) return false;
    *ask = (struct draft_ask){ .slot = seq->slot, .tokens = seq->tokens };
    ask->like = sequence_like(seq);
    ask->most = seq->cap - seq->n_tokens - 1;
    return true;
}

/* Drafts of the second model for those that repeat nothing. */
static void draft_by_model(struct scheduler *s, const struct draft_step *step)
{
    int32_t n_asks = 0;
    uint64_t start = now_ns();
    for (int32_t i = 0; i < s->n_running; i++)
        if (add_ask(s, &s->asks[n_asks], s->running[i])) s->of_ask[n_asks++] = s->running[i];
    if (n_asks == 0 || drafter_draft(s->drafter, s->asks, n_asks, step) == 0) {
        s->draft_ns = now_ns() - start;
        return;
    }
    for (int32_t i = 0; i < n_asks; i++) {
        if (s->asks[i].n == 0) continue;
        s->of_ask[i]->by_model = true;
        s->of_ask[i]->n_draft = reserve(s, s->of_ask[i], s->asks[i].n);
    }
    s->draft_ns = now_ns() - start;
}

void scheduler_draft(struct scheduler *s)
{
    int32_t n_decode = 0, n_prompts = 0, n_rows = 0, n_drafted = 0;
    for (int32_t i = 0; i < s->n_running; i++) {
        if (!sequence_takes_part(s, s->running[i])) continue;
        bool decodes = sequence_decodes(s, s->running[i]);
        n_prompts += !decodes;
        if (!decodes) continue;
        n_decode++;
        n_rows += 1 + s->running[i]->n_jump;
    }
    int32_t most = draft_rows(s, n_decode, n_prompts);
    double n_tokens = n_decode;
    for (int32_t i = 0; i < s->n_running; i++) {
        struct sequence *seq = s->running[i];
        seq->n_draft = 0;
        seq->by_model = false;
        if (!wants_draft(s, seq)) continue;
        seq->n_draft = draft(s, seq, most - n_drafted, n_rows + n_drafted, n_tokens);
        n_drafted += seq->n_draft;
        n_tokens += seq->n_draft * lookup_right(&seq->lookup);
    }
    s->draft_ns = 0;
    if (!s->drafter || most <= n_drafted) return;
    struct draft_step step = { .pace = &s->pace,
                               .n_rows = n_rows + n_drafted,
                               .n_tokens = n_tokens,
                               .n_rows_left = most - n_drafted,
                               .read_ns = s->o.latency_ns };
    draft_by_model(s, &step);
}

/* What stayed of the drafts is computed; the places of the rest are given back. */
void scheduler_end_drafts(struct scheduler *s)
{
    for (int32_t i = 0; i < s->n_planned; i++) {
        struct planned *p = &s->planned[i];
        struct sequence *seq = p->seq;
        /* Also when there was no room for it here: the draft model has computed it. */
        if (seq->by_model)
            drafter_judge(s->drafter, p->slot, seq->tokens, seq->n_tokens, p->n_draft, p->n_kept);
        if (p->n_draft == 0) continue;
        s->stats.n_drafted_tokens += (uint64_t)p->n_draft;
        s->stats.n_accepted_tokens += (uint64_t)p->n_kept;
        if (!seq->by_model) lookup_judge(&seq->lookup, p->n_draft, p->n_kept);
        if (seq->state == SEQUENCE_RUNNING)
            kvcache_truncate(s->kv, seq->slot, kvcache_len(s->kv, seq->slot));
    }
}
