/* rows: only those whose output the batch wants; before the head, so that it computes no more. */
#include "graph/planner.h"

#include <string.h>

extern const struct op op_rows;

struct node *graph_rows(struct graph *g, struct node *x)
{
    return graph_record(g, &op_rows, NULL, 0, 1, &x, NULL, NULL);
}

static bool shape(struct graph *g, struct node *n)
{
    (void)g;
    n->shape = n->in[0]->shape;
    if (n->shape.n_dims != 2 || !dim_eq(n->shape.dims[0], dim_of(DIM_TOKENS))) return false;
    n->shape.dims[0] = dim_of(DIM_OUTS);
    return true;
}

static void copy(const struct batch *b, float *y, const float *x, size_t width, int64_t from,
                 int64_t to)
{
    for (int64_t i = from; i < to; i++)
        memcpy(y + (size_t)i * width, x + (size_t)b->out_rows[i] * width, width * sizeof *y);
}

static void ref(const struct op_ref *r)
{
    copy(r->batch, r->out, r->in[0], (size_t)shape_width(&r->node->shape), 0,
         shape_rows(&r->node->shape, r->sizes));
}

struct rows_copy_step {
    struct rows_step rows;
    size_t width;
    int32_t y, x;
};

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct rows_copy_step *a = s->args;
    (void)thread;
    copy(r->batch, run_value(r, a->y), run_value(r, a->x), a->width, from, to);
}

static int plan(struct planner *p, struct node *n)
{
    struct rows_copy_step *a = planner_step(p, "rows", sizeof *a, run_units_rows, run);
    if (!a) return -ERR_NO_MEMORY;
    a->rows.shape = &n->shape;
    a->width = (size_t)shape_width(&n->shape);
    a->x = planner_read(p, n->in[0]);
    a->y = planner_write(p, n);
    return 0;
}

const struct op op_rows = {
    .name = "rows",
    .shape = shape,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
