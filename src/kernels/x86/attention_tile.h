/* attention_tile - what the AVX2 and AVX-512 versions of attention share; ref/attention_ref.c says
 * what is computed.
 *
 * Rows (a query row of one head) go through the chunks of keys in tiles of TILE_ROWS. The keys and
 * values of a chunk become f32 once for a tile, padded with zeros to a multiple of 16 values.
 * Scores keep 16 lanes of dimensions and are folded for 8 keys together; outputs have dimensions in
 * lanes and keys in order.
 *
 * A version is a pair of functions, constants to the compiler, given to attention_with(). */
#ifndef TIRO_KERNELS_X86_ATTENTION_TILE_H
#define TIRO_KERNELS_X86_ATTENTION_TILE_H

#include "kernels/kernel.h"
#include "kernels/x86/vector_avx2.h"

enum { TILE_ROWS = 16, TOGETHER_MAX = 4 };

struct row {
    float max, sum;
    int from, to;   /* Keys it sees. */
    const float *q; /* dim_padded values */
    float *out;     /* dim_padded values */
};

struct tile {
    const struct kernel_attention *a;
    int n_rows;
    size_t dim; /* Padded. */
    struct row rows[TILE_ROWS];
    float *keys, *values; /* [ATTENTION_CHUNK][dim] */
    int chunk;            /* Its first key. */
};

/* q . k for 8 keys. */
typedef __m256 dots_fn(const float *q, const float *keys, size_t dim);
/* out = out * alpha + sum of p * v over keys [from, to) of the chunk, for n rows. */
typedef void outputs_fn(const struct tile *t, struct row *rows, float (*p)[ATTENTION_CHUNK],
                        const float *alpha, int from, int to, int n);

struct version {
    dots_fn *dots;
    outputs_fn *outputs;
    int together; /* Rows that outputs takes at most. */
};

static inline const uint8_t *entry(const struct kernel_attention *a, const void *base, int j)
{
    const uint8_t *p = base;
    if (!a->blocks) return p + (size_t)j * a->token_stride;
    return p + (size_t)a->blocks[j / a->block_len] * a->block_stride +
           (size_t)(j % a->block_len) * a->token_stride;
}

static inline void load_entry(float *ret, const struct kernel_attention *a, const uint8_t *p,
                              size_t dim)
{
    size_t d = 0, n = (size_t)a->head_dim;
    if (a->kv_dtype == DTYPE_F16) {
        for (; d + 8 <= n; d += 8)
            _mm256_storeu_ps(ret + d, _mm256_cvtph_ps(_mm_loadu_si128((const void *)(p + 2 * d))));
        for (; d < n; d++) ret[d] = load_f16(p + 2 * d);
    } else {
        memcpy(ret, p, n * sizeof *ret);
        d = n;
    }
    for (; d < dim; d++) ret[d] = 0;
}

/* Keys [from, to) of the chunk; what is around them, up to whole groups of 8, is zeros. */
static inline void load_chunk(struct tile *t, int from, int to)
{
    for (int j = from; j < to; j++) {
        size_t at = (size_t)(j - t->chunk) * t->dim;
        load_entry(t->keys + at, t->a, entry(t->a, t->a->k, j), t->dim);
        load_entry(t->values + at, t->a, entry(t->a, t->a->v, j), t->dim);
    }
    size_t first = (size_t)(from - t->chunk), last = (size_t)(to - t->chunk), group = first & ~7ul;
    memset(t->keys + group * t->dim, 0, (first - group) * t->dim * sizeof *t->keys);
    group = (last + 7) & ~7ul;
    memset(t->keys + last * t->dim, 0, (group - last) * t->dim * sizeof *t->keys);
}

/* Eight registers of 8 partial sums to 8 sums, folded 8 -> 4 -> 2 -> 1. */
INLINE __m256 fold8(const __m256 eight[8])
{
    __m256 four[4], two[2]; /* four[i]: keys i and i + 4; two[i]: keys 2i, 2i + 1 and + 4. */
    UNROLL for (int i = 0; i < 4; i++)
        four[i] = _mm256_add_ps(_mm256_permute2f128_ps(eight[i], eight[i + 4], 0x20),
                                _mm256_permute2f128_ps(eight[i], eight[i + 4], 0x31));
    UNROLL for (int i = 0; i < 2; i++)
        two[i] = _mm256_add_ps(_mm256_shuffle_ps(four[2 * i], four[2 * i + 1], 0x44),
                               _mm256_shuffle_ps(four[2 * i], four[2 * i + 1], 0xee));
    return _mm256_add_ps(_mm256_shuffle_ps(two[0], two[1], 0x88),
                         _mm256_shuffle_ps(two[0], two[1], 0xdd));
}

/* The row's scores of this chunk, -infinity where it does not see; returns the largest of each
 * lane and of what was before. */
INLINE __m256 row_scores(float s[ATTENTION_CHUNK], const struct tile *t, const struct row *row,
                         dots_fn *dots)
{
    const struct kernel_attention *a = t->a;
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256 top = f32(row->max);
    int from = row->from - t->chunk, to = row->to - t->chunk;
    for (int j = 0; j < ATTENTION_CHUNK; j += 8) {
        __m256 v = f32(-INFINITY);
        if (j < to && j + 8 > from) {
            v = _mm256_mul_ps(dots(row->q, t->keys + (size_t)j * t->dim, t->dim), f32(a->scale));
            if (a->softcap > 0)
                v = _mm256_mul_ps(f32(a->softcap), tanh256(_mm256_div_ps(v, f32(a->softcap))));
            __m256i at = _mm256_add_epi32(index, _mm256_set1_epi32(j));
            __m256i seen = _mm256_andnot_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32(from), at),
                                               _mm256_cmpgt_epi32(_mm256_set1_epi32(to), at));
            v = _mm256_blendv_ps(f32(-INFINITY), v, _mm256_castsi256_ps(seen));
            top = _mm256_max_ps(top, v);
        }
        _mm256_storeu_ps(s + j, v);
    }
    return top;
}

/* Scores to p in place; updates the row's max and sum and returns alpha. */
INLINE float row_softmax(float p[ATTENTION_CHUNK], struct row *row, __m256 top)
{
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(top), _mm256_extractf128_ps(top, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    float max = _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
    float alpha = exp_f32(row->max - max);
    struct lanes sum = lanes_zero();
    UNROLL for (int j = 0; j < ATTENTION_CHUNK; j += 16)
    {
        __m256 low = exp256(_mm256_sub_ps(_mm256_loadu_ps(p + j), f32(max)));
        __m256 high = exp256(_mm256_sub_ps(_mm256_loadu_ps(p + j + 8), f32(max)));
        _mm256_storeu_ps(p + j, low);
        _mm256_storeu_ps(p + j + 8, high);
        sum.low = _mm256_add_ps(sum.low, low);
        sum.high = _mm256_add_ps(sum.high, high);
    }
    row->sum = fmaf(row->sum, alpha, fold256(sum));
    row->max = max;
    return alpha;
}

static inline int clamp(int x, int from, int to)
{
    return x < from ? from : x > to ? to : x;
}

/* Rows that see the same keys of the chunk go together. */
INLINE void add_chunk(struct tile *t, const struct version *version)
{
    float p[TOGETHER_MAX][ATTENTION_CHUNK] __attribute__((aligned(64))), alpha[TOGETHER_MAX];
    for (int r = 0, n; r < t->n_rows; r += n) {
        int from = clamp(t->rows[r].from - t->chunk, 0, ATTENTION_CHUNK);
        int to = clamp(t->rows[r].to - t->chunk, 0, ATTENTION_CHUNK);
        for (n = 1; n < version->together && r + n < t->n_rows; n++) {
            const struct row *row = &t->rows[r + n];
            if (clamp(row->from - t->chunk, 0, ATTENTION_CHUNK) != from) break;
            if (clamp(row->to - t->chunk, 0, ATTENTION_CHUNK) != to) break;
        }
        if (from >= to) continue;
        /* One softmax is a chain of latencies; side by side the rows hide each other's. */
        __m256 top[TOGETHER_MAX];
        for (int i = 0; i < n; i++) top[i] = row_scores(p[i], t, &t->rows[r + i], version->dots);
        for (int i = 0; i < n; i++) alpha[i] = row_softmax(p[i], &t->rows[r + i], top[i]);
        version->outputs(t, &t->rows[r], p, alpha, from, to, n);
    }
}

/* Rows [first, first + n_rows) counted as query row * n_heads + head. */
static inline void tile_init(struct tile *t, const struct kernel_attention *a, int first, float *ws)
{
    float *next = ws + 2 * ATTENTION_CHUNK * t->dim;
    for (int r = 0; r < t->n_rows; r++) {
        int i = (first + r) / a->n_heads, h = (first + r) % a->n_heads;
        const float *q = a->q + (size_t)i * a->q_stride + (size_t)h * (size_t)a->head_dim;
        struct row *row = &t->rows[r];
        row->to = a->causal && a->pos0 + i + 1 < a->n_kv ? a->pos0 + i + 1 : a->n_kv;
        row->from = a->causal && a->window > 0 ? a->pos0 + i + 1 - a->window : 0;
        if (row->from < 0) row->from = 0;
        row->max = -INFINITY;
        row->sum = 0;
        row->q = next;
        memcpy(next, q, (size_t)a->head_dim * sizeof *q);
        memset(next + a->head_dim, 0, (t->dim - (size_t)a->head_dim) * sizeof *q);
        row->out = next + t->dim;
        memset(row->out, 0, t->dim * sizeof *q);
        next += 2 * t->dim;
    }
}

INLINE void tile_run(struct tile *t, int first, const struct version *version)
{
    const struct kernel_attention *a = t->a;
    int from = t->rows[0].from, to = t->rows[t->n_rows - 1].to; /* Both rise with the row. */
    for (t->chunk = from / ATTENTION_CHUNK * ATTENTION_CHUNK; t->chunk < to;
         t->chunk += ATTENTION_CHUNK) {
        int end = t->chunk + ATTENTION_CHUNK;
        load_chunk(t, from > t->chunk ? from : t->chunk, to < end ? to : end);
        add_chunk(t, version);
    }
    for (int r = 0; r < t->n_rows; r++) {
        int i = (first + r) / a->n_heads, h = (first + r) % a->n_heads;
        float *out = a->out + (size_t)i * a->out_stride + (size_t)h * (size_t)a->head_dim;
        float factor = t->rows[r].sum > 0 ? 1.0f / t->rows[r].sum : 0.0f;
        for (int d = 0; d < a->head_dim; d++) out[d] = t->rows[r].out[d] * factor;
    }
}

INLINE void attention_with(const struct kernel_attention *a, const struct version *version)
{
    float *ws = (float *)(((uintptr_t)a->ws + 63) & ~(uintptr_t)63);
    struct tile t = { .a = a, .dim = ((size_t)a->head_dim + 15) / 16 * 16 };
    t.keys = ws;
    t.values = ws + ATTENTION_CHUNK * t.dim;
    int n_rows = a->n_q * a->n_heads;
    for (int first = 0; first < n_rows; first += TILE_ROWS) {
        t.n_rows = n_rows - first < TILE_ROWS ? n_rows - first : TILE_ROWS;
        tile_init(&t, a, first, ws);
        tile_run(&t, first, version);
    }
}

#endif
