/* Attention, AVX2. Same bits as ref/attention_ref.c; how it goes is in attention_tile.h. */
#include "kernels/x86/attention_tile.h"

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
    return fold8(eight);
}

/* n (1 or 2) rows and 16 * w dimensions. */
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

static void outputs_of(const struct tile *t, struct row *rows, float (*p)[ATTENTION_CHUNK],
                       const float *alpha, int from, int to, int n)
{
    if (n > 2) {
        outputs_of(t, rows + 2, p + 2, alpha + 2, from, to, n - 2);
        n = 2;
    }
    for (size_t d = 0; d < t->dim; d += 32) {
        float *out[2] = { rows[0].out + d, rows[n - 1].out + d };
        const float *values = t->values + d;
        bool whole = d + 32 <= t->dim;
        if (n == 2 && whole)
            outputs(out, p, alpha, values, t->dim, from, to, 2, 2);
        else if (n == 2)
            outputs(out, p, alpha, values, t->dim, from, to, 2, 1);
        else if (whole)
            outputs(out, p, alpha, values, t->dim, from, to, 1, 2);
        else
            outputs(out, p, alpha, values, t->dim, from, to, 1, 1);
    }
}

static void attention(const struct kernel_attention *a)
{
    attention_with(a, &(const struct version){ dots8, outputs_of, 4 });
}

const struct kernel kernel_attention_avx2 = {
    .slot = KERNEL_ATTENTION,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.attention = attention,
};
