/* softmax: e^(scale x) by rows, each row made to sum to one. */
#include "graph/planner.h"

extern const struct op op_softmax;

struct node *graph_softmax(struct graph *g, struct node *x, float scale)
{
    struct softmax_attr attr = { .scale = scale };
    return graph_record(g, &op_softmax, &attr, sizeof attr, 1, &x, NULL, NULL);
}

static void softmax(const struct softmax_attr *attr, const struct kernels *k, float *y,
                    const float *x, size_t width, int64_t from, int64_t to)
{
    k->softmax(&(struct kernel_softmax){ .y = y + (size_t)from * width,
                                         .x = x + (size_t)from * width,
                                         .y_stride = width,
                                         .x_stride = width,
                                         .n = (int)(to - from),
                                         .d = (int)width,
                                         .scale = attr->scale });
}

static void ref(const struct op_ref *r)
{
    softmax(r->node->attr, r->k, r->out, r->in[0], (size_t)shape_width(&r->node->shape), 0,
            shape_rows(&r->node->shape, r->sizes));
}

struct softmax_step {
    struct rows_step rows;
    const struct softmax_attr *attr;
    size_t width;
    int32_t y, x;
};

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct softmax_step *a = s->args;
    (void)thread;
    softmax(a->attr, r->kernels, run_value(r, a->y), run_value(r, a->x), a->width, from, to);
}

static int plan(struct planner *p, struct node *n)
{
    struct softmax_step *a = planner_step(p, "softmax", sizeof *a, run_units_rows, run);
    if (!a) return -ERR_NO_MEMORY;
    a->rows.shape = &n->shape;
    a->attr = n->attr;
    a->width = (size_t)shape_width(&n->shape);
    a->x = planner_read(p, n->in[0]);
    a->y = planner_write_over(p, n, n->in[0]);
    return 0;
}

const struct op op_softmax = {
    .name = "softmax",
    .shape = op_shape_same,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
