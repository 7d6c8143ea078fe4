#include "graph/linear_step.h"

#include <assert.h>

static size_t align_up(size_t n)
{
    return (n + PLAN_ALIGN - 1) & ~(size_t)(PLAN_ALIGN - 1);
}

void linear_step_scratch(struct planner *p, struct linear_step *a)
{
    int64_t rows = planner_rows(p, a->input.shape);
    size_t ws_bytes = 0, gate_bytes = 0;
    for (int i = 0; i < a->n_parts; i++) {
        const struct linear_part *part = &a->parts[i];
        if (part->w.ws_bytes > ws_bytes) ws_bytes = part->w.ws_bytes;
        if (part->is_glu && part->up.ws_bytes > ws_bytes) ws_bytes = part->up.ws_bytes;
        if (part->is_glu)
            gate_bytes = (size_t)rows * LINEAR_GLU_PANELS * PANEL_ROWS * sizeof(float);
    }
    a->gate_at = prepare_scratch(&a->input);
    a->ws_at = a->gate_at + align_up(gate_bytes);
    planner_scratch(p, a->ws_at + ws_bytes);
}

int64_t linear_step_units(const struct step *s, const struct run *r)
{
    const struct linear_step *a = s->args;
    return shape_rows(a->input.shape, &r->sizes) > 0 ? a->n_units : 0;
}

void linear_step_prologue(const struct step *s, struct run *r, int thread)
{
    const struct linear_step *a = s->args;
    prepare_run(&a->input, r, thread);
}

void linear_step_ahead(const struct step *s, const struct run *r, int thread)
{
    const struct linear_step *a = s->args;
    int64_t unit = a->n_units * thread / r->n_threads;
    const struct linear_part *part = a->parts;
    for (; unit >= part->n_units; part++) unit -= part->n_units;
    const char *from = (const char *)part->w.packed +
                       (size_t)(unit * part->grain) * part->w.panel_bytes;
    for (size_t at = 0; at < LINEAR_AHEAD_BYTES; at += KERNEL_ALIGN)
        __builtin_prefetch(from + at, 0, 2);
}

/* What the calls below share. */
struct slice_job {
    const struct linear_step *a;
    const struct linear_part *part;
    struct run *r;
    int thread, n;
};

/* The rows and their rests in one reading of the weights; then to the bit what two calls give. */
static void multiply_pair(const struct linear_matrix *w, const struct kernel_linear *a,
                          const void *pair)
{
    enum { WIDTH = LINEAR_WIDE_PANELS * PANEL_ROWS };
    float sums[2 * PREPARE_PAIR_ROWS][WIDTH];
    size_t n = (size_t)a->n, m = (size_t)a->m;
    struct kernel_linear both = *a;
    assert(m <= WIDTH && n <= PREPARE_PAIR_ROWS);
    both.y = &sums[0][0];
    both.y_stride = WIDTH;
    both.act = pair;
    both.n = 2 * a->n;
    both.bias = both.add = NULL;
    w->fn(&both);
    for (size_t t = 0; t < n; t++) {
        for (size_t i = 0; i < m; i++) {
            size_t at = t * a->y_stride + i;
            float y = sums[t][i];
            if (a->bias) y = y + a->bias[i];
            if (a->add) y = y + a->add[at];
            a->y[at] = y + sums[n + t][i];
        }
    }
}

/* Panels [from, to) of a matrix; y points to where column 0 of panel `from` goes. */
static void multiply(const struct slice_job *j, const struct linear_matrix *w, float *y,
                     size_t y_stride, const float *add, int from, int to)
{
    const struct linear_part *part = j->part;
    int first = from * PANEL_ROWS;
    int m = to * PANEL_ROWS < part->m ? (to - from) * PANEL_ROWS : part->m - first;
    struct kernel_linear a = {
        .y = y,
        .y_stride = y_stride,
        .w = (const char *)w->packed + (size_t)from * w->panel_bytes,
        .m = m,
        .k = part->k,
        .panel_from = 0,
        .panel_to = to - from,
        .act = prepare_input(&j->a->input, j->r, j->thread,
                             w->quantised ? PREPARE_ACT : PREPARE_F32),
        .x_stride = (size_t)part->k,
        .n = j->n,
        .bias = w->bias ? w->bias + first : NULL,
        .add = add,
        .ws = run_scratch(j->r, j->thread) + j->a->ws_at,
    };
    if (!w->wide) {
        w->fn(&a);
        return;
    }
    const void *pair = prepare_pair(&j->a->input, j->r, j->thread, j->n);
    if (pair) {
        multiply_pair(w, &a, pair);
        return;
    }
    w->fn(&a);
    a.act = prepare_input(&j->a->input, j->r, j->thread, PREPARE_REST);
    a.bias = NULL;
    a.add = y;
    w->fn(&a);
}

static void norm_columns(const struct slice_job *j, float *y, int width)
{
    const struct linear_part *part = j->part;
    for (int first = 0; first < width; first += part->head_len)
        part->norm(&(struct kernel_norm){ .y = y + first,
                                          .x = y + first,
                                          .y_stride = (size_t)part->m,
                                          .x_stride = (size_t)part->m,
                                          .n = j->n,
                                          .d = part->head_len,
                                          .weight = part->norm_gain,
                                          .eps = part->norm_eps });
}

static void rope_columns(const struct slice_job *j, float *y, int width)
{
    const struct linear_part *part = j->part;
    size_t half = (size_t)part->n_rot / 2;
    const float *table = run_value(j->r, part->rope_table);
    part->rope(&(struct kernel_rope){
        .x = y,
        .x_stride = (size_t)part->m,
        .n = j->n,
        .n_heads = width / part->head_len,
        .head_dim = part->head_len,
        .n_rot = part->n_rot,
        .cos = table,
        .sin = table + (size_t)j->n * half,
    });
}

static void store_columns(const struct slice_job *j, const float *y, int first, int width)
{
    const struct linear_part *part = j->part;
    const struct batch *b = j->r->batch;
    for (int t = 0; t < j->n; t++) {
        const struct batch_seq *seq = &b->seqs[j->r->row_seq[t]];
        kv_write(j->r->kv, j->r->kernels, seq, seq->kv_len + t - seq->row, part->layer,
                 part->store == LINEAR_STORE_VALUES, first / part->head_len, width / part->head_len,
                 y + (size_t)t * (size_t)part->m);
    }
}

/* silu(gate) * up, a few panels at a time so that the gate stays in cache. */
static void glu(const struct slice_job *j, float *y, int from, int to)
{
    const struct linear_part *part = j->part;
    enum { WIDTH = LINEAR_GLU_PANELS * PANEL_ROWS };
    float *gate = (float *)(void *)(run_scratch(j->r, j->thread) + j->a->gate_at);
    size_t m = (size_t)part->m;
    for (int p = from; p < to; p += LINEAR_GLU_PANELS) {
        int last = p + LINEAR_GLU_PANELS < to ? p + LINEAR_GLU_PANELS : to;
        int end = last * PANEL_ROWS < part->m ? last * PANEL_ROWS : part->m;
        size_t width = (size_t)(end - p * PANEL_ROWS);
        float *slice = y + (size_t)(p - from) * PANEL_ROWS;
        multiply(j, &part->w, gate, WIDTH, NULL, p, last);
        multiply(j, &part->up, slice, m, NULL, p, last);
        for (size_t t = 0; t < (size_t)j->n; t++)
            j->r->kernels->silu_mul(slice + t * m, gate + t * WIDTH, slice + t * m, width);
    }
}

static void run_part(const struct slice_job *j, int from, int to)
{
    const struct linear_part *part = j->part;
    int first = from * PANEL_ROWS;
    int end = to * PANEL_ROWS < part->m ? to * PANEL_ROWS : part->m;
    float *all = run_value(j->r, part->y), *y = all + first;
    if (part->is_glu) {
        glu(j, y, from, to);
    } else {
        const float *add = part->add == VALUE_NONE
                               ? NULL
                               : (const float *)run_value(j->r, part->add) + first;
        /* A wide one panel group at a time, so that its second reading is from cache. */
        int stride = part->w.wide ? LINEAR_WIDE_PANELS : to - from;
        for (int p = from; p < to; p += stride) {
            size_t at = (size_t)(p - from) * PANEL_ROWS;
            multiply(j, &part->w, y + at, (size_t)part->m, add ? add + at : NULL, p,
                     p + stride < to ? p + stride : to);
        }
    }
    size_t width = (size_t)(end - first), m = (size_t)part->m;
    for (size_t t = 0; part->unary && t < (size_t)j->n; t++)
        part->unary(y + t * m, y + t * m, width);
    if (part->norm) norm_columns(j, y, end - first);
    if (part->rope) rope_columns(j, y, end - first);
    if (part->store != LINEAR_STORE_NOTHING) store_columns(j, y, first, end - first);
    if (part->act != VALUE_NONE)
        j->r->kernels->quantise(&(struct kernel_quantise){ .act = run_value(j->r, part->act),
                                                           .x = all,
                                                           .x_stride = m,
                                                           .n = j->n,
                                                           .k = part->m,
                                                           .k_from = first,
                                                           .k_to = end });
}

/* Chunk by chunk, so that what the head gathers is still in cache. */
static void run_head(const struct slice_job *j, int from, int to)
{
    const struct head *head = j->r->batch ? j->r->batch->head : NULL;
    const struct linear_part *part = j->part;
    for (int p = from; p < to; p += LINEAR_HEAD_PANELS) {
        run_part(j, p, p + LINEAR_HEAD_PANELS < to ? p + LINEAR_HEAD_PANELS : to);
        if (head)
            head_gather(head, j->r->kernels, run_value(j->r, part->y), j->n, part->m,
                        p / LINEAR_HEAD_PANELS);
    }
}

void linear_step_run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct linear_step *a = s->args;
    int n = (int)shape_rows(a->input.shape, &r->sizes);
    int64_t before = 0; /* Units of the parts already passed. */
    for (int i = 0; i < a->n_parts; before += a->parts[i].n_units, i++) {
        const struct linear_part *part = &a->parts[i];
        int64_t first = from > before ? from - before : 0;
        int64_t last = to - before < part->n_units ? to - before : part->n_units;
        if (first >= last) continue;
        struct slice_job job = { .a = a, .part = part, .r = r, .thread = thread, .n = n };
        int panels = kernel_panels(part->m), end = (int)last * part->grain;
        (part->is_head ? run_head : run_part)(&job, (int)first * part->grain,
                                              end < panels ? end : panels);
    }
}
