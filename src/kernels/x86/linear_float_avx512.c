/* Linear layers with F32, F16 or BF16 panels and f32 activations, AVX-512: one register holds a
 * panel's 16 rows; a tile is two panels and up to 12 tokens, so that each broadcast value serves
 * two multiplications. The order of tiles is in linear_float_tile.h. Same bits as
 * ref/linear_float_ref.c. */
#include "kernels/x86/linear_float_tile.h"

INLINE __m512 load16(enum dtype t, const uint8_t *panel, size_t k)
{
    if (t == DTYPE_F32) return _mm512_loadu_ps(panel + 64 * k);
    __m256i half = load256(panel + 32 * k);
    if (t == DTYPE_F16) return _mm512_cvtph_ps(half);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

INLINE void tile(float *y, const struct float_tile *in, enum dtype t, int n_panels, int n)
{
    __m512 acc[TILE_PANELS_MAX][TILE_TOKENS_MAX];
    UNROLL for (int p = 0; p < n_panels; p++) UNROLL for (int c = 0; c < n; c++)
        acc[p][c] = _mm512_setzero_ps();
    const float *x[TILE_TOKENS_MAX / 3];
    UNROLL for (int c = 0; c < n; c += 3) x[c / 3] = in->x + (size_t)c * in->x_stride;
    for (size_t k = 0; k < in->k; k++) {
        __m512 w[TILE_PANELS_MAX];
        UNROLL for (int p = 0; p < n_panels; p++)
        {
            w[p] = load16(t, in->panel[p], k);
            panel_ahead(t, in->panel[p], k);
        }
        UNROLL for (int c = 0; c < n; c++)
        {
            __m512 v = _mm512_set1_ps(x[c / 3][(size_t)(c % 3) * in->x_stride]);
            UNROLL for (int p = 0; p < n_panels; p++)
                acc[p][c] = _mm512_fmadd_ps(w[p], v, acc[p][c]);
        }
        UNROLL for (int c = 0; c < n; c += 3) x[c / 3] = next_k(x[c / 3]);
    }
    UNROLL for (int p = 0; p < n_panels; p++) UNROLL for (int c = 0; c < n; c++)
        _mm512_store_ps(y + PANEL_ROWS * (p * n + c), acc[p][c]);
}

#define TILE(name, t, n_panels, n)                          \
    static void name(float *y, const struct float_tile *in) \
    {                                                       \
        tile(y, in, t, n_panels, n);                        \
    }

#define LINEAR(name, t)                                                      \
    TILE(name##_1, t, 1, 1)                                                  \
    TILE(name##_2, t, 1, 2)                                                  \
    TILE(name##_4, t, 1, 4)                                                  \
    TILE(name##_8, t, 1, 8)                                                  \
    TILE(name##_12, t, 1, 12)                                                \
    TILE(name##_two_1, t, 2, 1)                                              \
    TILE(name##_two_2, t, 2, 2)                                              \
    TILE(name##_two_4, t, 2, 4)                                              \
    TILE(name##_two_8, t, 2, 8)                                              \
    TILE(name##_two_12, t, 2, 12)                                            \
    static void linear_##name(const struct kernel_linear *a)                 \
    {                                                                        \
        static const struct float_tiles tiles[] = {                          \
            { 12, name##_12, name##_two_12 }, { 8, name##_8, name##_two_8 }, \
            { 4, name##_4, name##_two_4 },    { 2, name##_2, name##_two_2 }, \
            { 1, name##_1, name##_two_1 },                                   \
        };                                                                   \
        linear_with(tiles, a, t);                                            \
    }

LINEAR(f32, DTYPE_F32)
LINEAR(f16, DTYPE_F16)
LINEAR(bf16, DTYPE_BF16)

const struct kernel kernel_linear_f32_avx512 = {
    .slot = KERNEL_LINEAR_F32,
    .isa = ISA_AVX2 | ISA_AVX512,
    .rank = 40,
    .fn.linear = linear_f32,
};
const struct kernel kernel_linear_f16_avx512 = {
    .slot = KERNEL_LINEAR_F16,
    .isa = ISA_AVX2 | ISA_AVX512,
    .rank = 40,
    .fn.linear = linear_f16,
};
const struct kernel kernel_linear_bf16_avx512 = {
    .slot = KERNEL_LINEAR_BF16,
    .isa = ISA_AVX2 | ISA_AVX512,
    .rank = 40,
    .fn.linear = linear_bf16,
};
