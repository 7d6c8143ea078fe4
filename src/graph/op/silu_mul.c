/* silu_mul: silu(gate) * up, the gated unit of SwiGLU. Behind linears it is part of their step. */
#include "graph/rowwise.h"

extern const struct op op_silu_mul;

struct node *graph_silu_mul(struct graph *g, struct node *a, struct node *b)
{
    struct node *in[] = { a, b };
    return graph_record(g, &op_silu_mul, NULL, 0, 2, in, NULL, NULL);
}

static bool shape(struct graph *g, struct node *n)
{
    return shape_eq(&n->in[0]->shape, &n->in[1]->shape) && op_shape_same(g, n);
}

static void ref(const struct op_ref *r)
{
    r->k->silu_mul(r->out, r->in[0], r->in[1], (size_t)shape_elements(&r->node->shape, r->sizes));
}

static int plan(struct planner *p, struct node *n)
{
    return rowwise_plan_binary(p, n, p->options->kernels->silu_mul);
}

const struct op op_silu_mul = {
    .name = "silu_mul",
    .shape = shape,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
