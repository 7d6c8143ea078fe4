/* plan - a graph made ready to run: steps in order, one block for all activations.
 *
 *     struct plan_options o = { .mode = PLAN_DECODE, .sizes = sizes, .kernels = &k,
 *                               .n_threads = pool_size(pool) };
 *     TRY(plan_make(&plan, &graph, &o, err));
 *     TRY(run_reserve(&run, plan, err));
 *     run_forward(&run, plan);                 see run.h
 *     plan_close(plan);
 *
 * A plan is made for largest sizes (the bucket) and serves every batch up to them. It points into
 * the graph and its weights, which must outlive it. It is read-only once made.
 *
 * What planning decides: which nodes share a step (fusion), which kernels compute it, where every
 * value lies. Values whose lifetimes do not touch share memory; docs/decisions has the page.
 */
#ifndef TIRO_GRAPH_PLAN_H
#define TIRO_GRAPH_PLAN_H

#include "base/arena.h"
#include "base/err.h"
#include "graph/graph.h"
#include "kernels/kernel.h"

enum plan_mode {
    PLAN_DECODE,  /* A row or few per sequence: weights are read once, barriers count. */
    PLAN_PREFILL, /* Many rows, perhaps mixed with decoding ones. */
    PLAN_ENCODE,  /* Whole texts without KV store. */
    PLAN_PICTURE,
};

enum {
    PLAN_STEPS_MAX = 1 << 16,
    PLAN_ALIGN = 64,
    /* Up to so many rows every thread prepares (norm, quantise) the input of a linear for itself:
     * that is cheaper than a barrier. */
    PLAN_PRIVATE_ROWS = 4,
};

struct run;
struct step;

/* How many units the step has for this batch. */
typedef int64_t step_units_fn(const struct step *s, const struct run *r);
/* Computes units [from, to), on `thread`. */
typedef void step_run_fn(const struct step *s, struct run *r, int thread, int64_t from, int64_t to);
/* Runs once on every thread before its first unit. */
typedef void step_prologue_fn(const struct step *s, struct run *r, int thread);
/* Asks memory for what the thread's first units will read. Called before the barrier in front of
 * the step, so that memory is not idle while threads wait for each other. */
typedef void step_ahead_fn(const struct step *s, const struct run *r, int thread);

struct step {
    const char *name;
    const char *detail;  /* For profiles: the first weight it reads, or NULL. */
    double weight_bytes; /* Packed weights that it reads, whatever the batch. */
    double row_macs;     /* Multiply-adds with them for each row. */
    step_units_fn *units;
    step_run_fn *run;
    step_prologue_fn *prologue; /* NULL: none. */
    step_ahead_fn *ahead;       /* NULL: none. */
    const void *args;
};

/* A stretch of memory in the activation block, alive from the step that writes it first to the one
 * that reads it last. */
struct value {
    size_t bytes, offset;
    int32_t first, last; /* steps */
    int32_t over;        /* The value whose place it takes, or VALUE_NONE. */
    bool external;       /* The caller's output, not in the block. */
};

struct plan_options {
    enum plan_mode mode;
    struct dim_sizes sizes; /* The largest of each symbol. */
    const struct kernels *kernels;
    int n_threads;
    bool adapters; /* For batches with rows that have one (lora.h). */
};

struct plan {
    struct arena arena;
    struct plan_options options;
    const struct graph *graph;
    struct step *steps;
    int32_t n_steps, steps_cap;
    struct value *values;
    int32_t n_values, values_cap;
    size_t block_bytes;   /* Of all values together, by lifetime. */
    size_t values_bytes;  /* Their plain sum, for comparison. */
    size_t scratch_bytes; /* Per thread. */
};

int plan_make(struct plan **ret, const struct graph *g, const struct plan_options *options,
              struct err *err) MUST_USE;
void plan_close(struct plan *p); /* NULL is fine. */
/* Gives every value its offset; called by plan_make, alone for tests. */
void plan_layout(struct plan *p);

#endif
