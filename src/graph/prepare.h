/* prepare - how the input of a linear becomes what its kernels read: an optional norm, then f32
 * rows or ACT_Q8, computed once for all linears of that input.
 *
 * With few rows every thread does it for itself in the linear's prologue (no barrier); with many it
 * is a step of its own, shared by groups of ACT_GROUP rows.
 */
#ifndef TIRO_GRAPH_PREPARE_H
#define TIRO_GRAPH_PREPARE_H

#include "graph/planner.h"

struct prepare {
    const struct shape *shape; /* Of the input; its width is k. */
    int32_t k;
    int32_t x;            /* f32 value: the source */
    kernel_norm_fn *norm; /* NULL: none. */
    const float *gain, *bias;
    float eps;
    int32_t f32, act; /* Values written, or VALUE_NONE; private: unused */
    /* Offsets into the thread's scratch. */
    size_t f32_at, act_at;
    bool is_private, want_f32, want_act;
};

/* The bytes of scratch that `a` takes, from offset 0. */
size_t prepare_scratch(const struct prepare *a, int64_t rows);
/* Plans the input `n` of linears that want it as f32 and/or quantised. Afterwards either
 * ret->is_private, and prepare_run belongs in the prologue of the step that is begun next; or the
 * node's state has the wanted values. */
int prepare_plan(struct planner *p, struct node *n, bool want_f32, bool want_act,
                 struct prepare *ret);
/* In the step that uses it: reads of the values. */
void prepare_read(struct planner *p, const struct node *n, struct prepare *a);
/* All rows of the batch into the thread's scratch. */
void prepare_run(const struct prepare *a, struct run *r, int thread);
/* What the kernels read, after the above. */
const void *prepare_input(const struct prepare *a, const struct run *r, int thread, bool quantised);
/* A norm that others than linears read: f32, and quantised if a linear wants it so. */
int prepare_plan_norm(struct planner *p, struct node *n);
/* Whether a linear with this weight reads ACT_Q8. */
bool prepare_quantised(const struct weight *w);

#endif
