#include "graph/graph.h"

#include "base/seam.h"
#include "graph/op.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int64_t dim_value(struct dim d, const struct dim_sizes *sizes)
{
    assert(d.div > 0 && d.symbol < DIM_SYMBOLS);
    int64_t symbol = d.symbol == DIM_CONST ? 1 : sizes->of[d.symbol];
    return (d.mul * symbol + d.add) / d.div;
}

bool dim_eq(struct dim a, struct dim b)
{
    return a.symbol == b.symbol && a.mul == b.mul && a.add == b.add && a.div == b.div;
}

struct dim dim_shift_div(struct dim d, int32_t add, int32_t div)
{
    assert(div > 0);
    if (d.symbol == DIM_CONST) {
        int32_t n = (d.mul + d.add) / d.div;
        return dim_const((n + add) / div);
    }
    /* floor((floor((m s + a) / d) + add) / div) = floor((m s + a + add d) / (d div)) */
    return (struct dim){ d.symbol, d.mul, d.add + add * d.div, d.div * div };
}

bool shape_eq(const struct shape *a, const struct shape *b)
{
    if (a->n_dims != b->n_dims) return false;
    for (int i = 0; i < a->n_dims; i++)
        if (!dim_eq(a->dims[i], b->dims[i])) return false;
    return true;
}

int64_t shape_elements(const struct shape *s, const struct dim_sizes *sizes)
{
    int64_t n = 1;
    for (int i = 0; i < s->n_dims; i++) n *= dim_value(s->dims[i], sizes);
    return n;
}

int32_t shape_width(const struct shape *s)
{
    assert(s->n_dims > 0 && s->dims[s->n_dims - 1].symbol == DIM_CONST);
    return s->dims[s->n_dims - 1].mul;
}

int64_t shape_rows(const struct shape *s, const struct dim_sizes *sizes)
{
    int64_t n = 1;
    for (int i = 0; i + 1 < s->n_dims; i++) n *= dim_value(s->dims[i], sizes);
    return n;
}

void graph_init(struct graph *g)
{
    *g = (struct graph){ 0 };
    arena_init(&g->arena, GRAPH_BYTES_MAX);
}

void graph_release(struct graph *g)
{
    mem_free(g->nodes);
    arena_release(&g->arena);
    *g = (struct graph){ 0 };
}

struct node *graph_fail(struct graph *g, const char *fmt, ...)
{
    if (g->err.code != ERR_NONE) return NULL;
    va_list args;
    va_start(args, fmt);
    g->err.code = ERR_FORMAT;
    (void)vsnprintf(g->err.text, sizeof g->err.text, fmt, args); /* Cut when too long. */
    va_end(args);
    return NULL;
}

int graph_check(const struct graph *g, struct err *err)
{
    if (g->err.code != ERR_NONE) return err_set(err, g->err.code, "%s", g->err.text);
    TRY(arena_check(&g->arena, "the graph", err));
    if (!g->output) return err_set(err, ERR_INTERNAL, "the graph has no output");
    return 0;
}

static bool grow(struct graph *g)
{
    if (g->n_nodes < g->cap) return true;
    int32_t cap = g->cap ? g->cap * 2 : 256;
    if (cap > GRAPH_NODES_MAX) return false;
    struct node **nodes = mem_realloc(g->nodes, (size_t)cap * sizeof *nodes);
    if (!nodes) return false;
    g->nodes = nodes;
    g->cap = cap;
    return true;
}

struct node *graph_record(struct graph *g, const struct op *op, const void *attr, size_t attr_size,
                          int n_in, struct node *const *in, struct weight *w0, struct weight *w1)
{
    assert(n_in >= 0 && n_in <= NODE_INPUTS_MAX);
    if (g->err.code != ERR_NONE) return NULL;
    for (int i = 0; i < n_in; i++)
        if (!in[i]) return NULL;
    struct node *n = ARENA_NEW(&g->arena, struct node);
    void *copy = attr_size ? arena_alloc(&g->arena, attr_size) : NULL;
    if (!n || (attr_size && !copy) || !grow(g)) {
        (void)graph_fail(g, "no memory for a graph of %d nodes", g->n_nodes);
        g->err.code = ERR_NO_MEMORY;
        return NULL;
    }
    if (copy) memcpy(copy, attr, attr_size);
    *n = (struct node){ .op = op, .id = g->n_nodes, .n_in = n_in, .w = { w0, w1 }, .attr = copy };
    for (int i = 0; i < n_in; i++) n->in[i] = in[i];
    if (!op->shape(g, n)) {
        if (g->err.code == ERR_NONE) graph_fail(g, "%s: its inputs do not fit", op->name);
        return NULL;
    }
    for (int i = 0; i < NODE_WEIGHTS_MAX; i++)
        if (n->w[i]) n->w[i]->uses |= op->weight_use[i];
    g->nodes[g->n_nodes++] = n;
    return n;
}
