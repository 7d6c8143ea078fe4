/* rope_table: cosine and sine of position * frequency for every row, once for all layers. */
#include "graph/planner.h"

#include <math.h>

extern const struct op op_rope_table;

struct node *graph_rope_table(struct graph *g, const struct rope_table_attr *attr)
{
    return graph_record(g, &op_rope_table, attr, sizeof *attr, 0, NULL, NULL, NULL);
}

static bool shape(struct graph *g, struct node *n)
{
    const struct rope_table_attr *attr = n->attr;
    if (attr->n_rot <= 0 || attr->n_rot % 2 != 0) {
        graph_fail(g, "rope rotates pairs, not %d values", attr->n_rot);
        return false;
    }
    n->shape = (struct shape){ 3,
                               { dim_const(2), dim_of(DIM_TOKENS), dim_const(attr->n_rot / 2) } };
    return true;
}

static void fill(const struct rope_table_attr *attr, const struct batch *b, float *out,
                 int64_t n_rows, int64_t from, int64_t to)
{
    size_t half = (size_t)attr->n_rot / 2;
    for (size_t t = (size_t)from; t < (size_t)to; t++) {
        for (size_t i = 0; i < half; i++) {
            double angle = (double)b->positions[t] * (double)attr->inv_freq[i];
            out[t * half + i] = (float)cos(angle) * attr->scale;
            out[((size_t)n_rows + t) * half + i] = (float)sin(angle) * attr->scale;
        }
    }
}

static void ref(const struct op_ref *r)
{
    int64_t rows = r->sizes->of[DIM_TOKENS];
    fill(r->node->attr, r->batch, r->out, rows, 0, rows);
}

struct rope_table_step {
    const struct rope_table_attr *attr;
    int32_t y;
};

static int64_t units(const struct step *s, const struct run *r)
{
    (void)s;
    return r->sizes.of[DIM_TOKENS];
}

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct rope_table_step *a = s->args;
    (void)thread;
    fill(a->attr, r->batch, run_value(r, a->y), r->sizes.of[DIM_TOKENS], from, to);
}

static int plan(struct planner *p, struct node *n)
{
    struct rope_table_step *a = planner_step(p, "rope_table", sizeof *a, units, run);
    if (!a) return -ERR_NO_MEMORY;
    a->attr = n->attr;
    a->y = planner_write(p, n);
    return 0;
}

const struct op op_rope_table = {
    .name = "rope_table",
    .shape = shape,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
