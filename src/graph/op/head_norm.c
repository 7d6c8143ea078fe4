/* head_norm: RMS norm of each head by itself, for models that normalise queries and keys. Behind a
 * linear it is part of its step. */
#include "graph/linear_step.h"

extern const struct op op_head_norm;

struct node *graph_head_norm(struct graph *g, struct weight *gain, struct node *x,
                             const struct head_norm_attr *attr)
{
    return graph_record(g, &op_head_norm, attr, sizeof *attr, 1, &x, gain, NULL);
}

static bool shape(struct graph *g, struct node *n)
{
    const struct head_norm_attr *attr = n->attr;
    const struct weight *w = n->w[0];
    int32_t width = shape_width(&n->in[0]->shape);
    if (attr->head_len > 0 && width % attr->head_len == 0 && w->n_dims == 1 &&
        w->dims[0] == attr->head_len)
        return op_shape_same(g, n);
    graph_fail(g, "%s does not fit heads of %d values in rows of %d", w->name, attr->head_len,
               width);
    return false;
}

/* Heads lie one behind another: they are rows of their own. */
static void normalise(const struct node *n, const struct kernels *k, float *y, const float *x,
                      const float *gain, int64_t n_heads)
{
    const struct head_norm_attr *attr = n->attr;
    size_t len = (size_t)attr->head_len;
    k->rms_norm(&(struct kernel_norm){ .y = y,
                                       .x = x,
                                       .y_stride = len,
                                       .x_stride = len,
                                       .n = (int)n_heads,
                                       .d = attr->head_len,
                                       .weight = gain,
                                       .eps = attr->eps });
}

static int32_t heads_of(const struct node *n)
{
    const struct head_norm_attr *attr = n->attr;
    return shape_width(&n->shape) / attr->head_len;
}

static void ref(const struct op_ref *r)
{
    normalise(r->node, r->k, r->out, r->in[0], r->w[0],
              shape_rows(&r->node->shape, r->sizes) * heads_of(r->node));
}

struct head_norm_step {
    struct rows_step rows;
    const struct node *node;
    int32_t y, x;
};

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct head_norm_step *a = s->args;
    size_t at = (size_t)from * (size_t)shape_width(&a->node->shape);
    (void)thread;
    normalise(a->node, r->kernels, (float *)run_value(r, a->y) + at,
              (const float *)run_value(r, a->x) + at, a->node->w[0]->f32,
              (to - from) * heads_of(a->node));
}

static int plan(struct planner *p, struct node *n)
{
    struct head_norm_step *a = planner_step(p, "head_norm", sizeof *a, run_units_rows, run);
    if (!a) return -ERR_NO_MEMORY;
    a->rows.shape = &n->shape;
    a->node = n;
    a->x = planner_read(p, n->in[0]);
    a->y = planner_write_over(p, n, n->in[0]);
    return 0;
}

const struct op op_head_norm = {
    .name = "head_norm",
    .weight_use = { WEIGHT_VECTOR },
    .shape = shape,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
