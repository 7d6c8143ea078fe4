/* eval - a graph computed node by node with the ops' reference implementations: what plan and run
 * must agree with. Slow, allocates freely; for tests and for looking into a network. */
#ifndef TIRO_GRAPH_EVAL_H
#define TIRO_GRAPH_EVAL_H

#include "graph/op.h"

struct eval_options {
    struct dim_sizes sizes;     /* Of symbols that the batch does not set. */
    const struct batch *batch;  /* NULL for pictures. */
    struct kv_store *kv;        /* F32, or NULL. */
    const float *const *inputs; /* Of graph_input nodes. */
    /* Called with every node and its values, if not NULL. */
    void (*look)(void *ctx, const struct node *n, const float *values);
    void *look_ctx;
};

/* out: the graph's output, of its shape. */
int eval_graph(const struct graph *g, const struct eval_options *options, float *out,
               struct err *err) MUST_USE;

#endif
