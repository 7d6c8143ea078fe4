/* layer_norm: (x - mean) / sqrt(variance + eps) * gain + bias. */
#include "graph/op.h"
#include "graph/prepare.h"

extern const struct op op_layer_norm;

struct node *graph_layer_norm(struct graph *g, struct weight *gain, struct weight *bias,
                              struct node *x, float eps)
{
    struct norm_attr attr = { .eps = eps };
    return graph_record(g, &op_layer_norm, &attr, sizeof attr, 1, &x, gain, bias);
}

static bool shape(struct graph *g, struct node *n)
{
    return op_weight_fits(g, n, 0) && op_weight_fits(g, n, 1) && op_shape_same(g, n);
}

static void ref(const struct op_ref *r)
{
    const struct norm_attr *attr = r->node->attr;
    size_t d = (size_t)shape_width(&r->node->shape);
    r->k->layer_norm(&(struct kernel_norm){ .y = r->out,
                                            .x = r->in[0],
                                            .y_stride = d,
                                            .x_stride = d,
                                            .n = (int)shape_rows(&r->node->shape, r->sizes),
                                            .d = (int)d,
                                            .weight = r->w[0],
                                            .bias = r->w[1],
                                            .eps = attr->eps });
}

const struct op op_layer_norm = {
    .name = "layer_norm",
    .weight_use = { WEIGHT_VECTOR, WEIGHT_VECTOR },
    .shape = shape,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = prepare_plan_norm,
};
