/* Attention, AVX2. Same bits as ref/attention_ref.c; how it goes is in attention_tile.h. */
#include "kernels/x86/vector_avx2.h"

enum { VEC = 8 };
typedef __m256 vec;

INLINE vec vec_set(float x)
{
    return _mm256_set1_ps(x);
}

INLINE vec vec_load(const float *p)
{
    return _mm256_loadu_ps(p);
}

INLINE vec vec_half(const uint8_t *p)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)p));
}

INLINE vec vec_codes(const uint8_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const void *)p)));
}

INLINE void vec_store(float *p, vec x)
{
    _mm256_storeu_ps(p, x);
}

INLINE vec vec_add(vec x, vec y)
{
    return _mm256_add_ps(x, y);
}

INLINE vec vec_sub(vec x, vec y)
{
    return _mm256_sub_ps(x, y);
}

INLINE vec vec_mul(vec x, vec y)
{
    return _mm256_mul_ps(x, y);
}

INLINE vec vec_fma(vec x, vec y, vec z)
{
    return _mm256_fmadd_ps(x, y, z);
}

INLINE vec vec_max(vec x, vec y)
{
    return _mm256_max_ps(x, y);
}

INLINE vec vec_exp(vec x)
{
    return exp256(x);
}

/* The largest value. */
INLINE float vec_top(vec x)
{
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/* 16 lanes to their sum. */
INLINE float vec_fold(const vec lanes[2])
{
    return fold256((struct lanes){ lanes[0], lanes[1] });
}

#include "kernels/x86/attention_tile.h"

const struct kernel kernel_attention_avx2 = {
    .slot = KERNEL_ATTENTION,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.attention = attention,
};
