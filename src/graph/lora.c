#include "graph/lora.h"

#include <assert.h>

bool lora_changes(const struct planner *p, const struct node *n)
{
    return p->options->adapters && n->w[0]->terms;
}

/* Panels of the highest A in this batch: the lora step's units are runs, parts and these. */
static int64_t panels_of(const struct lora_step *a, const struct run *r)
{
    int32_t rank = 0;
    for (int32_t i = 0; i < r->n_adapted; i++)
        for (int32_t p = 0; p < a->n_parts; p++) {
            const struct lora_term *term = &a->parts[p].terms[r->adapted[i].slot];
            if (term->rank > rank) rank = term->rank;
        }
    return rank > 0 ? kernel_panels(rank) : 0;
}

static int64_t units(const struct step *s, const struct run *r)
{
    const struct lora_step *a = s->args;
    return panels_of(a, r) * a->n_parts * r->n_adapted;
}

/* One panel of A for one run: 16 columns of s. */
static void shrink(const struct lora_step *a, const struct lora_part *part,
                   const struct run_adapted *rows, struct run *r, int thread, int panel)
{
    const struct lora_term *term = &part->terms[rows->slot];
    int first = panel * PANEL_ROWS;
    if (first >= term->rank) return;
    int m = term->rank - first < PANEL_ROWS ? term->rank - first : PANEL_ROWS;
    size_t at = (size_t)rows->first, k = (size_t)a->k;
    float *s = (float *)run_value(r, part->s) + at * LORA_RANK_MAX + first;
    r->kernels->linear[term->a_dtype](&(struct kernel_linear){
        .y = s,
        .y_stride = LORA_RANK_MAX,
        .w = (const char *)term->a + (size_t)panel * kernel_panel_bytes(term->a_dtype, a->k),
        .m = m,
        .k = a->k,
        .panel_to = 1,
        .act = (const float *)run_value(r, a->x) + at * k,
        .x_stride = k,
        .n = rows->n_rows,
        .ws = run_scratch(r, thread),
    });
    for (int t = 0; t < rows->n_rows; t++, s += LORA_RANK_MAX)
        for (int i = 0; i < m; i++) s[i] *= term->scale;
}

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct lora_step *a = s->args;
    int64_t panels = panels_of(a, r);
    for (int64_t u = from; u < to; u++) {
        int64_t pair = u / panels; /* The units of a run stand together: it reads x once. */
        shrink(a, &a->parts[pair % a->n_parts], &r->adapted[pair / a->n_parts], r, thread,
               (int)(u % panels));
    }
}

int lora_plan(struct planner *p, const struct node *x, struct node *const *nodes, int n,
              struct lora_part *ret)
{
    assert(n <= LORA_NODES_MAX);
    struct lora_step *a = NULL;
    for (int i = 0; i < n; i++) {
        ret[i] = (struct lora_part){ .s = VALUE_NONE };
        if (!lora_changes(p, nodes[i])) continue;
        assert(x->shape.dims[0].symbol == DIM_TOKENS); /* Row t is the batch's row t. */
        if (!a) {
            a = planner_step(p, "lora", sizeof *a, units, run);
            if (!a) return -ERR_NO_MEMORY;
            a->x = planner_read(p, x);
            a->k = shape_width(&x->shape);
            planner_scratch(p, kernel_linear_ws_bytes(DTYPE_F32, a->k));
        }
        size_t bytes = (size_t)planner_rows(p, &x->shape) * LORA_RANK_MAX * sizeof(float);
        ret[i] = (struct lora_part){ nodes[i]->w[0]->terms, planner_temp(p, bytes) };
        a->parts[a->n_parts++] = ret[i];
    }
    return 0;
}

void lora_read(struct planner *p, const struct lora_part *part)
{
    if (part->terms) planner_touch(p, part->s);
}

void lora_add(const struct lora_part *part, const struct run *r, void *ws, float *y,
              size_t y_stride, int from, int to, int m)
{
    if (!part->terms) return;
    int first = from * PANEL_ROWS;
    for (int32_t i = 0; i < r->n_adapted; i++) {
        const struct run_adapted *rows = &r->adapted[i];
        const struct lora_term *term = &part->terms[rows->slot];
        if (term->rank == 0) continue;
        float *at = y + (size_t)rows->first * y_stride;
        r->kernels->linear[term->b_dtype](&(struct kernel_linear){
            .y = at,
            .y_stride = y_stride,
            .w = (const char *)term->b +
                 (size_t)from * kernel_panel_bytes(term->b_dtype, term->rank),
            .m = to * PANEL_ROWS < m ? (to - from) * PANEL_ROWS : m - first,
            .k = term->rank,
            .panel_to = to - from,
            .act = (const float *)run_value(r, part->s) + (size_t)rows->first * LORA_RANK_MAX,
            .x_stride = LORA_RANK_MAX,
            .n = rows->n_rows,
            .add = at,
            .ws = ws,
        });
    }
}
