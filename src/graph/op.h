/* op - one kind of node: its shape, its meaning, its price, and how it becomes steps of a plan.
 *
 * To add an op: docs/how-to/add-an-op.md. In short: a file op/NAME.c with a constructor (declared
 * in build.h with its attributes), the functions below and, last,
 *
 *     const struct op op_silu_mul = {
 *         .name = "silu_mul", .shape = shape, .ref = ref, .cost = cost, .plan = plan,
 *     };
 *
 * `ref` is the specification: straight from inputs to output in f32 by the reference kernels.
 * `plan` may do more than its own node: a linear takes the bias, activation, rope and residual that
 * follow it into its step. Whatever it does must agree with `ref`; tests compare the two.
 */
#ifndef TIRO_GRAPH_OP_H
#define TIRO_GRAPH_OP_H

#include "graph/batch.h"
#include "graph/graph.h"
#include "graph/kv.h"

struct planner;

/* What a reference implementation gets: all rows, all in f32. */
struct op_ref {
    const struct node *node;
    const struct dim_sizes *sizes;
    const struct kernels *k;          /* reference versions */
    const float *in[NODE_INPUTS_MAX]; /* contiguous, of the inputs' shapes */
    const float *w[NODE_WEIGHTS_MAX]; /* dequantised; NULL when there is none */
    float *out;                       /* contiguous, of the node's shape */
    const struct batch *batch;        /* NULL for pictures */
    struct kv_store *kv;              /* NULL where nothing is kept */
    const float *const *inputs;       /* Of graph_input nodes. */
};

/* What it takes at best: multiply-adds, and bytes of weights and activations that must move. */
struct cost {
    double macs, bytes;
};

struct op {
    const char *name;
    unsigned weight_use[NODE_WEIGHTS_MAX]; /* enum weight_use of w[0], w[1] */
    /* Sets n->shape from inputs, weights and attributes; false (or graph_fail) when they clash. */
    bool (*shape)(struct graph *g, struct node *n);
    void (*ref)(const struct op_ref *r);
    void (*cost)(const struct node *n, const struct dim_sizes *sizes, struct cost *ret);
    /* Emits steps (planner.h). Nodes come in order; those taken into another's step are skipped. */
    int (*plan)(struct planner *p, struct node *n);
};

/* A cost of `macs` per output element, reading inputs and writing the output once. */
void op_cost_elementwise(const struct node *n, const struct dim_sizes *sizes, struct cost *ret);
/* The shape of input 0. */
bool op_shape_same(struct graph *g, struct node *n);

/* Whether w[i] is a vector as wide as the rows of input 0, or NULL. */
bool op_weight_fits(struct graph *g, const struct node *n, int i);

extern const struct op *const op_registry[];
extern const size_t op_registry_len;

#endif
