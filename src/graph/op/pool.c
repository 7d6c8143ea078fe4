/* pool: the rows of each sequence made one: their mean, the first, or the largest by column. */
#include "graph/planner.h"

#include <string.h>

extern const struct op op_pool;

struct node *graph_pool(struct graph *g, enum pool_kind kind, struct node *x)
{
    struct pool_attr attr = { .kind = kind };
    return graph_record(g, &op_pool, &attr, sizeof attr, 1, &x, NULL, NULL);
}

static bool shape(struct graph *g, struct node *n)
{
    (void)g;
    n->shape = n->in[0]->shape;
    if (n->shape.n_dims != 2 || !dim_eq(n->shape.dims[0], dim_of(DIM_TOKENS))) return false;
    n->shape.dims[0] = dim_of(DIM_SEQS);
    return true;
}

static void pool_seq(const struct pool_attr *attr, const struct kernels *k,
                     const struct batch_seq *seq, float *y, const float *x, size_t width)
{
    x += (size_t)seq->row * width;
    if (attr->kind == POOL_MEAN) {
        k->mean_pool(y, x, width, seq->n_rows, (int)width);
        return;
    }
    memcpy(y, x, width * sizeof *y);
    for (int32_t i = 1; attr->kind == POOL_MAX && i < seq->n_rows; i++)
        for (size_t c = 0; c < width; c++)
            if (x[(size_t)i * width + c] > y[c]) y[c] = x[(size_t)i * width + c];
}

static void ref(const struct op_ref *r)
{
    size_t width = (size_t)shape_width(&r->node->shape);
    for (int32_t s = 0; s < r->batch->n_seqs; s++)
        pool_seq(r->node->attr, r->k, &r->batch->seqs[s], r->out + (size_t)s * width, r->in[0],
                 width);
}

struct pool_step {
    struct rows_step rows;
    const struct pool_attr *attr;
    size_t width;
    int32_t y, x;
};

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct pool_step *a = s->args;
    (void)thread;
    for (int64_t i = from; i < to; i++)
        pool_seq(a->attr, r->kernels, &r->batch->seqs[i],
                 (float *)run_value(r, a->y) + (size_t)i * a->width, run_value(r, a->x), a->width);
}

static int plan(struct planner *p, struct node *n)
{
    struct pool_step *a = planner_step(p, "pool", sizeof *a, run_units_rows, run);
    if (!a) return -ERR_NO_MEMORY;
    a->rows.shape = &n->shape;
    a->attr = n->attr;
    a->width = (size_t)shape_width(&n->shape);
    a->x = planner_read(p, n->in[0]);
    a->y = planner_write(p, n);
    return 0;
}

const struct op op_pool = {
    .name = "pool",
    .shape = shape,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
