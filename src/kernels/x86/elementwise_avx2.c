/* Kernels that treat each value alone, AVX2. Same bits as ref/elementwise_ref.c. */
#include "kernels/kernel.h"
#include "kernels/x86/vector_avx2.h"

typedef __m256 map1_fn(__m256 x);
typedef __m256 map2_fn(__m256 a, __m256 b);

INLINE void map1(float *y, const float *x, size_t n, map1_fn *fn)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(y + i, fn(_mm256_loadu_ps(x + i)));
    if (i == n) return;
    __m256i mask = tail_mask(n - i);
    _mm256_maskstore_ps(y + i, mask, fn(_mm256_maskload_ps(x + i, mask)));
}

INLINE void map2(float *y, const float *a, const float *b, size_t n, map2_fn *fn)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(y + i, fn(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i)));
    if (i == n) return;
    __m256i mask = tail_mask(n - i);
    __m256 v = fn(_mm256_maskload_ps(a + i, mask), _mm256_maskload_ps(b + i, mask));
    _mm256_maskstore_ps(y + i, mask, v);
}

INLINE __m256 silu_mul256(__m256 a, __m256 b)
{
    return _mm256_mul_ps(silu256(a), b);
}

INLINE __m256 gelu_tanh_mul256(__m256 a, __m256 b)
{
    return _mm256_mul_ps(gelu_tanh256(a), b);
}

INLINE __m256 add256(__m256 a, __m256 b)
{
    return _mm256_add_ps(a, b);
}

INLINE __m256 mul256(__m256 a, __m256 b)
{
    return _mm256_mul_ps(a, b);
}

static void silu(float *y, const float *x, size_t n)
{
    map1(y, x, n, silu256);
}

static void gelu_erf(float *y, const float *x, size_t n)
{
    map1(y, x, n, gelu_erf256);
}

static void gelu_tanh(float *y, const float *x, size_t n)
{
    map1(y, x, n, gelu_tanh256);
}

static void tanh_rows(float *y, const float *x, size_t n)
{
    map1(y, x, n, tanh256);
}

static void silu_mul(float *y, const float *a, const float *b, size_t n)
{
    map2(y, a, b, n, silu_mul256);
}

static void gelu_tanh_mul(float *y, const float *a, const float *b, size_t n)
{
    map2(y, a, b, n, gelu_tanh_mul256);
}

static void add(float *y, const float *a, const float *b, size_t n)
{
    map2(y, a, b, n, add256);
}

static void mul(float *y, const float *a, const float *b, size_t n)
{
    map2(y, a, b, n, mul256);
}

static void scale(float *y, const float *x, float factor, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(y + i, _mm256_mul_ps(_mm256_loadu_ps(x + i), f32(factor)));
    for (; i < n; i++) y[i] = x[i] * factor;
}

static void mean_pool(float *y, const float *x, size_t x_stride, int n, int d)
{
    float factor = 1.0f / (float)n;
    int i = 0;
    for (; i + 8 <= d; i += 8) {
        __m256 sum = _mm256_setzero_ps();
        for (int t = 0; t < n; t++)
            sum = _mm256_add_ps(sum, _mm256_loadu_ps(x + (size_t)t * x_stride + (size_t)i));
        _mm256_storeu_ps(y + i, _mm256_mul_ps(sum, f32(factor)));
    }
    for (; i < d; i++) {
        float sum = 0;
        for (int t = 0; t < n; t++) sum = sum + x[(size_t)t * x_stride + (size_t)i];
        y[i] = sum * factor;
    }
}

static void f32_to_f16(uint16_t *y, const float *x, size_t n)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm_storeu_si128((void *)(y + i),
                         _mm256_cvtps_ph(_mm256_loadu_ps(x + i), _MM_FROUND_TO_NEAREST_INT));
    for (; i < n; i++) y[i] = f16_of_f32(x[i]);
}

static void dequant_f16(float *y, const void *x, size_t n)
{
    const uint8_t *p = x;
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const void *)(p + 2 * i))));
    for (; i < n; i++) y[i] = load_f16(p + 2 * i);
}

const struct kernel kernel_silu_avx2 = {
    .slot = KERNEL_SILU,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.unary = silu,
};
const struct kernel kernel_gelu_erf_avx2 = {
    .slot = KERNEL_GELU_ERF,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.unary = gelu_erf,
};
const struct kernel kernel_gelu_tanh_avx2 = {
    .slot = KERNEL_GELU_TANH,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.unary = gelu_tanh,
};
const struct kernel kernel_tanh_avx2 = {
    .slot = KERNEL_TANH,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.unary = tanh_rows,
};
const struct kernel kernel_silu_mul_avx2 = {
    .slot = KERNEL_SILU_MUL,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.binary = silu_mul,
};
const struct kernel kernel_gelu_tanh_mul_avx2 = {
    .slot = KERNEL_GELU_TANH_MUL,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.binary = gelu_tanh_mul,
};
const struct kernel kernel_add_avx2 = {
    .slot = KERNEL_ADD,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.binary = add,
};
const struct kernel kernel_mul_avx2 = {
    .slot = KERNEL_MUL,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.binary = mul,
};
const struct kernel kernel_scale_avx2 = {
    .slot = KERNEL_SCALE,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.scale = scale,
};
const struct kernel kernel_mean_pool_avx2 = {
    .slot = KERNEL_MEAN_POOL,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.mean = mean_pool,
};
const struct kernel kernel_f32_to_f16_avx2 = {
    .slot = KERNEL_F32_TO_F16,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.to_half = f32_to_f16,
};
const struct kernel kernel_dequant_f16_avx2 = {
    .slot = KERNEL_DEQUANT_F16,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.dequant = dequant_f16,
};
