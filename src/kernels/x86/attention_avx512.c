/* Attention, AVX-512. Same bits as ref/attention_ref.c; how it goes is in attention_tile.h. */
#include "kernels/x86/vector_avx2.h"

enum { VEC = 16 };
typedef __m512 vec;

INLINE vec vec_set(float x)
{
    return _mm512_set1_ps(x);
}

INLINE vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

INLINE vec vec_half(const uint8_t *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)p));
}

INLINE vec vec_codes(const uint8_t *p)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)p)));
}

INLINE void vec_store(float *p, vec x)
{
    _mm512_storeu_ps(p, x);
}

INLINE vec vec_add(vec x, vec y)
{
    return _mm512_add_ps(x, y);
}

INLINE vec vec_sub(vec x, vec y)
{
    return _mm512_sub_ps(x, y);
}

INLINE vec vec_mul(vec x, vec y)
{
    return _mm512_mul_ps(x, y);
}

INLINE vec vec_fma(vec x, vec y, vec z)
{
    return _mm512_fmadd_ps(x, y, z);
}

INLINE vec vec_max(vec x, vec y)
{
    return _mm512_max_ps(x, y);
}

/* exp_f32, 16 at a time. */
INLINE vec vec_exp(vec x)
{
    vec c = _mm512_min_ps(vec_set(EXP_MAX), x);
    c = _mm512_max_ps(vec_set(EXP_MIN), c);
    vec t = vec_fma(c, vec_set(EXP_LOG2E), vec_set(EXP_ROUND));
    vec n = vec_sub(t, vec_set(EXP_ROUND));
    vec r = vec_fma(n, vec_set(-EXP_LN2_HI), c);
    r = vec_fma(n, vec_set(-EXP_LN2_LO), r);
    vec p = vec_fma(vec_set(EXP_P4), r, vec_set(EXP_P3));
    p = vec_fma(p, r, vec_set(EXP_P2));
    p = vec_fma(p, r, vec_set(EXP_P1));
    p = vec_fma(p, r, vec_set(EXP_P0));
    p = vec_fma(p, r, vec_set(1.0f));
    p = vec_fma(p, r, vec_set(1.0f));
    __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(t), 23);
    __m512i y = _mm512_add_epi32(_mm512_castps_si512(p), exponent);
    __mmask16 counts = _mm512_cmp_ps_mask(x, vec_set(EXP_MIN), _CMP_NLT_UQ);
    return _mm512_castsi512_ps(_mm512_maskz_mov_epi32(counts, y));
}

INLINE __m256 high_half(vec x)
{
    return _mm512_extractf32x8_ps(x, 1);
}

/* The largest value. */
INLINE float vec_top(vec x)
{
    __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(x), high_half(x));
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/* 16 lanes to their sum. */
INLINE float vec_fold(const vec lanes[1])
{
    return fold256((struct lanes){ _mm512_castps512_ps256(lanes[0]), high_half(lanes[0]) });
}

#include "kernels/x86/attention_tile.h"

const struct kernel kernel_attention_avx512 = {
    .slot = KERNEL_ATTENTION,
    .isa = ISA_AVX2 | ISA_AVX512,
    .rank = 40,
    .fn.attention = attention,
};
