/* softmax: e^(scale x) by rows, each row made to sum to one. */
#include "graph/rowwise.h"

extern const struct op op_softmax;

struct node *graph_softmax(struct graph *g, struct node *x, float scale)
{
    struct softmax_attr attr = { .scale = scale };
    return graph_record(g, &op_softmax, &attr, sizeof attr, 1, &x, NULL, NULL);
}

static void softmax_rows(const struct node *node, const struct kernels *k, float *y, const float *x,
                         int n, size_t width)
{
    const struct softmax_attr *attr = node->attr;
    k->softmax(&(struct kernel_softmax){ .y = y,
                                         .x = x,
                                         .y_stride = width,
                                         .x_stride = width,
                                         .n = n,
                                         .d = (int)width,
                                         .scale = attr->scale });
}

static void ref(const struct op_ref *r)
{
    rowwise_ref_rows(r, softmax_rows);
}

static int plan(struct planner *p, struct node *n)
{
    return rowwise_plan_rows(p, n, softmax_rows);
}

const struct op op_softmax = {
    .name = "softmax",
    .shape = op_shape_same,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
