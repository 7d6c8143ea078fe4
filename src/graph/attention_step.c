#include "graph/attention_step.h"

#include <assert.h>
#include <math.h>

bool attention_shape(struct graph *g, struct node *n)
{
    const struct attention_attr *attr = n->attr;
    int32_t q = attr->n_heads * attr->head_len, kv = attr->n_kv_heads * attr->head_len;
    n->shape = n->in[0]->shape;
    if (attr->head_len > 0 && attr->head_len <= ATTENTION_DIM_MAX && attr->n_kv_heads > 0 &&
        attr->n_heads % attr->n_kv_heads == 0 && shape_width(&n->shape) == q &&
        shape_width(&n->in[1]->shape) == kv && shape_width(&n->in[2]->shape) == kv)
        return true;
    graph_fail(g, "attention of %d heads, %d KV heads and %d values each does not fit its inputs",
               attr->n_heads, attr->n_kv_heads, attr->head_len);
    return false;
}

void attention_cost(const struct node *n, const struct dim_sizes *sizes, struct cost *ret)
{
    const struct attention_attr *attr = n->attr;
    /* Against the rows at hand: what lies in the KV store is not known here. */
    double rows = (double)shape_rows(&n->shape, sizes);
    double keys = (double)shape_rows(&n->in[1]->shape, sizes);
    ret->macs = 2 * rows * keys * attr->n_heads * attr->head_len;
    ret->bytes = 4 * (2 * rows * attr->n_heads + 2 * keys * attr->n_kv_heads) * attr->head_len;
}

/* Where queries, keys and values are: of a step or of a reference call. */
struct attention_job {
    const struct attention_attr *attr;
    enum attention_keys keys;
    const struct batch *batch;
    const struct kv_store *kv;
    kernel_attention_fn *fn;
    float *out;
    const float *q, *k, *v;
    int32_t n_context; /* Rows of k and v, for ATTENTION_CONTEXT. */
    void *ws;
};

static float scale_of(const struct attention_attr *attr)
{
    return attr->scale != 0 ? attr->scale : 1.0f / sqrtf((float)attr->head_len);
}

/* Query rows [row, row + n_rows) of the batch, which begin at `first` in their sequence, for the
 * query heads of one KV head. */
static struct kernel_attention call_of(const struct attention_job *j, const struct batch_seq *seq,
                                       int32_t row, int32_t first, int32_t n_rows, int32_t head)
{
    const struct attention_attr *attr = j->attr;
    size_t group = (size_t)(attr->n_heads / attr->n_kv_heads), len = (size_t)attr->head_len;
    size_t q_stride = (size_t)attr->n_heads * len, kv_stride = (size_t)attr->n_kv_heads * len;
    size_t q_at = (size_t)row * q_stride + (size_t)head * group * len;
    struct kernel_attention a = {
        .out = j->out + q_at,
        .q = j->q + q_at,
        .out_stride = q_stride,
        .q_stride = q_stride,
        .n_q = n_rows,
        .n_heads = (int)group,
        .head_dim = attr->head_len,
        .kv_dtype = DTYPE_F32,
        .kv_stride = kv_stride,
        .window = attr->window,
        .scale = scale_of(attr),
        .softcap = attr->softcap,
        .ws = j->ws,
    };
    if (j->keys == ATTENTION_PAGED) {
        a.k = kv_piece(j->kv, 0, attr->layer, false, head);
        a.v = kv_piece(j->kv, 0, attr->layer, true, head);
        a.kv_dtype = j->kv->dtype;
        a.blocks = seq->blocks;
        a.block_stride = j->kv->block_bytes;
        a.causal = true;
        a.pos0 = seq->kv_len + first;
        a.n_kv = seq->kv_len + seq->n_rows;
    } else {
        size_t at = (size_t)(row - first) * kv_stride + (size_t)head * len;
        if (j->keys == ATTENTION_CONTEXT) at = (size_t)head * len;
        a.k = j->k + at;
        a.v = j->v + at;
        a.n_kv = j->keys == ATTENTION_CONTEXT ? j->n_context : seq->n_rows;
    }
    return a;
}

static void attend(const struct attention_job *j, const struct batch_seq *seq, int32_t row,
                   int32_t first, int32_t n_rows, int32_t head)
{
    struct kernel_attention a = call_of(j, seq, row, first, n_rows, head);
    j->fn(&a);
}

void attention_ref(const struct op_ref *r, enum attention_keys keys)
{
    /* Room for any model there is; a reference may be lavish. */
    _Alignas(KERNEL_ALIGN) unsigned char ws[ATTENTION_WS_MAX];
    const struct attention_attr *attr = r->node->attr;
    assert(kernel_attention_ws_bytes(attr->head_len) <= ATTENTION_WS_MAX);
    struct attention_job j = { .attr = attr,
                               .keys = keys,
                               .batch = r->batch,
                               .kv = r->kv,
                               .fn = r->k->attention,
                               .out = r->out,
                               .q = r->in[0],
                               .k = r->in[1],
                               .v = r->in[2],
                               .ws = ws };
    if (keys == ATTENTION_CONTEXT) {
        j.n_context = (int32_t)shape_rows(&r->node->in[1]->shape, r->sizes);
        int32_t rows = (int32_t)shape_rows(&r->node->shape, r->sizes);
        for (int32_t h = 0; h < attr->n_kv_heads; h++) attend(&j, NULL, 0, 0, rows, h);
        return;
    }
    for (int32_t s = 0; s < r->batch->n_seqs; s++) {
        const struct batch_seq *seq = &r->batch->seqs[s];
        for (int32_t h = 0; h < attr->n_kv_heads; h++) attend(&j, seq, seq->row, 0, seq->n_rows, h);
    }
}

struct attention_step {
    const struct node *node;
    enum attention_keys keys;
    int32_t y, q, k, v;
};

/* ---- Long contexts: a tile's keys among several threads ---- */

/* Where (tile, head) pairs are too few to keep the threads busy, a unit is one span of a pair's
 * keys. The spans' states meet in r->partial, and whoever finishes a pair's last one merges them,
 * always in order. */
struct cut {
    int32_t n_spans; /* The most of any tile; 0: not cut. */
    size_t stride;   /* floats of a span's states */
};

/* The spans that a tile's rows see: n from *ret_first on. */
static int32_t spans_of(const struct attention_attr *attr, const struct run *r,
                        const struct run_tile *t, int32_t *ret_first)
{
    int32_t pos = r->batch->seqs[t->seq].kv_len + t->first;
    int32_t from = attr->window > 0 && pos + 1 > attr->window ? pos + 1 - attr->window : 0;
    *ret_first = from / ATTENTION_SPAN;
    return (pos + t->n_rows + ATTENTION_SPAN - 1) / ATTENTION_SPAN - *ret_first;
}

static struct cut cut_of(const struct attention_step *a, const struct run *r)
{
    const struct attention_attr *attr = a->node->attr;
    int64_t pairs = (int64_t)r->n_tiles * attr->n_kv_heads;
    int32_t spans_max = 0, rows_max = 0, first;
    if (a->keys != ATTENTION_PAGED || r->n_threads == 1) return (struct cut){ 0 };
    if (pairs >= (int64_t)RUN_PAIRS_ENOUGH * r->n_threads) return (struct cut){ 0 };
    for (int32_t t = 0; t < r->n_tiles; t++) {
        int32_t n = spans_of(attr, r, &r->tiles[t], &first);
        if (n > spans_max) spans_max = n;
        if (r->tiles[t].n_rows > rows_max) rows_max = r->tiles[t].n_rows;
    }
    size_t group = (size_t)(attr->n_heads / attr->n_kv_heads);
    size_t stride = (size_t)rows_max * group * ((size_t)attr->head_len + 2);
    if (spans_max < 2 || (size_t)pairs * (size_t)spans_max * stride > RUN_PARTIAL_FLOATS)
        return (struct cut){ 0 };
    return (struct cut){ spans_max, stride };
}

/* Span number `index` of those that the tile sees. */
static void attend_span(const struct attention_job *j, struct run *r, const struct cut *cut,
                        int32_t tile, int32_t head, int32_t index)
{
    const struct attention_attr *attr = j->attr;
    const struct run_tile *t = &r->tiles[tile];
    const struct batch_seq *seq = &r->batch->seqs[t->seq];
    int32_t first, n_spans = spans_of(attr, r, t, &first), pair = tile * attr->n_kv_heads + head;
    if (index >= n_spans) return;
    float *partial = r->partial + (size_t)pair * (size_t)cut->n_spans * cut->stride;
    struct kernel_attention a = call_of(j, seq, seq->row + t->first, t->first, t->n_rows, head);
    a.partial = partial + (size_t)index * cut->stride;
    a.span = first + index;
    j->fn(&a);
    if (atomic_fetch_add_explicit(&r->spans_done[pair], 1, memory_order_acq_rel) + 1 < n_spans)
        return;
    atomic_store_explicit(&r->spans_done[pair], 0, memory_order_relaxed); /* For the next step. */
    r->kernels->attention_merge(&(struct kernel_attention_merge){ .out = a.out,
                                                                  .out_stride = a.out_stride,
                                                                  .n_q = a.n_q,
                                                                  .n_heads = a.n_heads,
                                                                  .head_dim = a.head_dim,
                                                                  .partial = partial,
                                                                  .span_stride = cut->stride,
                                                                  .n_spans = n_spans });
}

/* ---- The step ---- */

static int64_t units(const struct step *s, const struct run *r)
{
    const struct attention_step *a = s->args;
    const struct attention_attr *attr = a->node->attr;
    struct cut cut = cut_of(a, r);
    int64_t tiles = r->n_tiles;
    if (a->keys == ATTENTION_CONTEXT)
        tiles = (shape_rows(&a->node->shape, &r->sizes) + RUN_TILE_ROWS - 1) / RUN_TILE_ROWS;
    return tiles * attr->n_kv_heads * (cut.n_spans ? cut.n_spans : 1);
}

static void run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to)
{
    const struct attention_step *a = s->args;
    const struct attention_attr *attr = a->node->attr;
    struct attention_job j = { .attr = attr,
                               .keys = a->keys,
                               .batch = r->batch,
                               .kv = r->kv,
                               .fn = r->kernels->attention,
                               .out = run_value(r, a->y),
                               .q = run_value(r, a->q),
                               .ws = run_scratch(r, thread) };
    if (a->keys != ATTENTION_PAGED) {
        j.k = run_value(r, a->k);
        j.v = run_value(r, a->v);
        j.n_context = (int32_t)shape_rows(&a->node->in[1]->shape, &r->sizes);
    }
    int32_t n_rows = (int32_t)shape_rows(&a->node->shape, &r->sizes);
    struct cut cut = cut_of(a, r);
    for (int64_t u = from; cut.n_spans && u < to; u++) {
        int32_t pair = (int32_t)(u / cut.n_spans), index = (int32_t)(u % cut.n_spans);
        attend_span(&j, r, &cut, pair / attr->n_kv_heads, pair % attr->n_kv_heads, index);
    }
    for (int64_t u = from; !cut.n_spans && u < to; u++) {
        int32_t head = (int32_t)(u % attr->n_kv_heads), tile = (int32_t)(u / attr->n_kv_heads);
        if (a->keys == ATTENTION_CONTEXT) {
            int32_t first = tile * RUN_TILE_ROWS, left = n_rows - first;
            attend(&j, NULL, first, first, left < RUN_TILE_ROWS ? left : RUN_TILE_ROWS, head);
            continue;
        }
        /* From the last tile on: late rows see the most keys, and short jobs fill the end. */
        const struct run_tile *t = &r->tiles[r->n_tiles - 1 - tile];
        const struct batch_seq *seq = &r->batch->seqs[t->seq];
        attend(&j, seq, seq->row + t->first, t->first, t->n_rows, head);
    }
}

int attention_plan(struct planner *p, struct node *n, enum attention_keys keys)
{
    const struct attention_attr *attr = n->attr;
    struct attention_step *a = planner_step(p, n->op->name, sizeof *a, units, run);
    if (!a) return -ERR_NO_MEMORY;
    a->node = n;
    a->keys = keys;
    a->q = planner_read(p, n->in[0]);
    if (keys != ATTENTION_PAGED) {
        a->k = planner_read(p, n->in[1]);
        a->v = planner_read(p, n->in[2]);
    }
    a->y = planner_write(p, n);
    planner_scratch(p, kernel_attention_ws_bytes(attr->head_len));
    return 0;
}
