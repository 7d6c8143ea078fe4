/* l2_norm: every row divided by its length, which is held above eps. */
#include "graph/rowwise.h"

extern const struct op op_l2_norm;

struct node *graph_l2_norm(struct graph *g, struct node *x, float eps)
{
    struct norm_attr attr = { .eps = eps };
    return graph_record(g, &op_l2_norm, &attr, sizeof attr, 1, &x, NULL, NULL);
}

static void l2_norm_rows(const struct node *node, const struct kernels *k, float *y, const float *x,
                         int n, size_t width)
{
    const struct norm_attr *attr = node->attr;
    k->l2_norm(&(struct kernel_norm){ .y = y,
                                      .x = x,
                                      .y_stride = width,
                                      .x_stride = width,
                                      .n = n,
                                      .d = (int)width,
                                      .eps = attr->eps });
}

static void ref(const struct op_ref *r)
{
    rowwise_ref_rows(r, l2_norm_rows);
}

static int plan(struct planner *p, struct node *n)
{
    return rowwise_plan_rows(p, n, l2_norm_rows);
}

const struct op op_l2_norm = {
    .name = "l2_norm",
    .shape = op_shape_same,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
