#include "graph/op.h"

bool op_shape_same(struct graph *g, struct node *n)
{
    (void)g; /* Nothing can go wrong. */
    n->shape = n->in[0]->shape;
    return true;
}

bool op_weight_fits(struct graph *g, const struct node *n, int i)
{
    const struct weight *w = n->w[i];
    int32_t width = shape_width(&n->in[0]->shape);
    if (!w || (w->n_dims == 1 && w->dims[0] == width)) return true;
    graph_fail(g, "%s has %d values where rows have %d", w->name, w->dims[0], width);
    return false;
}

void op_cost_elementwise(const struct node *n, const struct dim_sizes *sizes, struct cost *ret)
{
    ret->macs = (double)shape_elements(&n->shape, sizes);
    ret->bytes = 4.0 * ret->macs;
    for (int i = 0; i < n->n_in; i++)
        ret->bytes += 4.0 * (double)shape_elements(&n->in[i]->shape, sizes);
}
