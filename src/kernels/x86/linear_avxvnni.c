/* Linear layers with quantised weights, AVX-VNNI; how it goes is in linear_tile.h. Same bits as
 * ref/linear_ref.c.
 *
 * vpdpbusd adds the four products of each row with a token's broadcast codes to an int32, exactly.
 * Weights are made unsigned (Q8_0: + 128), and sums start at -centre * (sum of codes). Q6_K's total
 * sc0 * dot0 + sc1 * dot1 is at most 2 * 128 * 32 * 127 * 16 < 2^24, so f32 computes it exactly. */
#include "kernels/x86/linear_tile.h"

enum { TOKENS_UNPACK = 12 };

INLINE void quad(__m256i w[2], const struct source *s, int q)
{
    panel_quad(&w[0], &w[1], s->unpacked ? DTYPE_Q8_0 : s->dtype, s->codes, q);
    if (s->unpacked || s->dtype != DTYPE_Q8_0) return;
    for (int h = 0; h < 2; h++) w[h] = _mm256_xor_si256(w[h], _mm256_set1_epi8(-128));
}

/* Of 8 rows, f32. */
INLINE __m256i sub_scale(const struct source *s, int k16, int half)
{
    if (s->unpacked) return unpacked_sub_scale(s, k16, half);
    return _mm256_castps_si256(_mm256_cvtepi32_ps(panel_sub_scale(&s->at, k16, half)));
}

/* -centre * (sum of codes) for token c of g, for all 32 k, or Q6_K's k16. */
INLINE __m256i start_of(enum dtype t, const uint8_t *a, int c, int g, int k16)
{
    int centre = t == DTYPE_Q8_0 ? 128 : dtype_centre_log2(t) ? 1 << dtype_centre_log2(t) : 0;
    if (!centre) return _mm256_setzero_si256();
    __m256i minus = broadcast32(a + (t == DTYPE_Q6_K && k16 ? 44 : 40) * g + 4 * c);
    if (t == DTYPE_Q6_K && !k16) minus = _mm256_sub_epi16(minus, broadcast32(a + 44 * g + 4 * c));
    return _mm256_madd_epi16(minus, _mm256_set1_epi16((int16_t)centre));
}

/* Of quads [from, to), for tokens [c0, c0 + n) of g. */
INLINE void block_dots(__m256i acc[][2], const struct source *s, const uint8_t *a, int c0, int n,
                       int g, int from, int to)
{
    UNROLL for (int c = 0; c < n; c++)
        acc[c][0] = acc[c][1] = start_of(s->dtype, a, c0 + c, g, from / 4);
    UNROLL for (int q = from; q < to; q++)
    {
        __m256i w[2];
        quad(w, s, q);
        UNROLL for (int c = 0; c < n; c++)
        {
            __m256i x = broadcast32(a + (q * g + c0 + c) * 4);
            for (int h = 0; h < 2; h++) acc[c][h] = _mm256_dpbusd_avx_epi32(acc[c][h], w[h], x);
        }
    }
}

/* Two tokens at a time: with their sums of 16 k that is what the registers hold. */
INLINE void dots_six(__m256 dot[ACT_GROUP][2], const struct source *s, const uint8_t *a, int g)
{
    UNROLL for (int c0 = 0; c0 < g; c0 += 2)
    {
        int n = g - c0 < 2 ? 1 : 2;
        UNROLL for (int k16 = 0; k16 < 2; k16++)
        {
            __m256i acc[2][2];
            block_dots(acc, s, a, c0, n, g, 4 * k16, 4 * k16 + 4);
            UNROLL for (int c = 0; c < n; c++) for (int h = 0; h < 2; h++)
            {
                __m256 sc = _mm256_castsi256_ps(sub_scale(s, k16, h));
                __m256 part = _mm256_cvtepi32_ps(acc[c][h]), *sum = &dot[c0 + c][h];
                *sum = k16 ? _mm256_fmadd_ps(part, sc, *sum) : _mm256_mul_ps(part, sc);
            }
        }
    }
}

INLINE void dots(__m256 dot[ACT_GROUP][2], const struct source *s, const uint8_t *a, int g)
{
    if (s->dtype == DTYPE_Q6_K) {
        dots_six(dot, s, a, g);
        return;
    }
    __m256i acc[ACT_GROUP][2];
    block_dots(acc, s, a, 0, g, g, 0, 8);
    UNROLL for (int c = 0; c < g; c++) for (int h = 0; h < 2; h++)
        dot[c][h] = _mm256_cvtepi32_ps(acc[c][h]);
}

static const struct version avxvnni = { quad, sub_scale, dots };

LINEAR(avxvnni, TOKENS_UNPACK, q4_0, DTYPE_Q4_0)
LINEAR(avxvnni, TOKENS_UNPACK, q4_1, DTYPE_Q4_1)
LINEAR(avxvnni, TOKENS_UNPACK, q5_0, DTYPE_Q5_0)
LINEAR(avxvnni, TOKENS_UNPACK, q5_1, DTYPE_Q5_1)
LINEAR(avxvnni, TOKENS_UNPACK, q8_0, DTYPE_Q8_0)
LINEAR(avxvnni, TOKENS_UNPACK, q4_k, DTYPE_Q4_K)
LINEAR(avxvnni, TOKENS_UNPACK, q5_k, DTYPE_Q5_K)
LINEAR(avxvnni, TOKENS_UNPACK, q6_k, DTYPE_Q6_K)

const struct kernel kernel_linear_q4_0_avxvnni = {
    .slot = KERNEL_LINEAR_Q4_0,
    .isa = ISA_AVX2 | ISA_AVXVNNI,
    .rank = 30,
    .fn.linear = linear_q4_0,
};
const struct kernel kernel_linear_q4_1_avxvnni = {
    .slot = KERNEL_LINEAR_Q4_1,
    .isa = ISA_AVX2 | ISA_AVXVNNI,
    .rank = 30,
    .fn.linear = linear_q4_1,
};
const struct kernel kernel_linear_q5_0_avxvnni = {
    .slot = KERNEL_LINEAR_Q5_0,
    .isa = ISA_AVX2 | ISA_AVXVNNI,
    .rank = 30,
    .fn.linear = linear_q5_0,
};
const struct kernel kernel_linear_q5_1_avxvnni = {
    .slot = KERNEL_LINEAR_Q5_1,
    .isa = ISA_AVX2 | ISA_AVXVNNI,
    .rank = 30,
    .fn.linear = linear_q5_1,
};
const struct kernel kernel_linear_q8_0_avxvnni = {
    .slot = KERNEL_LINEAR_Q8_0,
    .isa = ISA_AVX2 | ISA_AVXVNNI,
    .rank = 30,
    .fn.linear = linear_q8_0,
};
const struct kernel kernel_linear_q4_k_avxvnni = {
    .slot = KERNEL_LINEAR_Q4_K,
    .isa = ISA_AVX2 | ISA_AVXVNNI,
    .rank = 30,
    .fn.linear = linear_q4_k,
};
const struct kernel kernel_linear_q5_k_avxvnni = {
    .slot = KERNEL_LINEAR_Q5_K,
    .isa = ISA_AVX2 | ISA_AVXVNNI,
    .rank = 30,
    .fn.linear = linear_q5_k,
};
const struct kernel kernel_linear_q6_k_avxvnni = {
    .slot = KERNEL_LINEAR_Q6_K,
    .isa = ISA_AVX2 | ISA_AVXVNNI,
    .rank = 30,
    .fn.linear = linear_q6_k,
};
