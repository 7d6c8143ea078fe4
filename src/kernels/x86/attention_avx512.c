/* Attention, AVX-512. Same bits as ref/attention_ref.c; how it goes is in attention_tile.h. */
#include "kernels/x86/attention_tile.h"

/* The 16 lanes of a key are one register. */
INLINE __m256 dots8(const float *q, const float *keys, size_t dim)
{
    __m512 sum[8];
    UNROLL for (int i = 0; i < 8; i++) sum[i] = _mm512_setzero_ps();
    for (size_t d = 0; d < dim; d += 16) {
        __m512 v = _mm512_loadu_ps(q + d);
        UNROLL for (size_t i = 0; i < 8; i++)
            sum[i] = _mm512_fmadd_ps(v, _mm512_loadu_ps(keys + i * dim + d), sum[i]);
    }
    __m256 eight[8];
    UNROLL for (int i = 0; i < 8; i++)
        eight[i] = _mm256_add_ps(_mm512_castps512_ps256(sum[i]), _mm512_extractf32x8_ps(sum[i], 1));
    return fold8(eight);
}

/* n rows and 16 * w dimensions from d. */
INLINE void outputs(const struct tile *t, struct row *rows, float (*p)[ATTENTION_CHUNK],
                    const float *alpha, int from, int to, size_t d, int n, int w)
{
    __m512 acc[4][4];
    UNROLL for (int r = 0; r < n; r++) UNROLL for (int i = 0; i < w; i++) acc[r][i] = _mm512_mul_ps(
        _mm512_loadu_ps(rows[r].out + d + 16 * i), _mm512_set1_ps(alpha[r]));
    for (int j = from; j < to; j++) {
        const float *values = t->values + (size_t)j * t->dim + d;
        __m512 v[4];
        UNROLL for (int i = 0; i < w; i++) v[i] = _mm512_loadu_ps(values + 16 * i);
        UNROLL for (int r = 0; r < n; r++)
        {
            __m512 weight = _mm512_set1_ps(p[r][j]);
            UNROLL for (int i = 0; i < w; i++) acc[r][i] = _mm512_fmadd_ps(weight, v[i], acc[r][i]);
        }
    }
    UNROLL for (int r = 0; r < n; r++) UNROLL for (int i = 0; i < w; i++)
        _mm512_storeu_ps(rows[r].out + d + 16 * i, acc[r][i]);
}

INLINE void outputs_wide(const struct tile *t, struct row *rows, float (*p)[ATTENTION_CHUNK],
                         const float *alpha, int from, int to, int n)
{
    size_t d = 0;
    for (; d + 64 <= t->dim; d += 64) outputs(t, rows, p, alpha, from, to, d, n, 4);
    for (; d < t->dim; d += 16) outputs(t, rows, p, alpha, from, to, d, n, 1);
}

INLINE void outputs_of(const struct tile *t, struct row *rows, float (*p)[ATTENTION_CHUNK],
                       const float *alpha, int from, int to, int n)
{
    switch (n) {
    case 1: outputs_wide(t, rows, p, alpha, from, to, 1); break;
    case 2: outputs_wide(t, rows, p, alpha, from, to, 2); break;
    case 3: outputs_wide(t, rows, p, alpha, from, to, 3); break;
    default: outputs_wide(t, rows, p, alpha, from, to, 4); break;
    }
}

static void attention(const struct kernel_attention *a)
{
    attention_with(a, &(const struct version){ dots8, outputs_of, 4 });
}

const struct kernel kernel_attention_avx512 = {
    .slot = KERNEL_ATTENTION,
    .isa = ISA_AVX2 | ISA_AVX512,
    .rank = 40,
    .fn.attention = attention,
};
