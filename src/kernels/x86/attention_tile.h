/* attention_tile - what the AVX2 and AVX-512 versions of attention share; ref/attention_ref.c says
 * what is computed. Included behind the version's registers: VEC floats in a `vec`, and vec_*().
 *
 * Rows (a query row of one head) go through the chunks of keys in tiles of up to
 * ATTENTION_TILE_ROWS, and in a tile by groups whose scores, weights and outputs are computed
 * together. One group alone (decoding) reads keys and values where they lie; for more, a chunk
 * becomes f32 once for the tile. */
#ifndef TIRO_KERNELS_X86_ATTENTION_TILE_H
#define TIRO_KERNELS_X86_ATTENTION_TILE_H

#include "kernels/attention_state.h"
#include "kernels/kernel.h"
#include "kernels/x86/attention_chunk.h"
#include "kernels/x86/attention_product.h"

struct row {
    int from, to; /* Keys it sees. */
    float *q;     /* dim, scaled */
    float *state; /* of the span at hand; in a row of dim + 16 */
    float *total; /* of the spans before; likewise */
};

struct tile {
    const struct kernel_attention *a;
    struct chunk chunk;
    int n_rows;
    size_t dim; /* head_dim padded to 16 */
    struct row rows[ATTENTION_TILE_ROWS];
};

static inline int clamp(int x, int from, int to)
{
    return x < from ? from : x > to ? to : x;
}

/* What n rows share: keys [from, to) of the chunk that any of them sees, scores of [low, high). */
struct group {
    struct row *rows;
    int n, from, to, low, high;
    float p[TOGETHER][ATTENTION_CHUNK] __attribute__((aligned(64)));
    float alpha[TOGETHER];
};

static size_t element_bytes(const struct chunk *c)
{
    if (!c->in_place || c->a->kv_dtype == DTYPE_F32) return 4;
    return c->a->kv_dtype == DTYPE_F16 ? 2 : 1;
}

static enum element element_kind(const struct chunk *c, enum element codes)
{
    if (!c->in_place || c->a->kv_dtype == DTYPE_F32) return ELEMENT_F32;
    return c->a->kv_dtype == DTYPE_F16 ? ELEMENT_F16 : codes;
}

/* B's columns are keys [j, j + v * VEC) of the chunk, its rows the dimensions. */
static void set_keys(struct product *m, const struct chunk *c, int j, int v)
{
    size_t dim = (size_t)c->a->head_dim, width = element_bytes(c);
    bool codes = element_kind(c, ELEMENT_KEYS) == ELEMENT_KEYS;
    size_t rows = codes ? ATTENTION_SCALE : dim;
    m->step = width * (c->in_place ? ATTENTION_BLOCK : ATTENTION_CHUNK);
    m->n_parts = (int)(dim / rows);
    for (int k = 0; k < m->n_parts; k++) {
        struct part *part = &m->parts[k];
        part->rows = rows;
        for (int i = 0; i < v; i++) {
            size_t key = (size_t)(j + i * VEC), slot = key % ATTENTION_BLOCK;
            const uint8_t *piece = c->k[key / ATTENTION_BLOCK];
            part->at[i] = (c->in_place ? piece + slot * width : (const uint8_t *)(c->keys + key)) +
                          (size_t)k * rows * m->step;
            part->scales[i] = piece + ATTENTION_BLOCK * dim +
                              2 * ((size_t)k * ATTENTION_BLOCK + slot);
        }
    }
}

static void group_scores(const struct tile *t, struct group *g)
{
    int v = vecs_for(g->n), step = v * VEC;
    g->low = g->from / step * step;
    g->high = (g->to + step - 1) / step * step;
    struct product m = { .c_stride = ATTENTION_CHUNK, .a = g->rows->q, .a_stride = t->dim };
    for (int j = g->low; j < g->high; j += step) {
        m.c = &g->p[0][j];
        set_keys(&m, &t->chunk, j, v);
        product(&m, g->n, v, element_kind(&t->chunk, ELEMENT_KEYS));
    }
}

/* Scores to weights in place. */
static void row_softmax(const struct tile *t, struct group *g, int r)
{
    float *p = g->p[r], *state = g->rows[r].state + t->dim;
    int from = clamp(g->rows[r].from - t->chunk.first, g->low, g->high);
    int to = clamp(g->rows[r].to - t->chunk.first, g->low, g->high);
    g->alpha[r] = 1.0f;
    if (from >= to) {
        for (int j = g->low; j < g->high; j++) p[j] = 0;
        return;
    }
    if (t->a->softcap > 0) {
        __m256 cap = f32(t->a->softcap);
        for (int j = g->low; j < g->high; j += 8)
            _mm256_storeu_ps(
                p + j, _mm256_mul_ps(cap, tanh256(_mm256_div_ps(_mm256_loadu_ps(p + j), cap))));
    }
    for (int j = g->low; j < from; j++) p[j] = -INFINITY;
    for (int j = to; j < g->high; j++) p[j] = -INFINITY;
    vec top = vec_set(state[0]);
    for (int j = g->low; j < g->high; j += VEC) top = vec_max(top, vec_load(p + j));
    float max = vec_top(top);
    vec sum[VECS_OF_BLOCK];
    UNROLL for (int i = 0; i < VECS_OF_BLOCK; i++) sum[i] = vec_set(0.0f);
    for (int j = g->low; j < g->high; j += ATTENTION_BLOCK)
        UNROLL for (int i = 0; i < VECS_OF_BLOCK; i++)
        {
            vec e = vec_exp(vec_sub(vec_load(p + j + i * VEC), vec_set(max)));
            vec_store(p + j + i * VEC, e);
            sum[i] = vec_add(sum[i], e);
        }
    g->alpha[r] = exp_f32(state[0] - max);
    state[1] = fmaf(state[1], g->alpha[r], vec_fold(sum));
    state[0] = max;
}

/* B's rows are the keys [from, to) of the chunk: all of them, or by pieces where they lie. */
static void set_values(struct product *m, const struct chunk *c, int from, int to)
{
    m->step = element_bytes(c) * c->dim;
    m->n_parts = 0;
    for (int end; from < to; from = end) {
        end = c->in_place ? (from / ATTENTION_BLOCK + 1) * ATTENTION_BLOCK : to;
        if (end > to) end = to;
        struct part *part = &m->parts[m->n_parts++];
        part->rows = (size_t)(end - from);
        part->slot = (size_t)(from % ATTENTION_BLOCK);
    }
}

/* ... and its columns the dimensions [d, d + v * VEC). */
static void set_columns(struct product *m, const struct chunk *c, int from, size_t d, int v)
{
    size_t width = element_bytes(c);
    for (int k = 0; k < m->n_parts; from += (int)m->parts[k++].rows) {
        struct part *part = &m->parts[k];
        const uint8_t *piece = c->v[from / ATTENTION_BLOCK];
        const uint8_t *row = c->in_place ? piece + part->slot * m->step
                                         : (const uint8_t *)(c->values + (size_t)from * c->dim);
        for (int i = 0; i < v; i++) {
            size_t column = d + (size_t)(i * VEC);
            part->at[i] = row + column * width;
            part->scales[i] = piece + ATTENTION_BLOCK * c->dim +
                              2 * (column / ATTENTION_SCALE * ATTENTION_BLOCK);
        }
    }
}

static void group_outputs(const struct tile *t, struct group *g)
{
    struct product m = { .c_stride = t->dim + 16, .alpha = g->alpha, .a = &g->p[0][g->from] };
    m.a_stride = ATTENTION_CHUNK;
    set_values(&m, &t->chunk, g->from, g->to);
    int v = vecs_for(g->n);
    for (size_t d = 0; d < t->dim; d += (size_t)(v * VEC)) {
        if (d + (size_t)(v * VEC) > t->dim) v = VECS_OF_BLOCK;
        m.c = g->rows->state + d;
        set_columns(&m, &t->chunk, g->from, d, v);
        product(&m, g->n, v, element_kind(&t->chunk, ELEMENT_VALUES));
    }
}

static void add_chunk(struct tile *t)
{
    int n_groups = (t->n_rows + TOGETHER - 1) / TOGETHER;
    int together = (t->n_rows + n_groups - 1) / n_groups;
    struct group g;
    for (int r = 0; r < t->n_rows; r += together) {
        g.rows = &t->rows[r];
        g.n = t->n_rows - r < together ? t->n_rows - r : together;
        /* Both ends rise from row to row. */
        g.from = clamp(g.rows[0].from - t->chunk.first, 0, ATTENTION_CHUNK);
        g.to = clamp(g.rows[g.n - 1].to - t->chunk.first, 0, ATTENTION_CHUNK);
        if (g.from >= g.to) continue;
        group_scores(t, &g);
        for (int i = 0; i < g.n; i++) row_softmax(t, &g, i);
        group_outputs(t, &g);
    }
}

/* ---- Tiles ---- */

/* Rows [first, first + n_rows) counted as query row * n_heads + head. */
static void tile_init(struct tile *t, const struct kernel_attention *a, int first)
{
    float *q = t->chunk.values + ATTENTION_CHUNK * t->dim;
    float *state = q + (size_t)t->n_rows * t->dim,
          *total = state + (size_t)t->n_rows * (t->dim + 16);
    for (int r = 0; r < t->n_rows; r++) {
        int i = (first + r) / a->n_heads, h = (first + r) % a->n_heads;
        const float *from = a->q + (size_t)i * a->q_stride + (size_t)h * (size_t)a->head_dim;
        struct row *row = &t->rows[r];
        attention_keys_seen(a, i, &row->from, &row->to);
        row->q = q + (size_t)r * t->dim;
        row->state = state + (size_t)r * (t->dim + 16);
        row->total = total + (size_t)r * (t->dim + 16);
        for (int d = 0; d < a->head_dim; d++) row->q[d] = from[d] * a->scale;
        attention_state_clear(row->total, t->dim);
    }
}

static void run_span(struct tile *t, int span)
{
    int first = span * ATTENTION_SPAN, last = first + ATTENTION_SPAN;
    int from = clamp(t->rows[0].from, first, last);
    int to = clamp(t->rows[t->n_rows - 1].to, first, last);
    for (int r = 0; r < t->n_rows; r++) attention_state_clear(t->rows[r].state, t->dim);
    struct chunk *c = &t->chunk;
    for (c->first = from / ATTENTION_CHUNK * ATTENTION_CHUNK; c->first < to;
         c->first += ATTENTION_CHUNK) {
        c->from = clamp(from - c->first, 0, ATTENTION_CHUNK);
        c->to = clamp(to - c->first, 0, ATTENTION_CHUNK);
        load_chunk(c);
        add_chunk(t);
    }
}

static void tile_run(struct tile *t, int first)
{
    const struct kernel_attention *a = t->a;
    size_t dim = (size_t)a->head_dim;
    if (a->partial) {
        run_span(t, a->span);
        for (int r = 0; r < t->n_rows; r++) {
            float *state = a->partial + (size_t)(first + r) * (dim + 2);
            memcpy(state, t->rows[r].state, dim * sizeof *state);
            memcpy(state + dim, t->rows[r].state + t->dim, 2 * sizeof *state);
        }
        return;
    }
    int span = t->rows[0].from / ATTENTION_SPAN, to = t->rows[t->n_rows - 1].to;
    for (; span * ATTENTION_SPAN < to; span++) {
        run_span(t, span);
        for (int r = 0; r < t->n_rows; r++)
            attention_state_add(t->rows[r].total, t->rows[r].state, t->dim);
    }
    for (int r = 0; r < t->n_rows; r++) {
        int i = (first + r) / a->n_heads, h = (first + r) % a->n_heads;
        attention_state_finish(a->out + (size_t)i * a->out_stride + (size_t)h * dim, dim,
                               t->rows[r].total, t->dim);
    }
}

static void attention(const struct kernel_attention *a)
{
    float *ws = (float *)(((uintptr_t)a->ws + 63) & ~(uintptr_t)63);
    size_t dim = ((size_t)a->head_dim + 15) / 16 * 16;
    struct tile t = { .a = a, .dim = dim, .chunk = { .a = a, .dim = dim, .keys = ws } };
    t.chunk.values = ws + ATTENTION_CHUNK * dim;
    int n_rows = a->n_q * a->n_heads;
    t.chunk.in_place = a->blocks && n_rows <= TOGETHER && a->head_dim % ATTENTION_BLOCK == 0;
    int n_tiles = (n_rows + ATTENTION_TILE_ROWS - 1) / ATTENTION_TILE_ROWS;
    int share = (n_rows + n_tiles - 1) / n_tiles;
    for (int first = 0; first < n_rows; first += share) {
        t.n_rows = n_rows - first < share ? n_rows - first : share;
        tile_init(&t, a, first);
        tile_run(&t, first);
    }
}

#endif
