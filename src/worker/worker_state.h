/* worker_state - what the worker's files share. */
#ifndef TIRO_WORKER_WORKER_STATE_H
#define TIRO_WORKER_WORKER_STATE_H

#include "chat/prompt.h"
#include "engine/embedder.h"
#include "engine/scheduler.h"
#include "graph/lora.h"
#include "models/model.h"
#include "proto/conn.h"
#include "worker/sandbox.h"

#include <stdatomic.h>

struct pool;
struct encoder;
struct grammar_cache;
struct tool_list;
struct vocabulary;

enum {
    WORKER_MESSAGE_BYTES_MAX = 192 << 20, /* Arena of one incoming message. */
    WORKER_EVENT_BYTES_MAX = 64 << 20,    /* Arena of one outgoing message. */
    WORKER_BACKLOG_MAX = 8 << 20,         /* Unread bytes beyond which no step is made. */
    WORKER_EMBED_SEQS = 64,
    WORKER_RETRY_MS = 1000,
    WORKER_RETRY_MAX_MS = 120 * 1000, /* Clients that are told more do not retry at all. */
    WORKER_BROKEN_MAX = 64,           /* Requests given up for want of memory, per step. */
    /* Requests on their way through the encoder, and bytes of their messages: beyond these the
     * socket is left alone, as it is while there is more than one can take in. */
    WORKER_ERRANDS_MAX = 1024,
    WORKER_ERRAND_BYTES_MAX = 64 << 20,
};

/* A request on its way through the encoder. `message`, m and arrived_ns are the worker thread's
 * before and after, the encoder's in between; next and cancelled are never the encoder's to set. */
struct errand {
    struct errand *next;
    struct arena message, scratch;
    const struct msg_request *m; /* In `message`. */
    uint64_t arrived_ns;
    atomic_bool cancelled;
    /* What becomes of it: */
    int rc;
    struct err err;
    struct tool_list *tools;        /* Owned; NULL: none may be called. */
    bool thinks;                    /* The prompt ends within the model's thoughts. */
    struct engine_request *request; /* Owned; NULL for tokenize and on failure. */
    struct msg_tokens reply;        /* tokenize; in `scratch` */
};

/* The second model of a worker, which drafts for the first. */
struct worker_draft {
    struct checkpoint *checkpoint;
    struct model *model; /* NULL: there is none. */
    struct kv_store kv;
    bool has_kv;
};

/* What answers were held to so far. The encoder's thread's own; constraints only read it. */
struct worker_grammars {
    struct vocabulary *vocabulary; /* NULL until something is held. */
    struct grammar_cache *cache;
};

/* Of the slot in the model that has its number in worker.adapters. */
struct worker_adapter {
    char name[MSG_NAME_MAX + 1];
    uint64_t key; /* Its own number, for the prefix cache; 0: the slot is empty. */
    bool leaving; /* No longer to be had; removed when the last request that has it ends. */
};

struct worker {
    enum worker_kind kind;
    struct conn conn;
    struct arena in, out; /* Of one message, and of one event. */
    struct sandbox sandbox;
    int statm_fd;         /* /proc/self/statm, opened before the walls; -1 */
    int wake_fd;          /* The encoder has something: an eventfd, opened before the walls; -1 */
    uint64_t memory_free; /* At start. */
    struct pool *pool;
    struct checkpoint *checkpoint;
    struct model *model;
    struct tokenizer *tokenizer;
    struct chat *chat; /* NULL: no template. */
    struct kv_store kv;
    bool has_kv;
    struct worker_draft draft;
    struct worker_grammars *grammars; /* NULL: an encoder */
    struct scheduler *scheduler;      /* Of a causal model, */
    struct embedder *embedder;        /* or of an encoder. */
    int32_t n_ctx;
    struct worker_adapter adapters[LORA_SLOTS_MAX];
    int32_t n_leaving;
    uint64_t n_adapters_ever;
    struct encoder *encoder;
    struct errand no_errand; /* Its address tells the encoder to end. */
    uint64_t
        broken[WORKER_BROKEN_MAX]; /* Requests whose answer lost a part: they end in an error. */
    int32_t n_broken;
    bool quitting, gone; /* gone: the gateway is */
    uint64_t quit_by_ns;
};

/* worker_load.c: everything up to ready. */
int worker_load(struct worker *w, const struct msg_load *load, struct err *err) MUST_USE;
void worker_unload(struct worker *w);
/* A path of a message as a string: ret[MSG_PATH_MAX + 1]. */
int worker_path(char *ret, struct slice path, const char *what, struct err *err) MUST_USE;

/* worker_pack.c: the whole life of a WORKER_PACK behind its load message. */
int worker_pack(struct worker *w, const struct msg_load *load, struct err *err) MUST_USE;

/* worker_index.c: the same of a WORKER_INDEX, which serves until it is told to end. */
int worker_index(struct worker *w, const struct msg_load *load, struct err *err) MUST_USE;

/* worker_draft.c: the second model, if the message names one. */
int worker_draft_open(struct worker *w, const struct msg_load *load,
                      const struct model_options *options, struct err *err) MUST_USE;
/* Its keys and values: as many blocks as the first model has. */
int worker_draft_reserve(struct worker *w, int32_t n_blocks, struct err *err) MUST_USE;
void worker_draft_close(struct worker *w);
struct scheduler_net worker_draft_net(struct worker *w);

/* worker_encode.c: the thread between a message and the engine. */
int encoder_open(struct encoder **ret, const struct worker *w, struct err *err) MUST_USE;
void encoder_close(struct encoder *c); /* NULL is fine; waits for what it has in hand. */
/* Takes the message in w->in over, unless it is refused at once. */
void worker_request(struct worker *w, const struct msg_request *m);
/* What the encoder has finished goes to the engine, or back as an error. */
void encoder_collect(struct worker *w);
/* False: it has no such request. Nothing more comes for it. */
bool encoder_cancel(struct encoder *c, uint64_t id);
bool encoder_is_full(const struct encoder *c);
int32_t encoder_len(const struct encoder *c);
uint64_t encoder_cancelled(const struct encoder *c); /* So far. */

/* worker_request.c: a message becomes a request of the engine, or an error. */
int worker_check(const struct worker *w, const struct msg_request *m, struct err *err) MUST_USE;
/* On the encoder's thread: from e->m to e->request or e->reply, or e->rc and e->err. */
void worker_prepare(const struct worker *w, struct errand *e);

/* worker_grammar.c: what an answer is held to. */
int worker_grammars_open(struct worker_grammars **ret, struct err *err) MUST_USE;
void worker_grammars_close(struct worker_grammars *g); /* NULL is fine. */
/* On the encoder's thread: gives e->request its constraint, if the message asks for one. */
int worker_hold(const struct worker *w, struct errand *e) MUST_USE;

/* worker_parts.c: an answer taken apart: thoughts, content, calls of tools. */
/* On the encoder's thread: gives e->request what takes its answer apart, if that is needed. */
int worker_parts_open(const struct worker *w, struct errand *e) MUST_USE;
/* For requests that have it (r->own), in place of MSG_TOKEN: */
void worker_parts_token(struct worker *w, const struct engine_request *r, uint32_t choice,
                        struct slice text, const struct answer_entry *entries, size_t n,
                        int32_t n_tokens);
/* Sends what was held back; true: the choice ended in calls. */
bool worker_parts_end(struct worker *w, const struct engine_request *r, uint32_t choice,
                      int32_t n_tokens);

/* worker_adapter.c: fd is the weights' descriptor, and stays the caller's. */
void worker_adapter(struct worker *w, const struct msg_adapter *m, int fd);
/* The slot of the adapter that requests know by this name; -1: there is none. */
int32_t worker_find_adapter(const struct worker *w, struct slice name);
/* An empty name is none. */
int worker_take_adapter(const struct worker *w, struct engine_request *r, struct slice name,
                        struct err *err) MUST_USE;
/* Between steps: those that are gone and that nobody uses any more. */
void worker_drop_adapters(struct worker *w);

/* worker_answer.c: what the engine says becomes messages. */
struct scheduler_events worker_scheduler_events(struct worker *w);
struct embedder_events worker_embedder_events(struct worker *w);
void worker_fail(struct worker *w, uint64_t id, const struct err *err);
void worker_stats(struct worker *w, uint64_t nonce);
/* Queues a message; when that is not possible the gateway is taken for gone. */
void worker_send(struct worker *w, enum message_kind kind, const void *body);
/* The same for a part of request `id`'s answer: when memory is short only that request ends. */
void worker_send_part(struct worker *w, uint64_t id, enum message_kind kind, const void *body);
/* Between steps these are ended: */
void worker_give_up(struct worker *w, uint64_t id);
/* Lists in w->out, whose failure worker_send_built sees; it sends and empties w->out. */
struct msg_logprob *worker_logprobs(struct worker *w, const struct answer_entry *entries, size_t n);
void worker_send_built(struct worker *w, uint64_t id, enum message_kind kind, const void *body);
/* Between steps: ends the requests that lost a part. */
void worker_end_broken(struct worker *w);

static inline bool worker_has_work(const struct worker *w)
{
    return (w->scheduler && scheduler_has_work(w->scheduler)) ||
           (w->embedder && embedder_has_work(w->embedder));
}

#endif
