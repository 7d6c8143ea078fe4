#include "graph/rowwise.h"

enum { UNIT = 1024 }; /* Values: enough that taking a unit costs nothing. */

struct rowwise {
    const struct shape *shape;
    int32_t y, a, b;
    kernel_unary_fn *unary;
    kernel_binary_fn *binary;
};

static int64_t units(const struct step *s, const struct run *r)
{
    const struct rowwise *w = s->args;
    return (shape_elements(w->shape, &r->sizes) + UNIT - 1) / UNIT;
}

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct rowwise *w = s->args;
    int64_t end = shape_elements(w->shape, &r->sizes);
    if (to * UNIT < end) end = to * UNIT;
    size_t at = (size_t)from * UNIT, n = (size_t)end - at;
    float *y = (float *)run_value(r, w->y) + at;
    const float *a = (const float *)run_value(r, w->a) + at;
    (void)thread;
    if (w->unary)
        w->unary(y, a, n);
    else
        w->binary(y, a, (const float *)run_value(r, w->b) + at, n);
}

static int emit(struct planner *p, struct node *n, kernel_unary_fn *unary, kernel_binary_fn *binary)
{
    struct rowwise *w = planner_step(p, n->op->name, sizeof *w, units, run);
    if (!w) return -ERR_NO_MEMORY;
    w->shape = &n->shape;
    w->unary = unary;
    w->binary = binary;
    w->a = planner_read(p, n->in[0]);
    w->b = binary ? planner_read(p, n->in[1]) : VALUE_NONE;
    w->y = planner_write_over(p, n, n->in[0]);
    return 0;
}

int rowwise_plan_unary(struct planner *p, struct node *n, kernel_unary_fn *fn)
{
    return emit(p, n, fn, NULL);
}

int rowwise_plan_binary(struct planner *p, struct node *n, kernel_binary_fn *fn)
{
    return emit(p, n, NULL, fn);
}

/* --- whole rows ------------------------------------------------------------------------------- */

struct rows {
    struct rows_step rows;
    const struct node *node;
    rowwise_fn *fn;
    size_t width;
    int32_t y, x;
};

static void run_rows(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct rows *a = s->args;
    size_t at = (size_t)from * a->width;
    (void)thread;
    a->fn(a->node, r->kernels, (float *)run_value(r, a->y) + at,
          (const float *)run_value(r, a->x) + at, (int)(to - from), a->width);
}

int rowwise_plan_rows(struct planner *p, struct node *n, rowwise_fn *fn)
{
    struct rows *a = planner_step(p, n->op->name, sizeof *a, run_units_rows, run_rows);
    if (!a) return -ERR_NO_MEMORY;
    a->rows.shape = &n->shape;
    a->node = n;
    a->fn = fn;
    a->width = (size_t)shape_width(&n->shape);
    a->x = planner_read(p, n->in[0]);
    a->y = planner_write_over(p, n, n->in[0]);
    return 0;
}

void rowwise_ref_rows(const struct op_ref *r, rowwise_fn *fn)
{
    fn(r->node, r->k, r->out, r->in[0], (int)shape_rows(&r->node->shape, r->sizes),
       (size_t)shape_width(&r->node->shape));
}
