/* worker_state - what the worker's files share. */
#ifndef TIRO_WORKER_WORKER_STATE_H
#define TIRO_WORKER_WORKER_STATE_H

#include "chat/prompt.h"
#include "engine/embedder.h"
#include "engine/scheduler.h"
#include "models/model.h"
#include "proto/conn.h"
#include "worker/sandbox.h"

struct pool;

enum {
    WORKER_MESSAGE_BYTES_MAX = 192 << 20, /* Arena of one incoming message. */
    WORKER_EVENT_BYTES_MAX = 64 << 20,    /* Arena of one outgoing message. */
    WORKER_BACKLOG_MAX = 8 << 20,         /* Unread bytes beyond which no step is made. */
    WORKER_EMBED_SEQS = 64,
    WORKER_RETRY_MS = 1000,
    WORKER_RETRY_MAX_MS = 120 * 1000, /* Clients that are told more do not retry at all. */
    WORKER_BROKEN_MAX = 64,           /* Requests given up for want of memory, per step. */
};

struct worker {
    enum worker_kind kind;
    struct conn conn;
    struct arena in, out; /* Of one message, and of one event. */
    struct sandbox sandbox;
    int statm_fd;         /* /proc/self/statm, opened before the walls; -1 */
    uint64_t memory_free; /* At start. */
    struct pool *pool;
    struct checkpoint *checkpoint;
    struct model *model;
    struct tokenizer *tokenizer;
    struct chat *chat; /* NULL: no template. */
    struct kv_store kv;
    bool has_kv;
    struct scheduler *scheduler; /* Of a causal model, */
    struct embedder *embedder;   /* or of an encoder. */
    int32_t n_ctx;
    uint64_t
        broken[WORKER_BROKEN_MAX]; /* Requests whose answer lost a part: they end in an error. */
    int32_t n_broken;
    bool quitting, gone; /* gone: the gateway is */
    uint64_t quit_by_ns;
};

/* worker_load.c: everything up to ready. */
int worker_load(struct worker *w, const struct msg_load *load, struct err *err) MUST_USE;
void worker_unload(struct worker *w);

/* worker_request.c: a message becomes a request of the engine, or an error message. */
void worker_request(struct worker *w, const struct msg_request *m);

/* worker_answer.c: what the engine says becomes messages. */
struct scheduler_events worker_scheduler_events(struct worker *w);
struct embedder_events worker_embedder_events(struct worker *w);
void worker_fail(struct worker *w, uint64_t id, const struct err *err);
void worker_stats(struct worker *w, uint64_t nonce);
/* Queues a message; when that is not possible the gateway is taken for gone. */
void worker_send(struct worker *w, enum message_kind kind, const void *body);
/* The same for a part of request `id`'s answer: when memory is short only that request ends. */
void worker_send_part(struct worker *w, uint64_t id, enum message_kind kind, const void *body);
/* Between steps: ends the requests that lost a part. */
void worker_end_broken(struct worker *w);

static inline bool worker_has_work(const struct worker *w)
{
    return (w->scheduler && scheduler_has_work(w->scheduler)) ||
           (w->embedder && embedder_has_work(w->embedder));
}

#endif
