/* prepare - how the input of a linear becomes what its kernels read: an optional norm, then f32
 * rows or ACT_Q8, computed once for all linears of that input.
 *
 * With few rows every thread does it for itself in the linear's prologue (no barrier); with many it
 * is a step of its own, shared by groups of ACT_GROUP rows.
 */
#ifndef TIRO_GRAPH_PREPARE_H
#define TIRO_GRAPH_PREPARE_H

#include "graph/planner.h"

/* The forms of an input that a linear can ask for. */
enum prepare_form {
    PREPARE_F32 = 1,
    PREPARE_ACT = 2,  /* ACT_Q8 */
    PREPARE_REST = 4, /* What ACT_Q8 lost, as another ACT_Q8: the two together have 15 bits. */
};

/* Up to so many private rows, those and their rests also stand together in one ACT_Q8 of twice the
 * rows: a linear then reads its weights once for both. */
enum { PREPARE_PAIR_ROWS = ACT_GROUP / 2 };

struct prepare {
    const struct shape *shape; /* Of the input; its width is k. */
    int32_t k;
    int32_t x;            /* f32 value: the source */
    kernel_norm_fn *norm; /* NULL: none. */
    const float *gain, *bias;
    float eps;
    unsigned forms;         /* enum prepare_form */
    int32_t f32, act, rest; /* Values, or VALUE_NONE; private: unused. */
    bool is_private;
    size_t f32_at, act_at, rest_at, pair_at; /* Private: offsets into the thread's scratch. */
};

/* The bytes of scratch that a private `a` takes, from offset 0. */
size_t prepare_scratch(const struct prepare *a);
/* Plans the input `n` of linears that want it in these forms. Afterwards either ret->is_private,
 * and prepare_run belongs in the prologue of the step that is begun next; or the node's state has
 * the wanted values. */
int prepare_plan(struct planner *p, struct node *n, unsigned forms, struct prepare *ret);
/* In the step that uses it: reads of the values. */
void prepare_read(struct planner *p, const struct node *n, struct prepare *a);
/* All rows of the batch into the thread's scratch. */
void prepare_run(const struct prepare *a, struct run *r, int thread);
/* What the kernels read, after the above. */
const void *prepare_input(const struct prepare *a, const struct run *r, int thread,
                          enum prepare_form form);
/* Rows and then their rests as one ACT_Q8, or NULL when they do not stand so. */
const void *prepare_pair(const struct prepare *a, const struct run *r, int thread, int n);
/* A norm that others than linears read: f32, and the forms that linears want. */
int prepare_plan_norm(struct planner *p, struct node *n);
/* What a linear with this weight reads. */
unsigned prepare_forms(const struct weight *w);

#endif
