/* embedder - batches of texts through an encoder: no cache, no sampling, one vector each.
 *
 *     TRY(embedder_open(&e, &options, err));
 *     TRY(embedder_submit(e, request, err));           tokens with [CLS] and [SEP] around them
 *     while (embedder_has_work(e)) embedder_step(e);   `embedding` comes out of here
 *     embedder_close(e);
 *
 * One step is one forward pass over as many whole texts as fit `n_rows_max` rows: by priority, then
 * arrival. A step's time on all threads is borne by its rows in equal parts (request->core_ns). A
 * text's vector does not depend on what else is in the batch. Owner: one thread.
 */
#ifndef TIRO_ENGINE_EMBEDDER_H
#define TIRO_ENGINE_EMBEDDER_H

#include "engine/request.h"
#include "graph/batch.h"

struct embedder;

struct embedder_net {
    void *ctx;
    int32_t n_vocab, n_embd;
    /* out: (batch->n_seqs, n_embd) */
    int (*forward)(void *ctx, const struct batch *batch, float *out, struct err *err);
};

struct embedder_events {
    void *ctx;
    /* `floats` is scratch: it may be changed during the call. */
    void (*embedding)(void *ctx, const struct engine_request *r, float *floats, int32_t n);
    void (*failed)(void *ctx, const struct engine_request *r, const struct err *err);
};

struct embedder_options {
    struct embedder_net net;
    struct embedder_events events;
    int32_t n_ctx;      /* Longest text, in tokens. */
    int32_t n_rows_max; /* At least n_ctx. */
    int32_t n_seqs_max, queue_max;
    int32_t n_threads; /* That compute a step, for its costs; 0: one. */
};

struct embedder_stats {
    int32_t n_waiting;
    uint64_t n_requests, n_done, n_failed, n_cancelled, n_tokens, n_steps, step_ns;
};

int embedder_open(struct embedder **ret, const struct embedder_options *options,
                  struct err *err) MUST_USE;
void embedder_close(struct embedder *e); /* NULL is fine; no events. */
/* On failure the request stays the caller's. */
int embedder_submit(struct embedder *e, struct engine_request *r, struct err *err) MUST_USE;
bool embedder_cancel(struct embedder *e, uint64_t id);
bool embedder_has_work(const struct embedder *e);
void embedder_step(struct embedder *e);
struct embedder_stats embedder_stats(const struct embedder *e);
/* Keeps the first `dimensions` (0: all) and scales to length 1. Returns how many are left. */
int32_t embedder_cut(float *floats, int32_t n, uint32_t dimensions);

#endif
