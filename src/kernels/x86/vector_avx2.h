/* vector_avx2 - lanes.h in AVX2: the same operations in the same order, 8 values at a time.
 *
 * 16 lanes of a sum are a pair of registers. Rows end in a masked part: tail_mask(). */
#ifndef TIRO_KERNELS_X86_VECTOR_AVX2_H
#define TIRO_KERNELS_X86_VECTOR_AVX2_H

#include "kernels/lanes.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/* The first n (0..8) values of a register. */
INLINE __m256i tail_mask(size_t n)
{
    static const int32_t table[16] = { -1, -1, -1, -1, -1, -1, -1, -1 };
    return _mm256_loadu_si256((const void *)(table + 8 - (n < 8 ? n : 8)));
}

INLINE __m256 f32(float x)
{
    return _mm256_set1_ps(x);
}

struct lanes {
    __m256 low, high; /* Lanes 0-7 and 8-15. */
};

INLINE struct lanes lanes_zero(void)
{
    return (struct lanes){ _mm256_setzero_ps(), _mm256_setzero_ps() };
}

INLINE float fold256(struct lanes s)
{
    __m256 eight = _mm256_add_ps(s.low, s.high);
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

INLINE __m256 exp256(__m256 x)
{
    __m256 c = _mm256_min_ps(f32(EXP_MAX), x);
    c = _mm256_max_ps(f32(EXP_MIN), c);
    __m256 t = _mm256_fmadd_ps(c, f32(EXP_LOG2E), f32(EXP_ROUND));
    __m256 n = _mm256_sub_ps(t, f32(EXP_ROUND));
    __m256 r = _mm256_fmadd_ps(n, f32(-EXP_LN2_HI), c);
    r = _mm256_fmadd_ps(n, f32(-EXP_LN2_LO), r);
    __m256 p = _mm256_fmadd_ps(f32(EXP_P4), r, f32(EXP_P3));
    p = _mm256_fmadd_ps(p, r, f32(EXP_P2));
    p = _mm256_fmadd_ps(p, r, f32(EXP_P1));
    p = _mm256_fmadd_ps(p, r, f32(EXP_P0));
    p = _mm256_fmadd_ps(p, r, f32(1.0f));
    p = _mm256_fmadd_ps(p, r, f32(1.0f));
    __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(t), 23);
    __m256 y = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), exponent));
    return _mm256_andnot_ps(_mm256_cmp_ps(x, f32(EXP_MIN), _CMP_LT_OQ), y);
}

INLINE __m256 abs256(__m256 x)
{
    return _mm256_andnot_ps(f32(-0.0f), x);
}

/* Largest magnitude of 32 values as bits: NaN above infinity above all else. */
INLINE float amax32(const __m256 x[4])
{
    __m256i a = _mm256_castps_si256(abs256(x[0])), b = _mm256_castps_si256(abs256(x[1]));
    a = _mm256_max_epi32(a, _mm256_castps_si256(abs256(x[2])));
    b = _mm256_max_epi32(b, _mm256_castps_si256(abs256(x[3])));
    a = _mm256_max_epi32(a, b);
    __m128i m = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4e));
    m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0xb1));
    return f32_of_bits((uint32_t)_mm_cvtsi128_si32(m));
}

INLINE __m256 tanh256(__m256 x)
{
    __m256 a = abs256(x), u = _mm256_mul_ps(x, x);
    __m256 p = _mm256_fmadd_ps(f32(TANH_P4), u, f32(TANH_P3));
    p = _mm256_fmadd_ps(p, u, f32(TANH_P2));
    p = _mm256_fmadd_ps(p, u, f32(TANH_P1));
    p = _mm256_fmadd_ps(p, u, f32(TANH_P0));
    __m256 small = _mm256_fmadd_ps(_mm256_mul_ps(p, u), x, x);
    __m256 e = _mm256_add_ps(exp256(_mm256_add_ps(a, a)), f32(1.0f));
    __m256 large = _mm256_sub_ps(f32(1.0f), _mm256_div_ps(f32(2.0f), e));
    large = _mm256_or_ps(large, _mm256_and_ps(x, f32(-0.0f)));
    return _mm256_blendv_ps(large, small, _mm256_cmp_ps(a, f32(TANH_SMALL), _CMP_LT_OQ));
}

INLINE __m256 erfc256(__m256 z)
{
    __m256 u = _mm256_mul_ps(z, z);
    __m256 p = _mm256_fmadd_ps(f32(ERFC_P6), u, f32(ERFC_P5));
    p = _mm256_fmadd_ps(p, u, f32(ERFC_P4));
    p = _mm256_fmadd_ps(p, u, f32(ERFC_P3));
    p = _mm256_fmadd_ps(p, u, f32(ERFC_P2));
    p = _mm256_fmadd_ps(p, u, f32(ERFC_P1));
    p = _mm256_fmadd_ps(p, u, f32(ERFC_P0));
    __m256 t = _mm256_div_ps(f32(1.0f), _mm256_fmadd_ps(f32(0.4f), z, f32(1.0f)));
    __m256 q = _mm256_fmadd_ps(f32(ERFC_Q6), t, f32(ERFC_Q5));
    q = _mm256_fmadd_ps(q, t, f32(ERFC_Q4));
    q = _mm256_fmadd_ps(q, t, f32(ERFC_Q3));
    q = _mm256_fmadd_ps(q, t, f32(ERFC_Q2));
    q = _mm256_fmadd_ps(q, t, f32(ERFC_Q1));
    q = _mm256_fmadd_ps(q, t, f32(ERFC_Q0));
    __m256 small = _mm256_fnmadd_ps(p, z, f32(1.0f));
    __m256 e = exp256(_mm256_xor_ps(u, f32(-0.0f)));
    __m256 large = _mm256_mul_ps(_mm256_mul_ps(q, t), e);
    return _mm256_blendv_ps(large, small, _mm256_cmp_ps(z, f32(ERFC_SMALL), _CMP_LT_OQ));
}

INLINE __m256 silu256(__m256 x)
{
    __m256 e = exp256(_mm256_xor_ps(x, f32(-0.0f)));
    return _mm256_div_ps(x, _mm256_add_ps(f32(1.0f), e));
}

INLINE __m256 gelu_erf256(__m256 x)
{
    __m256 tail = erfc256(_mm256_mul_ps(abs256(x), f32(0.70710678f)));
    __m256 head = _mm256_sub_ps(f32(2.0f), tail);
    __m256 negative = _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_LT_OQ);
    return _mm256_mul_ps(_mm256_mul_ps(f32(0.5f), x), _mm256_blendv_ps(head, tail, negative));
}

INLINE __m256 gelu_tanh256(__m256 x)
{
    __m256 cubic = _mm256_mul_ps(_mm256_mul_ps(f32(0.044715f), x), x);
    __m256 inner = _mm256_mul_ps(f32(0.7978845608f), _mm256_fmadd_ps(cubic, x, x));
    __m256 one = _mm256_add_ps(f32(1.0f), tanh256(inner));
    return _mm256_mul_ps(_mm256_mul_ps(f32(0.5f), x), one);
}

#endif
