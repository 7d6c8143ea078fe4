/* Linear layers with F32, F16 or BF16 panels and f32 activations, AVX2: a tile is one panel, in two
 * registers, and up to 6 tokens. The order of tiles is in linear_float_tile.h. Same bits as
 * ref/linear_float_ref.c. */
#include "kernels/x86/linear_float_tile.h"

INLINE __m256 load8(enum dtype t, const uint8_t *p, size_t i)
{
    if (t == DTYPE_F32) return _mm256_loadu_ps((const float *)(const void *)p + i);
    __m128i half = _mm_loadu_si128((const void *)(p + 2 * i));
    if (t == DTYPE_F16) return _mm256_cvtph_ps(half);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

INLINE void tile(float *y, const struct float_tile *in, enum dtype t, int n)
{
    const uint8_t *panel = in->panel[0];
    __m256 acc[6][2];
    UNROLL for (int c = 0; c < n; c++) acc[c][0] = acc[c][1] = _mm256_setzero_ps();
    const float *x[2];
    UNROLL for (int c = 0; c < n; c += 3) x[c / 3] = in->x + (size_t)c * in->x_stride;
    for (size_t k = 0; k < in->k; k++) {
        panel_ahead(t, panel, k);
        __m256 w0 = load8(t, panel, k * PANEL_ROWS), w1 = load8(t, panel, k * PANEL_ROWS + 8);
        UNROLL for (int c = 0; c < n; c++)
        {
            __m256 v = _mm256_broadcast_ss(x[c / 3] + (size_t)(c % 3) * in->x_stride);
            acc[c][0] = _mm256_fmadd_ps(w0, v, acc[c][0]);
            acc[c][1] = _mm256_fmadd_ps(w1, v, acc[c][1]);
        }
        UNROLL for (int c = 0; c < n; c += 3) x[c / 3] = next_k(x[c / 3]);
    }
    UNROLL for (int c = 0; c < n; c++) for (int h = 0; h < 2; h++)
        _mm256_store_ps(y + PANEL_ROWS * c + 8 * h, acc[c][h]);
}

#define TILE(name, t, n)                                    \
    static void name(float *y, const struct float_tile *in) \
    {                                                       \
        tile(y, in, t, n);                                  \
    }

#define LINEAR(name, t)                                      \
    TILE(name##_1, t, 1)                                     \
    TILE(name##_2, t, 2)                                     \
    TILE(name##_4, t, 4)                                     \
    TILE(name##_6, t, 6)                                     \
    static void linear_##name(const struct kernel_linear *a) \
    {                                                        \
        static const struct float_tiles tiles[] = {          \
            { 6, name##_6, NULL },                           \
            { 4, name##_4, NULL },                           \
            { 2, name##_2, NULL },                           \
            { 1, name##_1, NULL },                           \
        };                                                   \
        linear_with(tiles, a, t);                            \
    }

LINEAR(f32, DTYPE_F32)
LINEAR(f16, DTYPE_F16)
LINEAR(bf16, DTYPE_BF16)

const struct kernel kernel_linear_f32_avx2 = {
    .slot = KERNEL_LINEAR_F32,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_f32,
};
const struct kernel kernel_linear_f16_avx2 = {
    .slot = KERNEL_LINEAR_F16,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_f16,
};
const struct kernel kernel_linear_bf16_avx2 = {
    .slot = KERNEL_LINEAR_BF16,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.linear = linear_bf16,
};
