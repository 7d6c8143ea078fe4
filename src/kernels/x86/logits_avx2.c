/* What sampling asks of a chunk of logits, AVX2. Same bits as ref/logits_ref.c. */
#include "kernels/kernel.h"
#include "kernels/x86/vector_avx2.h"

/* max_ps gives its second operand when one is a NaN: the maximum so far. */
static float maximum(const float *x, size_t n)
{
    __m256 a = f32(-INFINITY), b = a;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        a = _mm256_max_ps(_mm256_loadu_ps(x + i), a);
        b = _mm256_max_ps(_mm256_loadu_ps(x + i + 8), b);
    }
    a = _mm256_max_ps(a, b);
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    float max = _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
    for (; i < n; i++) max = x[i] > max ? x[i] : max;
    return max + 0.0f;
}

INLINE __m256 weigh256(__m256 x, __m256 max, __m256 scale)
{
    __m256 v = _mm256_mul_ps(_mm256_sub_ps(x, max), scale);
    return _mm256_and_ps(_mm256_cmp_ps(v, f32(EXP_MIN), _CMP_GE_OQ), exp256(v));
}

/* A masked value is as light as can be. */
INLINE __m256 weigh_tail(float *y, const float *x, __m256 max, __m256 scale, size_t n)
{
    __m256i mask = tail_mask(n);
    __m256 w = weigh256(_mm256_maskload_ps(x, mask), max, scale);
    w = _mm256_and_ps(w, _mm256_castsi256_ps(mask));
    _mm256_maskstore_ps(y, mask, w);
    return w;
}

static float exp_sum(float *y, const float *x, float max, float scale, size_t n)
{
    struct lanes s = lanes_zero();
    __m256 m = f32(max), c = f32(scale);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m256 low = weigh256(_mm256_loadu_ps(x + i), m, c);
        __m256 high = weigh256(_mm256_loadu_ps(x + i + 8), m, c);
        _mm256_storeu_ps(y + i, low);
        _mm256_storeu_ps(y + i + 8, high);
        s.low = _mm256_add_ps(s.low, low);
        s.high = _mm256_add_ps(s.high, high);
    }
    if (i < n) s.low = _mm256_add_ps(s.low, weigh_tail(y + i, x + i, m, c, n - i));
    if (i + 8 < n)
        s.high = _mm256_add_ps(s.high, weigh_tail(y + i + 8, x + i + 8, m, c, n - i - 8));
    return fold256(s);
}

static size_t select_from(int32_t *at, const float *x, float least, size_t n)
{
    size_t k = 0, i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256 kept = _mm256_cmp_ps(_mm256_loadu_ps(x + i), f32(least), _CMP_GE_OQ);
        for (unsigned bits = (unsigned)_mm256_movemask_ps(kept); bits; bits &= bits - 1)
            at[k++] = (int32_t)i + __builtin_ctz(bits);
    }
    for (; i < n; i++)
        if (x[i] >= least) at[k++] = (int32_t)i;
    return k;
}

const struct kernel kernel_maximum_avx2 = {
    .slot = KERNEL_MAXIMUM,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.maximum = maximum,
};
const struct kernel kernel_exp_sum_avx2 = {
    .slot = KERNEL_EXP_SUM,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.exp_sum = exp_sum,
};
const struct kernel kernel_select_avx2 = {
    .slot = KERNEL_SELECT,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.select = select_from,
};
