/* l2_norm: every row divided by its length, which is held above eps. */
#include "graph/planner.h"

extern const struct op op_l2_norm;

struct node *graph_l2_norm(struct graph *g, struct node *x, float eps)
{
    struct norm_attr attr = { .eps = eps };
    return graph_record(g, &op_l2_norm, &attr, sizeof attr, 1, &x, NULL, NULL);
}

static void normalize(const struct norm_attr *attr, const struct kernels *k, float *y,
                      const float *x, size_t width, int64_t from, int64_t to)
{
    k->l2_norm(&(struct kernel_norm){ .y = y + (size_t)from * width,
                                      .x = x + (size_t)from * width,
                                      .y_stride = width,
                                      .x_stride = width,
                                      .n = (int)(to - from),
                                      .d = (int)width,
                                      .eps = attr->eps });
}

static void ref(const struct op_ref *r)
{
    normalize(r->node->attr, r->k, r->out, r->in[0], (size_t)shape_width(&r->node->shape), 0,
              shape_rows(&r->node->shape, r->sizes));
}

struct l2_step {
    struct rows_step rows;
    const struct norm_attr *attr;
    size_t width;
    int32_t y, x;
};

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct l2_step *a = s->args;
    (void)thread;
    normalize(a->attr, r->kernels, run_value(r, a->y), run_value(r, a->x), a->width, from, to);
}

static int plan(struct planner *p, struct node *n)
{
    struct l2_step *a = planner_step(p, "l2_norm", sizeof *a, run_units_rows, run);
    if (!a) return -ERR_NO_MEMORY;
    a->rows.shape = &n->shape;
    a->attr = n->attr;
    a->width = (size_t)shape_width(&n->shape);
    a->x = planner_read(p, n->in[0]);
    a->y = planner_write_over(p, n, n->in[0]);
    return 0;
}

const struct op op_l2_norm = {
    .name = "l2_norm",
    .shape = op_shape_same,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
