/* From the engine's events to messages. All of a step are queued and flushed together. */
#include "base/log.h"
#include "base/seam.h"
#include "worker/worker_state.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

void worker_send(struct worker *w, enum message_kind kind, const void *body)
{
    struct err err = { 0 };
    if (w->gone) return;
    if (conn_queue(&w->conn, kind, body, &err) == 0) return;
    /* Steps stop long before the queue is full, so this is a gateway that never reads, or no
     * memory at all: an answer with a hole in it is worse than none. */
    log_error("cannot answer the gateway", LOG_STR("why", err.text));
    w->gone = true;
}

static bool is_broken(const struct worker *w, uint64_t id)
{
    for (int32_t i = 0; i < w->n_broken; i++)
        if (w->broken[i] == id) return true;
    return false;
}

void worker_give_up(struct worker *w, uint64_t id)
{
    if (is_broken(w, id)) return;
    log_error("out of memory for an answer", LOG_INT("request", id));
    if (w->n_broken == WORKER_BROKEN_MAX)
        w->gone = true; /* This many at once: start anew. */
    else
        w->broken[w->n_broken++] = id;
}

void worker_send_part(struct worker *w, uint64_t id, enum message_kind kind, const void *body)
{
    struct err err = { 0 };
    if (w->gone || is_broken(w, id)) return;
    int r = conn_queue(&w->conn, kind, body, &err);
    if (r == -ERR_NO_MEMORY || r == -ERR_PROTOCOL)
        worker_give_up(w, id); /* A stream with a hole in it is worse than an error. */
    else if (r < 0)
        w->gone = true; /* A gateway that never reads: steps stop long before. */
}

void worker_end_broken(struct worker *w)
{
    while (w->n_broken > 0 && !w->gone) {
        uint64_t id = w->broken[--w->n_broken];
        struct err err = { 0 };
        if (w->scheduler) (void)scheduler_cancel(w->scheduler, id); /* It may be over. */
        if (w->embedder) (void)embedder_cancel(w->embedder, id);
        (void)err_set(&err, ERR_NO_MEMORY, "The server is out of memory for this answer.");
        worker_fail(w, id, &err);
    }
}

/* How long until one of those that wait has begun, from what requests have taken so far. */
static uint32_t retry_after_ms(const struct worker *w)
{
    uint64_t busy_ns = 0, n_done = 0, n_waiting = 0;
    if (w->scheduler) {
        struct scheduler_stats s = scheduler_stats(w->scheduler);
        busy_ns = s.step_ns;
        n_done = s.n_done;
        n_waiting = (uint64_t)s.n_waiting;
    } else if (w->embedder) {
        struct embedder_stats s = embedder_stats(w->embedder);
        busy_ns = s.step_ns;
        n_done = s.n_done;
        n_waiting = (uint64_t)s.n_waiting;
    }
    uint64_t ms = n_done ? busy_ns / n_done * n_waiting / 1000000 : WORKER_RETRY_MS;
    if (ms < WORKER_RETRY_MS) return WORKER_RETRY_MS;
    return ms > WORKER_RETRY_MAX_MS ? WORKER_RETRY_MAX_MS : (uint32_t)ms;
}

void worker_fail(struct worker *w, uint64_t id, const struct err *err)
{
    struct msg_error m = {
        .id = id,
        .code = (uint32_t)err->code,
        .param = slice_of(err->param),
        .text = slice_of(err->text),
        .retry_after_ms = err->code == ERR_OVERLOADED ? retry_after_ms(w) : 0,
    };
    worker_send(w, MSG_ERROR, &m);
}

/* ---- Logprobs ---- */

static struct msg_top_logprob *tops_of(struct worker *w, const struct answer_entry *e)
{
    struct msg_top_logprob *top = ARENA_NEWS(&w->out, (size_t)e->n_top, struct msg_top_logprob);
    for (int32_t i = 0; top && i < e->n_top; i++)
        top[i] = (struct msg_top_logprob){
            .token = (uint32_t)e->top[i].token,
            .bytes = tokenizer_bytes(w->tokenizer, e->top[i].token),
            .logprob = e->top[i].logprob,
        };
    return top;
}

struct msg_logprob *worker_logprobs(struct worker *w, const struct answer_entry *entries, size_t n)
{
    if (n == 0) return NULL;
    struct msg_logprob *list = ARENA_NEWS(&w->out, n, struct msg_logprob);
    for (size_t i = 0; list && i < n; i++) {
        list[i] = (struct msg_logprob){
            .token = (uint32_t)entries[i].token,
            .bytes = tokenizer_bytes(w->tokenizer, entries[i].token),
            .logprob = entries[i].logprob,
            .none = entries[i].none,
            .n_top = (uint32_t)entries[i].n_top,
            .top = entries[i].n_top ? tops_of(w, &entries[i]) : NULL,
        };
    }
    return list;
}

/* Sends what was built in the arena, unless memory ran out: then the request is given up. */
void worker_send_built(struct worker *w, uint64_t id, enum message_kind kind, const void *body)
{
    if (!w->out.failed)
        worker_send_part(w, id, kind, body);
    else
        worker_give_up(w, id);
    arena_reset(&w->out);
}

/* ---- Events of the scheduler ---- */

static void on_counted(void *ctx, const struct engine_request *r, int32_t n, int32_t cached)
{
    struct msg_counted m = { .id = r->id, .prompt_tokens = (uint32_t)n };
    m.cached_tokens = (uint32_t)cached;
    worker_send_part(ctx, r->id, MSG_COUNTED, &m);
}

static void on_score(void *ctx, const struct engine_request *r, struct slice text,
                     const struct answer_entry *entries, size_t n)
{
    struct worker *w = ctx;
    struct msg_score m = { .id = r->id, .text = text, .n_logprobs = (uint32_t)n };
    m.logprobs = worker_logprobs(w, entries, n);
    worker_send_built(w, r->id, MSG_SCORE, &m);
}

static void on_token(void *ctx, const struct engine_request *r, uint32_t choice, struct slice text,
                     const struct answer_entry *entries, size_t n, int32_t n_tokens)
{
    struct worker *w = ctx;
    if (r->own) {
        worker_parts_token(w, r, choice, text, entries, n, n_tokens);
        return;
    }
    struct msg_token m = {
        .id = r->id,
        .choice = choice,
        .text = text,
        .n_logprobs = (uint32_t)n,
        .n_tokens = (uint32_t)n_tokens,
        .core_us = r->core_ns / 1000,
    };
    m.logprobs = worker_logprobs(w, entries, n);
    worker_send_built(w, r->id, MSG_TOKEN, &m);
}

static enum finish_reason finish_of(struct worker *w, const struct engine_request *r,
                                    const struct scheduler_done *d)
{
    bool called = r->own && worker_parts_end(w, r, d->choice, d->completion_tokens);
    if (d->reason != SCHEDULER_STOP) return FINISH_LENGTH;
    return called ? FINISH_TOOL_CALLS : FINISH_STOP;
}

static void on_done(void *ctx, const struct engine_request *r, const struct scheduler_done *d)
{
    struct msg_done m = {
        .id = r->id,
        .choice = d->choice,
        .finish_reason = finish_of(ctx, r, d),
        .stop = d->stop,
        .prompt_tokens = (uint32_t)d->prompt_tokens,
        .cached_tokens = (uint32_t)d->cached_tokens,
        .completion_tokens = (uint32_t)d->completion_tokens,
        .logprob = d->logprob,
        .queue_us = d->queue_ns / 1000,
        .prefill_us = d->prefill_ns / 1000,
        .decode_us = d->decode_ns / 1000,
        .core_us = r->core_ns / 1000,
        .final = d->final,
    };
    worker_send_part(ctx, r->id, MSG_DONE, &m);
}

static void on_failed(void *ctx, const struct engine_request *r, const struct err *err)
{
    worker_fail(ctx, r->id, err);
}

struct scheduler_events worker_scheduler_events(struct worker *w)
{
    return (struct scheduler_events){
        .ctx = w,
        .counted = on_counted,
        .score = on_score,
        .token = on_token,
        .done = on_done,
        .failed = on_failed,
    };
}

/* ---- Events of the embedder ---- */

/* Long vectors do not go through the frame but as a file in memory. */
static void send_shared(struct worker *w, struct msg_embedding *m, const float *floats, int32_t n)
{
    struct err err = { 0 };
    size_t size = (size_t)n * sizeof *floats;
    int fd = memfd_create("embedding", MFD_CLOEXEC);
    m->n_shared = (uint32_t)n;
    int r = fd < 0 ? err_errno(&err, errno, "cannot make a file in memory")
                   : file_write_all(fd, floats, size, "a file in memory", &err);
    if (r == 0) r = conn_queue_fd(&w->conn, MSG_EMBEDDING, m, fd, &err);
    if (r == 0) return;
    if (fd >= 0) (void)seams.close(fd); /* In memory only. */
    worker_fail(w, m->id, &err);
}

static void on_embedding(void *ctx, const struct engine_request *r, float *floats, int32_t n)
{
    struct worker *w = ctx;
    struct msg_embedding m = { .id = r->id, .index = r->index };
    m.prompt_tokens = (uint32_t)r->n_tokens;
    m.core_us = r->core_ns / 1000;
    n = embedder_cut(floats, n, r->dimensions);
    if (n > MSG_FLOATS_INLINE_MAX) {
        send_shared(w, &m, floats, n);
        return;
    }
    m.floats = floats;
    m.n_floats = (uint32_t)n;
    worker_send_part(w, r->id, MSG_EMBEDDING, &m);
}

struct embedder_events worker_embedder_events(struct worker *w)
{
    return (struct embedder_events){ .ctx = w, .embedding = on_embedding, .failed = on_failed };
}

/* ---- Counters ---- */

/* The second number of /proc/self/statm, in pages. */
static uint64_t resident_bytes(const struct worker *w)
{
    char text[128];
    uint64_t pages = 0;
    ssize_t n = w->statm_fd < 0 ? -1 : pread(w->statm_fd, text, sizeof text, 0);
    if (n <= 0) return 0;
    struct slice all = { text, (size_t)n };
    size_t from = slice_find(all, SLICE(" ")) + 1;
    if (from >= all.len) return 0;
    struct slice second = { text + from, all.len - from };
    second.len = slice_find(second, SLICE(" "));
    if (!slice_to_u64(&pages, second)) return 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void worker_stats(struct worker *w, uint64_t nonce)
{
    struct msg_stats m = { .nonce = nonce, .rss_bytes = resident_bytes(w) };
    if (w->scheduler) {
        struct scheduler_stats s = scheduler_stats(w->scheduler);
        m.n_waiting = (uint32_t)s.n_waiting;
        m.n_running = (uint32_t)s.n_running;
        m.kv_blocks_used = (uint32_t)s.kv.n_used;
        m.kv_blocks_cached = (uint32_t)s.kv.n_cached;
        m.kv_blocks_free = (uint32_t)s.kv.n_free;
        m.kv_blocks_pinned = (uint32_t)s.kv.n_pinned;
        m.n_requests = s.n_requests;
        m.n_done = s.n_done;
        m.n_failed = s.n_failed;
        m.n_cancelled = s.n_cancelled;
        m.n_preempted = s.n_preempted;
        m.n_prompt_tokens = s.n_prompt_tokens;
        m.n_cached_tokens = s.n_cached_tokens;
        m.n_completion_tokens = s.n_completion_tokens;
        m.n_drafted_tokens = s.n_drafted_tokens;
        m.n_accepted_tokens = s.n_accepted_tokens;
        m.n_model_drafted_tokens = s.n_model_drafted_tokens;
        m.n_model_accepted_tokens = s.n_model_accepted_tokens;
        m.n_steps = s.n_steps;
        m.step_ns = s.step_ns;
        m.prefill_tokens_per_s = s.prefill_tokens_per_s;
        m.decode_tokens_per_s = s.decode_tokens_per_s;
    }
    if (w->embedder) {
        struct embedder_stats s = embedder_stats(w->embedder);
        m.n_waiting = (uint32_t)s.n_waiting;
        m.n_requests = s.n_requests;
        m.n_done = s.n_done;
        m.n_failed = s.n_failed;
        m.n_cancelled = s.n_cancelled;
        m.n_prompt_tokens = s.n_tokens;
        m.n_steps = s.n_steps;
        m.step_ns = s.step_ns;
    }
    m.n_waiting += (uint32_t)encoder_len(w->encoder);
    m.n_cancelled += encoder_cancelled(w->encoder);
    worker_send(w, MSG_STATS, &m);
}
