/* rope: rotary positions (Su et al. 2021, arXiv 2104.09864). Behind a linear, part of its step. */
#include "graph/planner.h"

#include <string.h>

extern const struct op op_rope;

struct node *graph_rope(struct graph *g, struct node *x, struct node *table,
                        const struct rope_attr *attr)
{
    struct node *in[] = { x, table };
    return graph_record(g, &op_rope, attr, sizeof *attr, 2, in, NULL, NULL);
}

static bool shape(struct graph *g, struct node *n)
{
    const struct rope_attr *attr = n->attr;
    bool fits = attr->head_len > 0 && shape_width(&n->in[0]->shape) % attr->head_len == 0 &&
                attr->n_rot <= attr->head_len && attr->n_rot == 2 * shape_width(&n->in[1]->shape);
    return fits && op_shape_same(g, n);
}

static void rotate(const struct rope_attr *attr, const struct kernels *k, float *x, size_t width,
                   const float *table, int64_t n_rows, int64_t from, int64_t to)
{
    size_t half = (size_t)attr->n_rot / 2;
    kernel_rope_fn *fn = attr->style == ROPE_NEOX ? k->rope_neox : k->rope_norm;
    fn(&(struct kernel_rope){ .x = x + (size_t)from * width,
                              .x_stride = width,
                              .n = (int)(to - from),
                              .n_heads = (int)width / attr->head_len,
                              .head_dim = attr->head_len,
                              .n_rot = attr->n_rot,
                              .cos = table + (size_t)from * half,
                              .sin = table + (size_t)(n_rows + from) * half });
}

static void ref(const struct op_ref *r)
{
    size_t width = (size_t)shape_width(&r->node->shape);
    int64_t rows = shape_rows(&r->node->shape, r->sizes);
    memcpy(r->out, r->in[0], (size_t)rows * width * sizeof(float));
    rotate(r->node->attr, r->k, r->out, width, r->in[1], rows, 0, rows);
}

struct rope_step {
    struct rows_step rows;
    const struct rope_attr *attr;
    size_t width;
    int32_t y, x, table;
};

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct rope_step *a = s->args;
    float *y = run_value(r, a->y);
    const float *x = run_value(r, a->x);
    size_t at = (size_t)from * a->width;
    (void)thread;
    if (y != x) memcpy(y + at, x + at, (size_t)(to - from) * a->width * sizeof *y);
    rotate(a->attr, r->kernels, y, a->width, run_value(r, a->table),
           shape_rows(a->rows.shape, &r->sizes), from, to);
}

static int plan(struct planner *p, struct node *n)
{
    struct rope_step *a = planner_step(p, "rope", sizeof *a, run_units_rows, run);
    if (!a) return -ERR_NO_MEMORY;
    a->rows.shape = &n->shape;
    a->attr = n->attr;
    a->width = (size_t)shape_width(&n->shape);
    a->x = planner_read(p, n->in[0]);
    a->table = planner_read(p, n->in[1]);
    a->y = planner_write_over(p, n, n->in[0]);
    return 0;
}

const struct op op_rope = {
    .name = "rope",
    .shape = shape,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
