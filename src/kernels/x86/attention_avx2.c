/* Attention over paged keys and values, AVX2. Same bits as ref/attention_ref.c, which says what is
 * computed.
 *
 * Rows (a query row of one head) go through the chunks of keys in tiles of TILE_ROWS. The keys and
 * values of a chunk become f32 once for a tile, padded with zeros to a multiple of 16 values. Scores
 * keep 16 lanes of dimensions and are folded for 8 keys together; outputs have dimensions in lanes
 * and keys in order. */
#include "kernels/kernel.h"
#include "kernels/x86/vector_avx2.h"

enum { TILE_ROWS = 16 };

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

static const uint8_t *entry(const struct kernel_attention *a, const void *base, int j)
{
    const uint8_t *p = base;
    if (!a->blocks) return p + (size_t)j * a->token_stride;
    return p + (size_t)a->blocks[j / a->block_len] * a->block_stride +
           (size_t)(j % a->block_len) * a->token_stride;
}

static void load_entry(float *ret, const struct kernel_attention *a, const uint8_t *p, size_t dim)
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
static void load_chunk(struct tile *t, int from, int to)
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

/* q . k for 8 keys; each in 16 lanes, then folded 16 -> 8 -> 4 -> 2 -> 1. */
INLINE __m256 dots8(const float *q, const float *keys, size_t dim)
{
    __m256 eight[8];
    UNROLL for (int half = 0; half < 2; half++)
    {
        __m256 low[4], high[4];
        const float *k = keys + (size_t)half * 4 * dim;
        UNROLL for (int i = 0; i < 4; i++) low[i] = high[i] = _mm256_setzero_ps();
        for (size_t d = 0; d < dim; d += 16) {
            __m256 q0 = _mm256_loadu_ps(q + d), q1 = _mm256_loadu_ps(q + d + 8);
            UNROLL for (size_t i = 0; i < 4; i++)
            {
                low[i] = _mm256_fmadd_ps(q0, _mm256_loadu_ps(k + i * dim + d), low[i]);
                high[i] = _mm256_fmadd_ps(q1, _mm256_loadu_ps(k + i * dim + d + 8), high[i]);
            }
        }
        UNROLL for (int i = 0; i < 4; i++) eight[4 * half + i] = _mm256_add_ps(low[i], high[i]);
    }
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

/* The row's p of this chunk, 0 where it does not see; updates max and sum and returns alpha. */
static float row_scores(float p[ATTENTION_CHUNK], const struct tile *t, struct row *row)
{
    const struct kernel_attention *a = t->a;
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256 top = f32(row->max);
    int from = row->from - t->chunk, to = row->to - t->chunk;
    for (int j = 0; j < ATTENTION_CHUNK; j += 8) {
        __m256 s = f32(-INFINITY);
        if (j < to && j + 8 > from) {
            s = _mm256_mul_ps(dots8(row->q, t->keys + (size_t)j * t->dim, t->dim), f32(a->scale));
            if (a->softcap > 0)
                s = _mm256_mul_ps(f32(a->softcap), tanh256(_mm256_div_ps(s, f32(a->softcap))));
            __m256i at = _mm256_add_epi32(index, _mm256_set1_epi32(j));
            __m256i seen = _mm256_andnot_si256(_mm256_cmpgt_epi32(_mm256_set1_epi32(from), at),
                                               _mm256_cmpgt_epi32(_mm256_set1_epi32(to), at));
            s = _mm256_blendv_ps(f32(-INFINITY), s, _mm256_castsi256_ps(seen));
            top = _mm256_max_ps(top, s);
        }
        _mm256_storeu_ps(p + j, s);
    }
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(top), _mm256_extractf128_ps(top, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    float max = _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
    float alpha = exp_f32(row->max - max);
    struct lanes sum = lanes_zero();
    for (int j = 0; j < ATTENTION_CHUNK; j += 16) {
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

/* out = out * alpha + sum over keys [from, to) of p * v, for n rows and 16 * w dimensions. */
INLINE void outputs(float *const out[], float (*p)[ATTENTION_CHUNK], const float *alpha,
                    const float *values, size_t dim, int from, int to, int n, int w)
{
    __m256 acc[2][4];
    UNROLL for (int r = 0; r < n; r++) UNROLL for (int i = 0; i < 2 * w; i++)
        acc[r][i] = _mm256_mul_ps(_mm256_loadu_ps(out[r] + 8 * i), f32(alpha[r]));
    for (int j = from; j < to; j++) {
        const float *v = values + (size_t)j * dim;
        UNROLL for (int r = 0; r < n; r++) UNROLL for (int i = 0; i < 2 * w; i++)
            acc[r][i] = _mm256_fmadd_ps(_mm256_broadcast_ss(&p[r][j]), _mm256_loadu_ps(v + 8 * i),
                                        acc[r][i]);
    }
    UNROLL for (int r = 0; r < n; r++) UNROLL for (int i = 0; i < 2 * w; i++)
        _mm256_storeu_ps(out[r] + 8 * i, acc[r][i]);
}

/* All dimensions of n (1 or 2) rows that see the same keys of this chunk. */
INLINE void outputs_of(struct row *rows, float (*p)[ATTENTION_CHUNK], const float *alpha,
                       const struct tile *t, int from, int to, int n)
{
    size_t d = 0;
    for (; d < t->dim; d += 32) {
        float *out[2] = { rows[0].out + d, rows[n - 1].out + d };
        if (d + 32 <= t->dim)
            outputs(out, p, alpha, t->values + d, t->dim, from, to, n, 2);
        else
            outputs(out, p, alpha, t->values + d, t->dim, from, to, n, 1);
    }
}

static int clamp(int x, int from, int to)
{
    return x < from ? from : x > to ? to : x;
}

static void add_chunk(struct tile *t)
{
    float p[2][ATTENTION_CHUNK], alpha[2];
    for (int r = 0; r < t->n_rows;) {
        int from[2], to[2], n = 0;
        for (; n < 2 && r + n < t->n_rows; n++) {
            struct row *row = &t->rows[r + n];
            from[n] = clamp(row->from - t->chunk, 0, ATTENTION_CHUNK);
            to[n] = clamp(row->to - t->chunk, 0, ATTENTION_CHUNK);
            if (from[n] >= to[n] || (n && (from[1] != from[0] || to[1] != to[0]))) break;
            alpha[n] = row_scores(p[n], t, row);
        }
        if (n == 2)
            outputs_of(&t->rows[r], p, alpha, t, from[0], to[0], 2);
        else if (n == 1)
            outputs_of(&t->rows[r], p, alpha, t, from[0], to[0], 1);
        r += n ? n : 1;
    }
}

/* Rows [first, first + n_rows) counted as query row * n_heads + head. */
static void tile_init(struct tile *t, const struct kernel_attention *a, int first, float *ws)
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

static void tile_run(struct tile *t, int first)
{
    const struct kernel_attention *a = t->a;
    int from = t->rows[0].from, to = t->rows[t->n_rows - 1].to; /* Both rise with the row. */
    for (t->chunk = from / ATTENTION_CHUNK * ATTENTION_CHUNK; t->chunk < to;
         t->chunk += ATTENTION_CHUNK) {
        int end = t->chunk + ATTENTION_CHUNK;
        load_chunk(t, from > t->chunk ? from : t->chunk, to < end ? to : end);
        add_chunk(t);
    }
    for (int r = 0; r < t->n_rows; r++) {
        int i = (first + r) / a->n_heads, h = (first + r) % a->n_heads;
        float *out = a->out + (size_t)i * a->out_stride + (size_t)h * (size_t)a->head_dim;
        float factor = t->rows[r].sum > 0 ? 1.0f / t->rows[r].sum : 0.0f;
        for (int d = 0; d < a->head_dim; d++) out[d] = t->rows[r].out[d] * factor;
    }
}

static void attention(const struct kernel_attention *a)
{
    float *ws = (float *)(((uintptr_t)a->ws + 63) & ~(uintptr_t)63);
    struct tile t = { .a = a, .dim = ((size_t)a->head_dim + 15) / 16 * 16 };
    t.keys = ws;
    t.values = ws + ATTENTION_CHUNK * t.dim;
    int n_rows = a->n_q * a->n_heads;
    for (int first = 0; first < n_rows; first += TILE_ROWS) {
        t.n_rows = n_rows - first < TILE_ROWS ? n_rows - first : TILE_ROWS;
        tile_init(&t, a, first, ws);
        tile_run(&t, first);
    }
}

const struct kernel kernel_attention_avx2 = {
    .slot = KERNEL_ATTENTION,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.attention = attention,
};
