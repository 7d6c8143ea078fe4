/* One step: compose the batch, run it, find the tokens, hand them on. */
#include "base/pool.h"
#include "base/seam.h"
#include "engine/scheduler_state.h"

/* With nobody else to wait for it a prompt's step may take so long: a cancel waits for it, and who
 * comes next. */
#define ALONE_NS UINT64_C(500000000)
enum {
    ROWS_LEAST = 32,     /* Fewer rows of a prompt are not worth reading the weights; */
    IDLE_ROWS_LEAST = 4, /* nor fewer of idle answers. */
};

/* ---- The batch ---- */

/* How many of the next n_rows rows are to be scored: a row scores the token after it. */
static int32_t score_rows(const struct scheduler *s, const struct sequence *seq, int32_t n_rows)
{
    const struct job *job = seq->job;
    if (!job_scores(job) || seq->choice != 0) return 0;
    int32_t last = kvcache_len(s->kv, seq->slot) + n_rows, end = job->request->n_tokens - 1;
    int32_t first = kvcache_len(s->kv, seq->slot);
    /* Preempted in between: what was given back already is not given again. */
    if (job->n_scored - 1 > first) first = job->n_scored - 1;
    if (last > end) last = end;
    return last > first ? last - first : 0;
}

/* Of the sums that the head forms for a row that is sampled. */
static float head_scale(const struct engine_request *r)
{
    float scale = sampling_head_scale(&r->sampling);
    return scale > 0 || !(r->logprobs || r->rank) ? scale : 1;
}

static void want(struct scheduler *s, int32_t row, float scale)
{
    s->scales[s->batch.n_out] = scale;
    s->out_rows[s->batch.n_out++] = row;
}

/* n_rows rows, of which the last n_draft lie behind the sequence's own tokens. */
static void plan(struct scheduler *s, struct sequence *seq, int32_t n_rows, int32_t n_draft)
{
    struct batch *b = &s->batch;
    int32_t len = kvcache_len(s->kv, seq->slot), n_blocks;
    struct planned *p = &s->planned[s->n_planned++];
    *p = (struct planned){ .seq = seq, .slot = seq->slot, .n_rows = n_rows, .first_out = b->n_out };
    p->n_draft = n_draft;
    p->n_jump = seq->n_jump;
    p->n_score = score_rows(s, seq, n_rows);
    p->complete = len + n_rows - n_draft == seq->n_tokens;
    const int32_t *blocks = kvcache_blocks(s->kv, seq->slot, &n_blocks);
    s->batch_seqs[b->n_seqs++] = (struct batch_seq){
        .row = b->n_rows, .n_rows = n_rows, .kv_len = len, .n_blocks = n_blocks, .blocks = blocks
    };
    for (int32_t i = 0; i < n_rows; i++) {
        s->tokens[b->n_rows + i] = seq->tokens[len + i];
        s->positions[b->n_rows + i] = len + i;
        s->adapters[b->n_rows + i] = seq->job->request->adapter;
    }
    /* The scored rows end at the chunk's end, or one before the prompt's end. */
    int32_t end = len + n_rows < seq->job->request->n_tokens - 1
                      ? n_rows
                      : seq->job->request->n_tokens - 1 - len;
    for (int32_t i = 0; i < p->n_score; i++) want(s, b->n_rows + end - p->n_score + i, 1);
    for (int32_t i = n_draft; p->complete && job_generates(seq->job) && i >= 0; i--)
        want(s, b->n_rows + n_rows - 1 - i, head_scale(seq->job->request));
    b->n_rows += n_rows;
}

/* Rows of a prompt that fit the budget and the outputs. */
static int32_t chunk_of(const struct scheduler *s, const struct sequence *seq, int32_t budget,
                        int32_t outs)
{
    int32_t n = sequence_pending(s, seq);
    if (n > budget) n = budget;
    while (n > 1 && score_rows(s, seq, n) + 1 > outs) n--;
    return n;
}

/* Rows of prompts for this step: beside n_rows rows of running answers so many that their next
 * tokens do not wait much longer than the latency target; alone, the largest chunk that a cancel
 * can wait for. Results do not depend on where a prompt is cut. */
static int32_t prefill_budget(const struct scheduler *s, int32_t n_rows)
{
    int32_t most = s->o.prefill_chunk;
    int32_t rows = pace_prompt_rows(&s->pace, n_rows, n_rows > 0 ? s->o.latency_ns : ALONE_NS);
    if (rows >= most) return most;
    int32_t least = ROWS_LEAST < most ? ROWS_LEAST : most;
    return rows < least ? least : rows / ROWS_LEAST * ROWS_LEAST;
}

/* So many idle sequences decode that who comes next does not wait long for the step. */
static int32_t idle_rows(const struct scheduler *s)
{
    int32_t n = IDLE_ROWS_LEAST;
    uint64_t ns = SCHEDULER_IDLE_STEP_MS * UINT64_C(1000000);
    while (n < PACE_ROWS_MAX && pace_decode_ns(&s->pace, n + 1) <= ns) n++;
    return n;
}

/* By adapter, so that a step reads each once; those of one adapter as they were admitted. */
static int32_t order_decoding(struct scheduler *s)
{
    int32_t n = 0, n_idle = idle_rows(s);
    for (int32_t i = 0; i < s->n_running; i++) {
        struct sequence *seq = s->running[i];
        if (!sequence_takes_part(s, seq) || !sequence_decodes(s, seq)) continue;
        if (sequence_is_idle(seq) && n_idle-- <= 0) continue;
        int32_t at = n++;
        for (; at > 0 && s->decoding[at - 1]->job->request->adapter > seq->job->request->adapter;
             at--)
            s->decoding[at] = s->decoding[at - 1];
        s->decoding[at] = seq;
    }
    return n;
}

/* Idle prompts beside others: as few rows as are worth it; alone: short steps all the same. */
static int32_t idle_budget(const struct scheduler *s, int32_t n_rows, int32_t budget)
{
    int32_t rows = pace_prompt_rows(&s->pace, n_rows, SCHEDULER_IDLE_STEP_MS * UINT64_C(1000000));
    for (int32_t i = 0; i < s->n_running; i++)
        if (!sequence_is_idle(s->running[i])) rows = 0;
    if (rows < ROWS_LEAST) rows = ROWS_LEAST;
    return rows < budget ? rows : budget;
}

/* Returns what is left of the budget. */
static int32_t plan_prompts(struct scheduler *s, int32_t budget, bool idle)
{
    for (int32_t i = 0; i < s->n_running && budget > 0; i++) {
        struct sequence *seq = s->running[i];
        if (sequence_is_idle(seq) != idle || sequence_decodes(s, seq)) continue;
        /* Each decoding sequence took an output; every other one may need its own. */
        int32_t others = s->n_running - s->n_planned - 1;
        int32_t n = chunk_of(s, seq, budget, s->n_out_max - s->batch.n_out - others);
        plan(s, seq, n, 0);
        budget -= n;
    }
    return budget;
}

static void note_idle(struct scheduler *s, uint64_t now)
{
    for (int32_t i = 0; i < s->n_planned; i++)
        if (sequence_is_idle(s->planned[i].seq)) s->idle_at_ns = now;
}

static void compose(struct scheduler *s)
{
    s->batch = (struct batch){ .tokens = s->tokens,
                               .positions = s->positions,
                               .adapters = s->adapters,
                               .seqs = s->batch_seqs,
                               .out_rows = s->out_rows,
                               .head = &s->head };
    s->n_planned = 0;
    scheduler_draft(s);
    int32_t n_decoding = order_decoding(s);
    for (int32_t i = 0; i < n_decoding; i++) {
        struct sequence *seq = s->decoding[i];
        plan(s, seq, 1 + seq->n_jump + seq->n_draft, seq->n_draft);
    }
    s->n_decode = s->n_planned;
    /* Drafts and forced tokens take the place of rows of prompts. */
    int32_t left = s->o.prefill_chunk - (s->batch.n_rows - s->n_decode);
    int32_t budget = prefill_budget(s, s->batch.n_rows);
    if (budget > left) budget = left;
    budget = plan_prompts(s, budget, false);
    if (s->idle_turn && budget > 0)
        (void)plan_prompts(s, idle_budget(s, s->batch.n_rows, budget), true); /* The rest: later. */
    assert(s->batch.n_rows <= s->n_rows_max && s->batch.n_out <= s->n_out_max);
}

/* ---- Tokens from logits ---- */

static void add_task(struct scheduler *s, struct sequence *seq, int32_t out, int32_t token,
                     bool score)
{
    assert(s->n_tasks < s->n_out_max + s->o.n_seqs_max);
    size_t n_vocab = (size_t)s->o.net.n_vocab, chunks = (size_t)out * (size_t)s->n_chunks;
    s->tasks[s->n_tasks++] = (struct task){
        .seq = seq,
        .row = { .logits = s->logits + (size_t)out * n_vocab,
                 .max = s->head.max + chunks,
                 .sum = s->head.sum + chunks,
                 .scale = s->scales[out] },
        .token = token,
        .score = score,
    };
}

static void follow(struct scheduler *s, struct sequence *leader, int32_t out)
{
    for (int32_t c = 1; c < leader->job->request->n_choices; c++) {
        struct sequence *seq = &leader->job->seqs[c];
        if (seq->state != SEQUENCE_FOLLOWING) continue;
        if (scheduler_follow(s, leader, seq)) add_task(s, seq, out, -1, false);
    }
}

static void make_tasks(struct scheduler *s)
{
    s->n_tasks = 0;
    for (int32_t i = 0; i < s->n_planned; i++) {
        struct planned *p = &s->planned[i];
        struct sequence *seq = p->seq;
        int32_t len = kvcache_len(s->kv, seq->slot), n_prompt = seq->job->request->n_tokens;
        int32_t end = len < n_prompt - 1 ? len : n_prompt - 1; /* Scored rows end here. */
        for (int32_t k = 0; k < p->n_score; k++)
            add_task(s, seq, p->first_out + k, seq->tokens[end - p->n_score + k + 1], true);
        if (!p->complete || !job_generates(seq->job)) continue;
        add_task(s, seq, p->first_out + p->n_score, -1, false);
        s->tasks[s->n_tasks - 1].n_draft = p->n_draft;
        for (int32_t k = 1; k <= p->n_draft; k++) {
            add_task(s, seq, p->first_out + p->n_score + k, -1, false);
            s->tasks[s->n_tasks - 1].ahead = k;
            s->tasks[s->n_tasks - 1].planned = p;
        }
        if (seq->choice == 0) follow(s, seq, p->first_out + p->n_score);
    }
}

static void solve(struct task *t, struct sampler_scratch *scratch)
{
    const struct engine_request *r = t->seq->job->request;
    if (!t->score) {
        struct sampler_input in = sequence_like(t->seq);
        in.row = t->row;
        in.n_tokens += t->ahead;
        int32_t forced = in.constraint ? constraint_forced(in.constraint) : CONSTRAINT_FREE;
        t->token = forced;
        if (forced == CONSTRAINT_FREE) t->status = sampler_pick(scratch, &t->token, &in);
    }
    if (t->status < 0 || !(r->logprobs || r->rank)) return;
    t->entry.token = t->token;
    t->entry.n_top = r->n_top;
    t->entry.logprob = logprobs_of(sampler_scratch_logits(scratch), &t->row, t->token, t->entry.top,
                                   r->n_top);
}

/* A task and those of its draft, as far as the draft is right: each position is sampled as if the
 * draft had been the answer until there, because then it was. */
static void solve_chain(struct task *t, struct sampler_scratch *scratch)
{
    struct sequence *seq = t->seq;
    const int32_t *drafted = seq->tokens + seq->n_tokens;
    int32_t n = 0, n_taken = 0;
    solve(t, scratch);
    while (n < t->n_draft && t[n].status == 0 && t[n].token == drafted[n]) {
        if (seq->constraint) {
            t[n].status = constraint_accept(seq->constraint, drafted[n]) < 0 ? -ERR_INTERNAL : 0;
            if (t[n].status < 0) break;
            n_taken++;
        }
        n++;
        solve(&t[n], scratch);
    }
    if (n_taken > 0) constraint_rollback(seq->constraint, n_taken);
    while (n++ < t->n_draft) t[n].skipped = true;
}

static void solve_share(void *ctx, int thread, int n_threads)
{
    struct scheduler *s = ctx;
    for (int32_t i = thread; i < s->n_tasks; i += n_threads)
        if (s->tasks[i].ahead == 0) solve_chain(&s->tasks[i], s->scratch[thread]);
}

static void hand_on(struct scheduler *s, struct task *t)
{
    struct job *job = t->seq->job;
    if (job->dead || t->skipped) return;
    if (t->ahead > 0) {
        /* The one before was as drafted. If it did not end the answer, its row counts. */
        if (t->seq->state != SEQUENCE_RUNNING) return;
        kvcache_commit(s->kv, t->seq->slot, t->seq->tokens, t->seq->n_tokens);
        t->planned->n_kept = t->ahead;
    }
    if (t->score) {
        job_score(s, job, &t->entry);
        return;
    }
    if (t->status < 0) {
        struct err err;
        (void)err_set(&err, ERR_INTERNAL, "%s",
                      t->seq->constraint
                          ? "The model gave no usable probability to any token that the request's "
                            "grammar allows next."
                          : "The model gave no usable probabilities.");
        job_fail(s, job, &err);
        return;
    }
    if (job->first_ns == 0) job->first_ns = now_ns();
    sequence_accept(s, t->seq, t);
}

/* Prompts that are done and want nothing generated. */
static void end_prompts(struct scheduler *s)
{
    for (int32_t i = 0; i < s->n_planned; i++) {
        struct sequence *seq = s->planned[i].seq;
        struct job *job = seq->job;
        if (job->dead) continue;
        if (job_scores(job) && seq->choice == 0) {
            if (job->n_scored == 0) job_score(s, job, NULL); /* A prompt of one token. */
            if (!job->dead) job_score_flush(s, job);
        }
        if (!s->planned[i].complete || job_generates(job) || job->dead) continue;
        bool filled = job->request->prefill_only;
        for (int32_t c = job->request->n_choices; c-- > 0 && !job->dead;)
            sequence_end(s, &job->seqs[c], filled ? SCHEDULER_STOP : SCHEDULER_LENGTH);
    }
}

/* ---- The step ---- */

static void count_rates(struct scheduler *s, uint64_t now)
{
    uint64_t second = now / 1000000000u;
    for (uint64_t t = s->rate_second + 1; t <= second; t++) {
        s->rate_prefill[t % RATE_SECONDS] = s->rate_decode[t % RATE_SECONDS] = 0;
        if (second - t > RATE_SECONDS) t = second - RATE_SECONDS;
    }
    s->rate_second = second;
    for (int32_t i = 0; i < s->n_planned; i++) {
        const struct planned *p = &s->planned[i];
        int32_t n = p->n_rows - p->n_draft;
        (i < s->n_decode ? s->rate_decode
                         : s->rate_prefill)[second % RATE_SECONDS] += (uint64_t)(n + p->n_kept);
    }
}

static void learn_pace(struct scheduler *s, uint64_t ns)
{
    int32_t n_decode_rows = 0; /* Those with logits: forced tokens are read like a prompt. */
    for (int32_t i = 0; i < s->n_decode; i++)
        n_decode_rows += s->planned[i].n_rows - s->planned[i].n_jump;
    if (n_decode_rows == s->batch.n_rows)
        pace_decode(&s->pace, n_decode_rows, ns);
    else
        pace_prefill(&s->pace, n_decode_rows, s->batch.n_rows - n_decode_rows, ns);
}

static void fail_batch(struct scheduler *s, const struct err *err)
{
    for (int32_t i = 0; i < s->n_planned; i++) job_fail(s, s->planned[i].seq->job, err);
}

/* The time since `from` on all threads, to the requests of the batch's rows; the parts add up. */
static void charge(struct scheduler *s, uint64_t from)
{
    uint64_t ns = (now_ns() - from) * (uint64_t)s->n_scratch, taken = 0;
    int32_t n_rows = 0;
    for (int32_t i = 0; i < s->n_planned; i++) {
        n_rows += s->planned[i].n_rows;
        uint64_t upto = ns * (uint64_t)n_rows / (uint64_t)s->batch.n_rows;
        s->planned[i].seq->job->request->core_ns += upto - taken;
        taken = upto;
    }
}

/* What was computed counts, and the logits become tokens. */
static void find_tokens(struct scheduler *s)
{
    for (int32_t i = 0; i < s->n_planned; i++) {
        struct sequence *seq = s->planned[i].seq;
        int32_t len = kvcache_len(s->kv, seq->slot) + s->planned[i].n_rows - s->planned[i].n_draft;
        kvcache_commit(s->kv, seq->slot, seq->tokens, len);
        seq->n_jump = 0;
        if (s->planned[i].complete && seq->n_tokens == seq->job->request->n_tokens &&
            seq->job->request->pin)
            (void)kvcache_pin(s->kv, seq->slot, seq->n_tokens); /* As far as the limit allows. */
    }
    make_tasks(s);
    if (s->o.pool && s->n_tasks > 1)
        pool_run(s->o.pool, solve_share, s);
    else
        solve_share(s, 0, 1);
}

static void hand_all_on(struct scheduler *s)
{
    /* Scores go out before the first token of the same step. */
    for (int32_t i = 0; i < s->n_tasks; i++)
        if (s->tasks[i].score) hand_on(s, &s->tasks[i]);
    end_prompts(s);
    for (int32_t i = 0; i < s->n_tasks; i++)
        if (!s->tasks[i].score) hand_on(s, &s->tasks[i]);
    scheduler_end_drafts(s);
    scheduler_jump(s);
}

void scheduler_step(struct scheduler *s)
{
    uint64_t start = now_ns();
    scheduler_expire(s, start);
    scheduler_admit(s, start);
    scheduler_reserve(s);
    compose(s);
    if (s->n_planned == 0) return;
    note_idle(s, start);
    struct err err = { 0 };
    int rc = s->o.net.forward(s->o.net.ctx, &s->batch, s->logits, &err);
    if (rc == 0) find_tokens(s);
    charge(s, start); /* Before the tokens go out: what is told of a request includes them. */
    if (rc < 0)
        fail_batch(s, &err);
    else
        hand_all_on(s);
    uint64_t now = now_ns();
    learn_pace(s, now - start - s->draft_ns);
    count_rates(s, now);
    job_reap(s);
    s->stats.n_steps++;
    s->stats.step_ns += now - start;
}
