/* graph - a network as nodes with symbolic sizes, recorded by a model's build().
 *
 *     struct graph g;
 *     graph_init(&g);
 *     struct node *x = graph_embed(&g, &m->tok_embd, INPUT_TOKENS);          (T, D)
 *     x = graph_rms_norm(&g, &m->norm, x, m->eps);                           (T, D)
 *     g.output = graph_linear(&g, &m->output, NULL, x);                      (T, V)
 *     TRY(graph_check(&g, err));
 *
 * Recording computes shapes and nothing else. A constructor (build.h) that cannot go on - shapes
 * that do not fit, no memory - returns NULL and the graph remembers why; given NULL it returns
 * NULL; so build() reads straight and graph_check says at the end what was first wrong, and where.
 *
 * plan.h turns a graph into steps; eval.h computes it node by node with the reference kernels.
 */
#ifndef TIRO_GRAPH_GRAPH_H
#define TIRO_GRAPH_GRAPH_H

#include "base/arena.h"
#include "base/err.h"
#include "graph/weight.h"

#include <stdint.h>

enum {
    NODE_DIMS_MAX = 4,
    NODE_INPUTS_MAX = 3,
    NODE_WEIGHTS_MAX = 2,
    GRAPH_NODES_MAX = 1 << 16,
    GRAPH_BYTES_MAX = 64 << 20,
};

/* Sizes known only when there is a batch or a picture. */
enum dim_symbol {
    DIM_CONST,   /* 1: the dim is just its `mul`. */
    DIM_TOKENS,  /* T: rows of the batch. */
    DIM_SEQS,    /* S: sequences of the batch. */
    DIM_OUTS,    /* O: rows whose output is wanted. */
    DIM_CONTEXT, /* C: rows of the other sequence that cross-attention looks at. */
    DIM_HEIGHT,  /* H, W: of a picture, in the smallest resolution of the network. */
    DIM_WIDTH,
    DIM_SYMBOLS,
};

/* (mul * symbol + add) / div, rounded down: enough for rows, widths and strided convolutions. */
struct dim {
    enum dim_symbol symbol;
    int32_t mul, add, div;
};

struct dim_sizes {
    int64_t of[DIM_SYMBOLS]; /* of[DIM_CONST] is 1. */
};

struct shape {
    int32_t n_dims;
    struct dim dims[NODE_DIMS_MAX]; /* outermost first */
};

struct op;

struct node {
    const struct op *op;
    int32_t id; /* Its place in graph.nodes; inputs have smaller ones. */
    int32_t n_in;
    struct shape shape; /* of f32 values, always */
    struct node *in[NODE_INPUTS_MAX];
    struct weight *w[NODE_WEIGHTS_MAX];
    const void *attr; /* The op's own struct (build.h), in the graph's arena. */
};

struct graph {
    struct arena arena;
    struct node **nodes; /* In order of recording, which is an order of execution. */
    int32_t n_nodes, cap;
    struct node *output;
    struct err err; /* The first thing that went wrong; code ERR_NONE while all is well. */
};

void graph_init(struct graph *g);
void graph_release(struct graph *g);
/* Whether all nodes could be recorded and there is an output. */
int graph_check(const struct graph *g, struct err *err) MUST_USE;

/* For constructors: appends a node, computes its shape by the op's function and copies the
 * attributes (attr_size bytes; 0 for none). NULL in `in[0..n_in)` gives NULL. */
struct node *graph_record(struct graph *g, const struct op *op, const void *attr, size_t attr_size,
                          int n_in, struct node *const *in, struct weight *w0, struct weight *w1);
/* Remembers the first failure; always NULL, for `return graph_fail(...)`. */
struct node *graph_fail(struct graph *g, const char *fmt, ...) PRINTF_LIKE(2, 3);

static inline struct dim dim_const(int32_t n)
{
    return (struct dim){ DIM_CONST, n, 0, 1 };
}

static inline struct dim dim_of(enum dim_symbol symbol)
{
    return (struct dim){ symbol, 1, 0, 1 };
}

int64_t dim_value(struct dim d, const struct dim_sizes *sizes);
bool dim_eq(struct dim a, struct dim b);
/* floor((d + add) / div), as a strided convolution needs; by composition it stays one dim. */
struct dim dim_shift_div(struct dim d, int32_t add, int32_t div);
bool shape_eq(const struct shape *a, const struct shape *b);
int64_t shape_elements(const struct shape *s, const struct dim_sizes *sizes);
/* The innermost dim, which must be a constant: the width of a row. */
int32_t shape_width(const struct shape *s);
/* Everything but the innermost dim. */
int64_t shape_rows(const struct shape *s, const struct dim_sizes *sizes);

#endif
