/* run - walks finished plans on a thread pool. No allocation, no look-up, one barrier a step.
 *
 *     struct run run;
 *     TRY(run_init(&run, pool, &kernels, err));
 *     TRY(run_reserve(&run, plan, err));               once per plan: memory for the largest
 *     run.batch = &batch; run.kv = &kv; run.out = logits;
 *     run_forward(&run, plan);
 *     run_release(&run);
 *
 * Owner: one thread at a time, which becomes thread 0 of the pool.
 */
#ifndef TIRO_GRAPH_RUN_H
#define TIRO_GRAPH_RUN_H

#include "graph/batch.h"
#include "graph/graph.h"
#include "graph/kv.h"
#include "graph/plan.h"

#include <stdatomic.h>

struct pool;
struct profile;

enum {
    RUN_INPUTS_MAX = 4,
    RUN_TILE_ROWS = 16, /* Query rows of one sequence that attention takes at a time. */
    /* With fewer (tile, KV head) pairs for each thread, attention is cut by keys too, as far as
     * partial results of this many floats suffice. */
    RUN_PAIRS_ENOUGH = 4,
    RUN_PARTIAL_FLOATS = 1 << 20,
    RUN_ADAPTED_ROWS = 24, /* Rows that read an adapter together. */
};

/* Consecutive rows of one sequence. */
struct run_tile {
    int32_t seq, first, n_rows; /* first: counted from the sequence's own first row */
};

/* Consecutive rows of the batch with one adapter. */
struct run_adapted {
    int32_t slot, first, n_rows;
};

struct run {
    /* Set by the caller before each run_forward. */
    const struct batch *batch;           /* NULL for pictures. */
    struct kv_store *kv;                 /* NULL where nothing is kept. */
    float *out;                          /* The graph's output, of its shape. */
    const float *inputs[RUN_INPUTS_MAX]; /* Of op_input nodes. */
    struct dim_sizes sizes; /* T, S, O are taken from the batch; the rest is the caller's. */

    struct profile *profile; /* NULL: none is made. */

    /* Private. */
    const struct plan *plan;
    const struct kernels *kernels;
    struct pool *pool; /* NULL: one thread. */
    int n_threads;
    unsigned char *memory, *base, *scratch; /* Values, then a piece of scratch per thread. */
    size_t memory_bytes, block_bytes, scratch_bytes;
    struct run_tile *tiles;
    int32_t n_tiles, tiles_cap;
    struct run_adapted *adapted; /* Empty unless the plan is one for adapters. */
    int32_t n_adapted;
    int32_t *row_seq;          /* (rows) */
    _Atomic int64_t *counters; /* (threads, counters_cap) units taken of each share of a step */
    int32_t counters_cap;
    float *partial;              /* (RUN_PARTIAL_FLOATS) for attention, in `memory` */
    _Atomic int32_t *spans_done; /* (RUN_PAIRS_ENOUGH * threads) of a pair; 0 between steps */
};

int run_init(struct run *ret, struct pool *pool, const struct kernels *kernels,
             struct err *err) MUST_USE;
void run_release(struct run *r);
int run_reserve(struct run *r, const struct plan *plan, struct err *err) MUST_USE;
void run_forward(struct run *r, const struct plan *plan);

static inline void *run_value(const struct run *r, int32_t value)
{
    const struct value *v = &r->plan->values[value];
    return v->external ? (void *)r->out : (void *)(r->base + v->offset);
}

static inline unsigned char *run_scratch(const struct run *r, int thread)
{
    return r->scratch + (size_t)thread * r->scratch_bytes;
}

/* For steps whose units are the rows of their output: args must begin with this. */
struct rows_step {
    const struct shape *shape;
};
int64_t run_units_rows(const struct step *s, const struct run *r);

#endif
