/* Kernels over rows, AVX2: norms, softmax, rope. Same bits as ref/norm_ref.c, softmax_ref.c and
 * rope_ref.c. */
#include "kernels/kernel.h"
#include "kernels/x86/vector_avx2.h"

/* Sum of x, of x * x, or of (x - mean)^2. */
enum sum { SUM_PLAIN, SUM_SQUARE, SUM_CENTRED };

INLINE __m256 sum_step(__m256 s, __m256 x, enum sum kind, __m256 mean, __m256i mask)
{
    if (kind == SUM_PLAIN) return _mm256_add_ps(s, x);
    if (kind == SUM_CENTRED) x = _mm256_and_ps(_mm256_sub_ps(x, mean), _mm256_castsi256_ps(mask));
    return _mm256_fmadd_ps(x, x, s);
}

INLINE float row_sum(const float *x, size_t n, enum sum kind, float mean_value)
{
    struct lanes s = lanes_zero();
    const __m256 mean = f32(mean_value);
    const __m256i all = _mm256_set1_epi32(-1);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        s.low = sum_step(s.low, _mm256_loadu_ps(x + i), kind, mean, all);
        s.high = sum_step(s.high, _mm256_loadu_ps(x + i + 8), kind, mean, all);
    }
    if (i < n) {
        __m256i mask = tail_mask(n - i);
        s.low = sum_step(s.low, _mm256_maskload_ps(x + i, mask), kind, mean, mask);
    }
    if (i + 8 < n) {
        __m256i mask = tail_mask(n - i - 8);
        s.high = sum_step(s.high, _mm256_maskload_ps(x + i + 8, mask), kind, mean, mask);
    }
    return fold256(s);
}

/* y = (x - mean) * factor * weight + bias; without a mean when `centred` is false. */
INLINE void normalise(const struct kernel_norm *a, float *y, const float *x, bool centred,
                      float mean, float factor)
{
    for (size_t i = 0, n = (size_t)a->d; i < n; i += 8) {
        __m256i mask = tail_mask(n - i);
        __m256 v = _mm256_maskload_ps(x + i, mask);
        if (centred) v = _mm256_sub_ps(v, f32(mean));
        v = _mm256_mul_ps(v, f32(factor));
        if (a->weight) v = _mm256_mul_ps(v, _mm256_maskload_ps(a->weight + i, mask));
        if (a->bias) v = _mm256_add_ps(v, _mm256_maskload_ps(a->bias + i, mask));
        _mm256_maskstore_ps(y + i, mask, v);
    }
}

static void rms_norm(const struct kernel_norm *a)
{
    for (size_t t = 0; t < (size_t)a->n; t++) {
        const float *x = a->x + t * a->x_stride;
        float mean = row_sum(x, (size_t)a->d, SUM_SQUARE, 0) / (float)a->d;
        normalise(a, a->y + t * a->y_stride, x, false, 0, 1.0f / sqrtf(mean + a->eps));
    }
}

static void layer_norm(const struct kernel_norm *a)
{
    for (size_t t = 0; t < (size_t)a->n; t++) {
        const float *x = a->x + t * a->x_stride;
        float mean = row_sum(x, (size_t)a->d, SUM_PLAIN, 0) / (float)a->d;
        float variance = row_sum(x, (size_t)a->d, SUM_CENTRED, mean) / (float)a->d;
        normalise(a, a->y + t * a->y_stride, x, true, mean, 1.0f / sqrtf(variance + a->eps));
    }
}

static void l2_norm(const struct kernel_norm *a)
{
    struct kernel_norm plain = *a;
    plain.weight = plain.bias = NULL;
    for (size_t t = 0; t < (size_t)a->n; t++) {
        const float *x = a->x + t * a->x_stride;
        float norm = sqrtf(row_sum(x, (size_t)a->d, SUM_SQUARE, 0));
        float factor = 1.0f / (norm > a->eps ? norm : a->eps);
        normalise(&plain, a->y + t * a->y_stride, x, false, 0, factor);
    }
}

static float row_max(const float *x, size_t n, float scale)
{
    __m256 top = f32(x[0] * scale);
    for (size_t i = 0; i < n; i += 8) {
        __m256i mask = tail_mask(n - i);
        __m256 v = _mm256_mul_ps(_mm256_maskload_ps(x + i, mask), f32(scale));
        top = _mm256_max_ps(top, _mm256_blendv_ps(top, v, _mm256_castsi256_ps(mask)));
    }
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(top), _mm256_extractf128_ps(top, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

static void softmax(const struct kernel_softmax *a)
{
    size_t n = (size_t)a->d;
    for (size_t t = 0; t < (size_t)a->n; t++) {
        const float *x = a->x + t * a->x_stride;
        float *y = a->y + t * a->y_stride, max = row_max(x, n, a->scale);
        for (size_t i = 0; i < n; i += 8) {
            __m256i mask = tail_mask(n - i);
            __m256 v = _mm256_mul_ps(_mm256_maskload_ps(x + i, mask), f32(a->scale));
            _mm256_maskstore_ps(y + i, mask, exp256(_mm256_sub_ps(v, f32(max))));
        }
        float factor = 1.0f / row_sum(y, n, SUM_PLAIN, 0);
        for (size_t i = 0; i < n; i += 8) {
            __m256i mask = tail_mask(n - i);
            __m256 v = _mm256_maskload_ps(y + i, mask);
            _mm256_maskstore_ps(y + i, mask, _mm256_mul_ps(v, f32(factor)));
        }
    }
}

/* (a, b) -> (a cos - b sin, a sin + b cos), each product with sin or cos as ref rounds it. */
INLINE void rotate(__m256 *a, __m256 *b, __m256 cosine, __m256 sine)
{
    __m256 x = *a, y = *b;
    *a = _mm256_fmsub_ps(x, cosine, _mm256_mul_ps(y, sine));
    *b = _mm256_fmadd_ps(x, sine, _mm256_mul_ps(y, cosine));
}

static void rope_neox_head(float *x, const float *cosines, const float *sines, size_t half)
{
    for (size_t i = 0; i < half; i += 8) {
        __m256i mask = tail_mask(half - i);
        __m256 a = _mm256_maskload_ps(x + i, mask), b = _mm256_maskload_ps(x + half + i, mask);
        rotate(&a, &b, _mm256_maskload_ps(cosines + i, mask), _mm256_maskload_ps(sines + i, mask));
        _mm256_maskstore_ps(x + i, mask, a);
        _mm256_maskstore_ps(x + half + i, mask, b);
    }
}

static void rope_norm_head(float *x, const float *cosines, const float *sines, size_t half)
{
    size_t i = 0;
    for (; i + 8 <= half; i += 8) {
        /* Even and odd values; both in the order 0 1 4 5 2 3 6 7 of their pairs. */
        __m256 low = _mm256_loadu_ps(x + 2 * i), high = _mm256_loadu_ps(x + 2 * i + 8);
        __m256 a = _mm256_shuffle_ps(low, high, 0x88), b = _mm256_shuffle_ps(low, high, 0xdd);
        const __m256i order = _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7);
        __m256 cosine = _mm256_permutevar8x32_ps(_mm256_loadu_ps(cosines + i), order);
        __m256 sine = _mm256_permutevar8x32_ps(_mm256_loadu_ps(sines + i), order);
        rotate(&a, &b, cosine, sine);
        _mm256_storeu_ps(x + 2 * i, _mm256_unpacklo_ps(a, b));
        _mm256_storeu_ps(x + 2 * i + 8, _mm256_unpackhi_ps(a, b));
    }
    for (; i < half; i++) {
        float a = x[2 * i], b = x[2 * i + 1];
        x[2 * i] = fmaf(a, cosines[i], -(b * sines[i]));
        x[2 * i + 1] = fmaf(a, sines[i], b * cosines[i]);
    }
}

INLINE void rope(const struct kernel_rope *a, bool neox)
{
    size_t half = (size_t)a->n_rot / 2;
    for (int t = 0; t < a->n; t++) {
        size_t row = (size_t)(a->pos ? a->pos[t] : t) * half;
        float *x = a->x + (size_t)t * a->x_stride;
        for (int h = 0; h < a->n_heads; h++, x += a->head_dim)
            (neox ? rope_neox_head : rope_norm_head)(x, a->cos + row, a->sin + row, half);
    }
}

static void rope_norm(const struct kernel_rope *a)
{
    rope(a, false);
}

static void rope_neox(const struct kernel_rope *a)
{
    rope(a, true);
}

const struct kernel kernel_rms_norm_avx2 = {
    .slot = KERNEL_RMS_NORM,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.norm = rms_norm,
};
const struct kernel kernel_layer_norm_avx2 = {
    .slot = KERNEL_LAYER_NORM,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.norm = layer_norm,
};
const struct kernel kernel_l2_norm_avx2 = {
    .slot = KERNEL_L2_NORM,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.norm = l2_norm,
};
const struct kernel kernel_rope_norm_avx2 = {
    .slot = KERNEL_ROPE_NORM,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.rope = rope_norm,
};
const struct kernel kernel_rope_neox_avx2 = {
    .slot = KERNEL_ROPE_NEOX,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.rope = rope_neox,
};
const struct kernel kernel_softmax_avx2 = {
    .slot = KERNEL_SOFTMAX,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.softmax = softmax,
};
