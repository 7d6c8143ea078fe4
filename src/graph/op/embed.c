/* embed: rows of a table, picked by the batch's token ids, positions or segments. */
#include "graph/planner.h"

#include <assert.h>

extern const struct op op_embed;

struct node *graph_embed(struct graph *g, struct weight *table, enum embed_source source,
                         int32_t offset)
{
    struct embed_attr attr = { .source = source, .offset = offset, .scale = 1 };
    return graph_record(g, &op_embed, &attr, sizeof attr, 0, NULL, table, NULL);
}

struct node *graph_embed_scaled(struct graph *g, struct weight *table, float scale)
{
    struct embed_attr attr = { .source = EMBED_TOKENS, .scale = scale };
    return graph_record(g, &op_embed, &attr, sizeof attr, 0, NULL, table, NULL);
}

static bool shape(struct graph *g, struct node *n)
{
    const struct weight *w = n->w[0];
    if (w->n_dims != 2) {
        graph_fail(g, "%s has %d dimensions, not 2", w->name, w->n_dims);
        return false;
    }
    n->shape = (struct shape){ 2, { dim_of(DIM_TOKENS), dim_const(w->dims[1]) } };
    return true;
}

static int32_t row_of(const struct embed_attr *attr, const struct batch *b, int64_t t)
{
    switch (attr->source) {
    case EMBED_TOKENS: return b->tokens[t] + attr->offset;
    case EMBED_POSITIONS: return b->positions[t] + attr->offset;
    case EMBED_TYPES: return (b->types ? b->types[t] : 0) + attr->offset;
    }
    return 0;
}

static void copy_rows(const struct node *n, const struct batch *b, const struct kernels *k,
                      float *out, int64_t from, int64_t to)
{
    const struct weight *w = n->w[0];
    const struct embed_attr *attr = n->attr;
    size_t width = (size_t)w->dims[1], row_bytes = w->size / (size_t)w->dims[0];
    for (int64_t t = from; t < to; t++) {
        int32_t row = row_of(attr, b, t);
        float *y = out + (size_t)t * width;
        assert(row >= 0 && row < w->dims[0]); /* model_forward has checked the batch. */
        k->dequant[w->dtype](y, (const char *)w->data + (size_t)row * row_bytes, width);
        if (attr->scale != 1) k->scale(y, y, attr->scale, width);
    }
}

static void ref(const struct op_ref *r)
{
    copy_rows(r->node, r->batch, r->k, r->out, 0, shape_rows(&r->node->shape, r->sizes));
}

struct embed_step {
    struct rows_step rows;
    const struct node *node;
    int32_t y;
};

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct embed_step *a = s->args;
    (void)thread;
    copy_rows(a->node, r->batch, r->kernels, run_value(r, a->y), from, to);
}

static int plan(struct planner *p, struct node *n)
{
    struct embed_step *a = planner_step(p, "embed", sizeof *a, run_units_rows, run);
    if (!a) return -ERR_NO_MEMORY;
    a->rows.shape = &n->shape;
    a->node = n;
    a->y = planner_write(p, n);
    return 0;
}

const struct op op_embed = {
    .name = "embed",
    .weight_use = { WEIGHT_TABLE },
    .shape = shape,
    .ref = ref,
    .cost = op_cost_elementwise,
    .plan = plan,
};
