/* unary: an activation function of every value. Behind a linear it is part of that step. */
#include "graph/linear_step.h"
#include "graph/rowwise.h"

#include <assert.h>

extern const struct op op_unary;

struct node *graph_unary(struct graph *g, enum unary kind, struct node *x)
{
    struct unary_attr attr = { .kind = kind };
    return graph_record(g, &op_unary, &attr, sizeof attr, 1, &x, NULL, NULL);
}

kernel_unary_fn *unary_kernel(const struct kernels *k, const struct node *n)
{
    const struct unary_attr *attr = n->attr;
    switch (attr->kind) {
    case UNARY_SILU: return k->silu;
    case UNARY_GELU_ERF: return k->gelu_erf;
    case UNARY_GELU_TANH: return k->gelu_tanh;
    case UNARY_TANH: return k->tanh;
    case UNARY_COUNT: break;
    }
    assert(!"an activation function that is none");
    return NULL;
}

static void ref(const struct op_ref *r)
{
    unary_kernel(r->k, r->node)(r->out, r->in[0],
                                (size_t)shape_elements(&r->node->shape, r->sizes));
}

static int plan(struct planner *p, struct node *n)
{
    return rowwise_plan_unary(p, n, unary_kernel(p->options->kernels, n));
}

const struct op op_unary = {
    .name = "unary",
    .shape = op_shape_same,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
