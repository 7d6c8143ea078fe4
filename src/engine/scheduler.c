#include "engine/scheduler.h"

#include "base/pool.h"
#include "base/seam.h"
#include "engine/scheduler_state.h"

#include <stdio.h>

/* ---- Opening ---- */

int32_t scheduler_rows_max(int32_t n_seqs_max, int32_t prefill_chunk)
{
    return (n_seqs_max ? n_seqs_max : SCHEDULER_SEQS_MAX) +
           (prefill_chunk ? prefill_chunk : SCHEDULER_PREFILL_CHUNK);
}

int32_t scheduler_out_max(int32_t n_seqs_max)
{
    return (n_seqs_max ? n_seqs_max : SCHEDULER_SEQS_MAX) + SCHEDULER_SCORE_ROWS;
}

static bool open_arrays(struct scheduler *s)
{
    size_t rows = (size_t)s->n_rows_max, outs = (size_t)s->n_out_max;
    size_t seqs = (size_t)s->o.n_seqs_max;
    s->jobs = mem_calloc((size_t)s->n_jobs_max, sizeof(struct job *));
    s->running = mem_calloc(seqs, sizeof(struct sequence *));
    s->slot_used = mem_calloc(seqs, sizeof *s->slot_used);
    s->tokens = mem_calloc(rows, sizeof *s->tokens);
    s->positions = mem_calloc(rows, sizeof *s->positions);
    s->adapters = mem_calloc(rows, sizeof *s->adapters);
    s->decoding = mem_calloc(seqs, sizeof(struct sequence *));
    s->out_rows = mem_calloc(outs, sizeof *s->out_rows);
    s->batch_seqs = mem_calloc(seqs, sizeof *s->batch_seqs);
    s->planned = mem_calloc(seqs, sizeof *s->planned);
    s->tasks = mem_calloc(outs + seqs, sizeof *s->tasks);
    /* Mapped: rows that no batch ever uses cost nothing. */
    s->logits_bytes = outs * (size_t)s->o.net.n_vocab * sizeof *s->logits;
    s->logits = seams.map(s->logits_bytes);
    s->scratch = mem_calloc((size_t)s->n_scratch, sizeof(struct sampler_scratch *));
    s->head.scales = s->scales = mem_calloc(outs, sizeof *s->scales);
    s->head.max = mem_calloc(outs * (size_t)s->n_chunks, sizeof *s->head.max);
    s->head.sum = mem_calloc(outs * (size_t)s->n_chunks, sizeof *s->head.sum);
    return s->jobs && s->running && s->slot_used && s->tokens && s->positions && s->adapters &&
           s->decoding && s->out_rows && s->batch_seqs && s->planned && s->tasks && s->logits &&
           s->scratch && s->scales && s->head.max && s->head.sum;
}

static int open_drafter(struct scheduler *s, struct err *err)
{
    struct drafter_options o = {
        .net = *s->o.drafter,
        .n_vocab = s->o.net.n_vocab,
        .n_blocks = s->o.n_drafter_blocks,
        .n_ctx = s->o.n_ctx,
        .n_seqs_max = s->o.n_seqs_max,
        .n_rows_max = s->n_rows_max,
        .pool = s->o.pool,
        .scratch = s->scratch,
        .forced = s->o.speculation == SPECULATION_FORCED,
    };
    s->asks = mem_calloc((size_t)s->o.n_seqs_max, sizeof *s->asks);
    s->of_ask = mem_calloc((size_t)s->o.n_seqs_max, sizeof(struct sequence *));
    if (!s->asks || !s->of_ask)
        return err_set(err, ERR_NO_MEMORY, "out of memory for the scheduler");
    return drafter_open(&s->drafter, &o, err);
}

static int open_parts(struct scheduler *s, struct err *err)
{
    if (!open_arrays(s)) return err_set(err, ERR_NO_MEMORY, "out of memory for the scheduler");
    for (int32_t i = 0; i < s->n_scratch; i++)
        TRY(sampler_scratch_open(&s->scratch[i], s->o.net.n_vocab, &s->kernels, err));
    struct kvcache_options kv = {
        .n_blocks = s->o.n_blocks,
        .n_seqs = s->o.n_seqs_max,
        .blocks_per_seq = (s->o.n_ctx + KV_BLOCK_LEN - 1) / KV_BLOCK_LEN,
        .n_pinned_max = s->o.n_pinned_max,
        .copy = s->o.net.copy_block,
        .copy_ctx = s->o.net.ctx,
    };
    TRY(kvcache_open(&s->kv, &kv, err));
    return s->o.drafter ? open_drafter(s, err) : 0;
}

int scheduler_open(struct scheduler **ret, const struct scheduler_options *options, struct err *err)
{
    struct scheduler *s = mem_calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NO_MEMORY, "out of memory for the scheduler");
    s->o = *options;
    if (s->o.n_seqs_max == 0) s->o.n_seqs_max = SCHEDULER_SEQS_MAX;
    if (s->o.prefill_chunk == 0) s->o.prefill_chunk = SCHEDULER_PREFILL_CHUNK;
    if (s->o.latency_ns == 0) s->o.latency_ns = SCHEDULER_LATENCY_MS * UINT64_C(1000000);
    if (s->o.queue_max == 0) s->o.queue_max = SCHEDULER_QUEUE_MAX;
    assert(s->o.n_ctx > 0 && s->o.n_ctx <= s->o.n_blocks * (int64_t)KV_BLOCK_LEN);
    assert(s->o.net.n_vocab >= LOGPROBS_TOP_MAX);
    assert(s->o.speculation != SPECULATION_FORCED || s->o.draft || s->o.drafter);
    s->n_rows_max = scheduler_rows_max(s->o.n_seqs_max, s->o.prefill_chunk);
    s->n_out_max = scheduler_out_max(s->o.n_seqs_max);
    s->n_jobs_max = s->o.queue_max + s->o.n_seqs_max;
    s->n_chunks = head_chunks(s->o.net.n_vocab);
    kernels_select(&s->kernels, kernel_isa_detect());
    s->n_scratch = s->o.pool ? pool_size(s->o.pool) : 1;
    int r = open_parts(s, err);
    if (r < 0) {
        scheduler_close(s);
        return r;
    }
    *ret = s;
    return 0;
}

static void sequence_release(struct sequence *seq)
{
    answer_release(&seq->answer);
    constraint_close(seq->constraint);
    mem_free(seq->tokens);
}

static void job_close(struct job *job)
{
    for (int32_t i = 0; i < job->request->n_choices; i++) sequence_release(&job->seqs[i]);
    answer_release(&job->echo);
    mem_free(job->seqs);
    engine_request_close(job->request);
    mem_free(job);
}

void scheduler_close(struct scheduler *s)
{
    if (!s) return;
    for (int32_t i = 0; i < s->n_jobs; i++) job_close(s->jobs[i]);
    for (int32_t i = 0; s->scratch && i < s->n_scratch; i++) sampler_scratch_close(s->scratch[i]);
    drafter_close(s->drafter);
    kvcache_close(s->kv);
    mem_free(s->asks);
    mem_free(s->of_ask);
    mem_free(s->scratch);
    mem_free(s->scales);
    mem_free(s->head.max);
    mem_free(s->head.sum);
    mem_free(s->jobs);
    mem_free(s->running);
    mem_free(s->slot_used);
    mem_free(s->tokens);
    mem_free(s->positions);
    mem_free(s->adapters);
    mem_free(s->decoding);
    mem_free(s->out_rows);
    mem_free(s->batch_seqs);
    mem_free(s->planned);
    mem_free(s->tasks);
    if (s->logits) (void)seams.unmap(s->logits, s->logits_bytes); /* Nothing to do about it. */
    mem_free(s);
}

/* ---- Requests in and out ---- */

static struct kv_hash root_of(const struct scheduler *s, const struct engine_request *r)
{
    struct buf b;
    buf_init(&b, 1 << 16);
    /* The length, so that no tenant's name can run into what follows. */
    buf_printf(&b, "%zu:", r->tenant.len);
    buf_add_slice(&b, r->tenant);
    buf_printf(&b, "%llu:", (unsigned long long)r->adapter_key);
    buf_add_slice(&b, s->o.salt);
    struct kv_hash root = kvcache_root(s->kv, buf_slice(&b));
    if (b.failed) random_bytes_fill(&root, sizeof root); /* No memory: it shares with nobody. */
    buf_release(&b);
    return root;
}

static int check(const struct scheduler *s, const struct engine_request *r, struct err *err)
{
    assert(r->id != 0 && r->n_tokens >= 0);
    assert(r->n_choices >= 1 && r->n_choices <= ENGINE_CHOICES_MAX);
    assert(r->n_top >= 0 && r->n_top <= LOGPROBS_TOP_MAX && r->max_tokens >= -1);
    if (r->n_tokens == 0)
        return err_param(err, ERR_INVALID_VALUE, r->what, "Invalid '%s': it has no tokens.",
                         r->what);
    for (int32_t i = 0; i < r->n_tokens; i++)
        if (r->tokens[i] < 0 || r->tokens[i] >= s->o.net.n_vocab)
            return err_param(err, ERR_INVALID_VALUE, r->what,
                             "Invalid token id %d in '%s': the model's ids go from 0 to %d.",
                             r->tokens[i], r->what, s->o.net.n_vocab - 1);
    TRY(engine_request_check_length(r, s->o.n_ctx, err));
    TRY(sampling_check(&r->sampling, s->o.net.n_vocab, err));
    /* Idle ones leave most of the queue to the others. */
    int32_t queue_max = s->o.queue_max / (r->priority < 0 ? SCHEDULER_IDLE_QUEUE_SHARE : 1);
    if (s->n_waiting_jobs >= queue_max || s->n_jobs >= s->n_jobs_max)
        return err_set(err, ERR_OVERLOADED,
                       "The model is busy: %d requests are waiting. Please try again later.",
                       s->n_waiting_jobs);
    return 0;
}

int scheduler_submit(struct scheduler *s, struct engine_request *r, struct err *err)
{
    TRY(check(s, r, err));
    struct job *job = mem_calloc(1, sizeof *job);
    struct sequence *seqs = mem_calloc((size_t)r->n_choices, sizeof *seqs);
    if (!job || !seqs) {
        mem_free(job);
        mem_free(seqs);
        return err_set(err, ERR_NO_MEMORY, "out of memory for a request");
    }
    job->request = r;
    job->seqs = seqs;
    job->arrived_ns = r->arrived_ns ? r->arrived_ns : now_ns();
    job->root = root_of(s, r);
    job->n_scored = r->echo ? r->echo_from : 0;
    answer_init(&job->echo, s->o.tokenizer, NULL, 0);
    job->echo.detokenizer.control = true; /* The prompt as it was written. */
    for (int32_t i = 0; i < r->n_choices; i++) {
        seqs[i] = (struct sequence){
            .job = job, .choice = (uint32_t)i, .slot = -1, .n_tokens = r->n_tokens
        };
        seqs[i].state = i == 0 ? SEQUENCE_WAITING : SEQUENCE_FOLLOWING;
        answer_init(&seqs[i].answer, s->o.tokenizer, r->stops, r->n_stops);
        seqs[i].answer.marks = r->marks;
        lookup_init(&seqs[i].lookup);
    }
    s->jobs[s->n_jobs++] = job;
    s->n_waiting_jobs++;
    s->stats.n_requests++;
    return 0;
}

void job_reap(struct scheduler *s)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < s->n_jobs; i++) {
        struct job *job = s->jobs[i];
        if (!job->dead) {
            s->jobs[kept++] = job;
            continue;
        }
        for (int32_t c = 0; c < job->request->n_choices; c++)
            if (job->seqs[c].state == SEQUENCE_RUNNING) sequence_stop_running(s, &job->seqs[c]);
        if (!job->begun) s->n_waiting_jobs--;
        job_close(job);
    }
    s->n_jobs = kept;
}

bool scheduler_cancel(struct scheduler *s, uint64_t id)
{
    for (int32_t i = 0; i < s->n_jobs; i++) {
        if (s->jobs[i]->request->id != id) continue;
        s->jobs[i]->dead = true;
        s->stats.n_cancelled++;
        job_reap(s);
        return true;
    }
    return false;
}

bool scheduler_uses_adapter(const struct scheduler *s, int32_t slot)
{
    for (int32_t i = 0; i < s->n_jobs; i++)
        if (s->jobs[i]->request->adapter == slot) return true;
    return false;
}

bool scheduler_has_work(const struct scheduler *s)
{
    return s->n_jobs > 0;
}

struct scheduler_stats scheduler_stats(const struct scheduler *s)
{
    struct scheduler_stats stats = s->stats;
    stats.kv = kvcache_stats(s->kv);
    if (s->drafter) {
        struct drafter_stats d = drafter_stats(s->drafter);
        stats.n_model_drafted_tokens = d.n_drafted;
        stats.n_model_accepted_tokens = d.n_accepted;
    }
    stats.n_running = s->n_running;
    stats.n_waiting = 0;
    for (int32_t i = 0; i < s->n_jobs; i++)
        for (int32_t c = 0; c < s->jobs[i]->request->n_choices; c++)
            stats.n_waiting += s->jobs[i]->seqs[c].state == SEQUENCE_WAITING;
    uint64_t second = now_ns() / 1000000000u, newest = s->rate_second;
    for (uint64_t i = 0; i < RATE_SECONDS; i++) {
        uint64_t age = (newest % RATE_SECONDS + RATE_SECONDS - i) % RATE_SECONDS;
        if (second - newest + age >= RATE_SECONDS) continue; /* From before. */
        stats.prefill_tokens_per_s += (double)s->rate_prefill[i] / RATE_SECONDS;
        stats.decode_tokens_per_s += (double)s->rate_decode[i] / RATE_SECONDS;
    }
    return stats;
}
