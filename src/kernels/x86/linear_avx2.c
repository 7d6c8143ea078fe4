/* Linear layers with quantised weights, AVX2; how it goes is in linear_tile.h. Same bits as
 * ref/linear_ref.c.
 *
 * For each quad (4 k) two weight registers (8 rows each) meet the broadcast codes of each token in
 * vpmaddubsw, which never saturates (63 * 127 * 2 < 32768). Its int16 sums over a block start at
 * -centre * (sum of codes), so a sum on its way is that of (w - centre) * a over the products done
 * and of -centre * a over those to come, and never leaves int16:
 *
 *     Q4_1, Q4_K       15 * 127 * 16 = 30480
 *     Q4_0             8 * 127 * 16 = 16256
 *     Q5_0 Q5_1 Q5_K   16 * 127 * 16 = 32512
 *     Q6_K, of 16 k    32 * 127 * 8 = 32512
 *
 * Q8_0 moves the sign of the weight to the activation; |w| * |a| * 2 <= 128 * 127 * 2 = 32512 fits,
 * and each product is widened at once. */
#include "kernels/x86/linear_tile.h"

enum { TOKENS_UNPACK = 16 };

INLINE __m256i add16(__m256i acc, __m256i w, __m256i a)
{
    acc = _mm256_add_epi16(acc, _mm256_maddubs_epi16(w, a));
    KEEP(acc);
    return acc;
}

INLINE __m256i add_signed(__m256i acc, __m256i w, __m256i magnitude, __m256i a)
{
    __m256i products = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(a, w));
    acc = _mm256_add_epi32(acc, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
    KEEP(acc);
    return acc;
}

/* Unsigned, except Q8_0. */
INLINE void quad(__m256i w[2], const struct source *s, int q)
{
    panel_quad(&w[0], &w[1], s->unpacked ? DTYPE_Q8_0 : s->dtype, s->codes, q);
}

/* Each scale twice as int16. */
INLINE __m256i sub_scale(const struct source *s, int k16, int half)
{
    if (s->unpacked) return unpacked_sub_scale(s, k16, half);
    __m256i x = panel_sub_scale(&s->at, k16, half);
    return _mm256_blend_epi16(x, _mm256_slli_epi32(x, 16), 0xaa);
}

/* acc[token][half] = the int32 dots of a block; of Q6_K the int16 sums of its first 16 k. */
INLINE void block_dots(__m256i acc[ACT_GROUP][2], const struct source *s, const uint8_t *a, int g)
{
    const enum dtype t = s->dtype;
    const int centre = dtype_centre_log2(t), quads = t == DTYPE_Q6_K ? 4 : 8;
    UNROLL for (int c = 0; c < g; c++)
    {
        __m256i start = _mm256_setzero_si256();
        if (centre) {
            start = broadcast32(a + 40 * g + 4 * c);
            if (t == DTYPE_Q6_K) start = _mm256_sub_epi16(start, broadcast32(a + 44 * g + 4 * c));
            start = _mm256_slli_epi16(start, centre);
        }
        acc[c][0] = acc[c][1] = start;
    }
    UNROLL for (int q = 0; q < quads; q++)
    {
        __m256i w[2], m[2];
        quad(w, s, q);
        if (t == DTYPE_Q8_0)
            for (int h = 0; h < 2; h++) m[h] = _mm256_abs_epi8(w[h]);
        UNROLL for (int c = 0; c < g; c++)
        {
            __m256i x = broadcast32(a + (q * g + c) * 4);
            for (int h = 0; h < 2; h++)
                acc[c][h] = t == DTYPE_Q8_0 ? add_signed(acc[c][h], w[h], m[h], x)
                                            : add16(acc[c][h], w[h], x);
        }
    }
    if (t == DTYPE_Q8_0 || t == DTYPE_Q6_K) return;
    UNROLL for (int c = 0; c < g; c++) for (int h = 0; h < 2; h++)
        acc[c][h] = _mm256_madd_epi16(acc[c][h], _mm256_set1_epi16(1));
}

/* Q6_K's second 16 k: acc comes with the int16 sums of the first. */
INLINE void block_dots_six(__m256i acc[ACT_GROUP][2], const struct source *s, const uint8_t *a,
                           int g)
{
    UNROLL for (int c = 0; c < g; c++) for (int h = 0; h < 2; h++)
        acc[c][h] = _mm256_madd_epi16(acc[c][h], sub_scale(s, 0, h));
    /* Two tokens at a time: with their int32 sums that is what the registers hold. */
    UNROLL for (int c0 = 0; c0 < g; c0 += 2)
    {
        __m256i second[2][2];
        int n = g - c0 < 2 ? 1 : 2;
        for (int c = 0; c < n; c++)
            second[c][0] = second[c][1] = _mm256_slli_epi16(broadcast32(a + 44 * g + 4 * (c0 + c)),
                                                            5);
        UNROLL for (int q = 4; q < 8; q++)
        {
            __m256i w[2];
            quad(w, s, q);
            for (int c = 0; c < n; c++) {
                __m256i x = broadcast32(a + (q * g + c0 + c) * 4);
                for (int h = 0; h < 2; h++) second[c][h] = add16(second[c][h], w[h], x);
            }
        }
        for (int c = 0; c < n; c++)
            for (int h = 0; h < 2; h++)
                acc[c0 + c][h] = _mm256_add_epi32(
                    acc[c0 + c][h], _mm256_madd_epi16(second[c][h], sub_scale(s, 1, h)));
    }
}

INLINE void dots(__m256 dot[ACT_GROUP][2], const struct source *s, const uint8_t *a, int g)
{
    __m256i acc[ACT_GROUP][2];
    block_dots(acc, s, a, g);
    if (s->dtype == DTYPE_Q6_K) block_dots_six(acc, s, a, g);
    UNROLL for (int c = 0; c < g; c++) for (int h = 0; h < 2; h++)
        dot[c][h] = _mm256_cvtepi32_ps(acc[c][h]);
}

static const struct version avx2 = { quad, sub_scale, dots };

LINEAR(avx2, TOKENS_UNPACK, q4_0, DTYPE_Q4_0)
LINEAR(avx2, TOKENS_UNPACK, q4_1, DTYPE_Q4_1)
LINEAR(avx2, TOKENS_UNPACK, q5_0, DTYPE_Q5_0)
LINEAR(avx2, TOKENS_UNPACK, q5_1, DTYPE_Q5_1)
LINEAR(avx2, TOKENS_UNPACK, q8_0, DTYPE_Q8_0)
LINEAR(avx2, TOKENS_UNPACK, q4_k, DTYPE_Q4_K)
LINEAR(avx2, TOKENS_UNPACK, q5_k, DTYPE_Q5_K)
LINEAR(avx2, TOKENS_UNPACK, q6_k, DTYPE_Q6_K)

const struct kernel kernel_linear_q4_0_avx2 = {
    .slot = KERNEL_LINEAR_Q4_0,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q4_0,
};
const struct kernel kernel_linear_q4_1_avx2 = {
    .slot = KERNEL_LINEAR_Q4_1,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q4_1,
};
const struct kernel kernel_linear_q5_0_avx2 = {
    .slot = KERNEL_LINEAR_Q5_0,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q5_0,
};
const struct kernel kernel_linear_q5_1_avx2 = {
    .slot = KERNEL_LINEAR_Q5_1,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q5_1,
};
const struct kernel kernel_linear_q8_0_avx2 = {
    .slot = KERNEL_LINEAR_Q8_0,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q8_0,
};
const struct kernel kernel_linear_q4_k_avx2 = {
    .slot = KERNEL_LINEAR_Q4_K,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q4_k,
};
const struct kernel kernel_linear_q5_k_avx2 = {
    .slot = KERNEL_LINEAR_Q5_K,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q5_k,
};
const struct kernel kernel_linear_q6_k_avx2 = {
    .slot = KERNEL_LINEAR_Q6_K,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_q6_k,
};
