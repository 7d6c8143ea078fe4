/* Linear layers with F32, F16 or BF16 panels and f32 activations, AVX2: tiles of 16 rows x 1 to 6
 * tokens in registers. Same bits as ref/linear_float_ref.c. */
#include "kernels/x86/panel_avx2.h"

enum { TILE_TOKENS = 6 };

INLINE __m256 load8(enum dtype t, const uint8_t *p, size_t i)
{
    if (t == DTYPE_F32) return _mm256_loadu_ps((const float *)(const void *)p + i);
    __m128i half = _mm_loadu_si128((const void *)(p + 2 * i));
    if (t == DTYPE_F16) return _mm256_cvtph_ps(half);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

INLINE void tile(float *y, enum dtype t, const uint8_t *panel, const float *x, size_t stride,
                 size_t k_len, int n)
{
    __m256 acc[TILE_TOKENS][2];
    UNROLL for (int c = 0; c < n; c++) acc[c][0] = acc[c][1] = _mm256_setzero_ps();
    for (size_t k = 0; k < k_len; k++) {
        _mm_prefetch((const char *)panel + k * PANEL_ROWS * (t == DTYPE_F32 ? 4 : 2) +
                         PREFETCH_BYTES,
                     _MM_HINT_T0);
        __m256 w0 = load8(t, panel, k * PANEL_ROWS), w1 = load8(t, panel, k * PANEL_ROWS + 8);
        UNROLL for (int c = 0; c < n; c++)
        {
            __m256 v = _mm256_broadcast_ss(x + (size_t)c * stride + k);
            acc[c][0] = _mm256_fmadd_ps(w0, v, acc[c][0]);
            acc[c][1] = _mm256_fmadd_ps(w1, v, acc[c][1]);
        }
    }
    UNROLL for (int c = 0; c < n; c++)
    {
        _mm256_store_ps(y + 16 * c, acc[c][0]);
        _mm256_store_ps(y + 16 * c + 8, acc[c][1]);
    }
}

INLINE void linear(const struct kernel_linear *a, enum dtype t)
{
    size_t bytes = kernel_panel_bytes(t, a->k), k = (size_t)a->k, stride = a->x_stride;
    float y[TILE_TOKENS * PANEL_ROWS] __attribute__((aligned(32)));
    for (int p = a->panel_from; p < a->panel_to; p++) {
        const uint8_t *panel = (const uint8_t *)a->w + (size_t)p * bytes;
        for (int t0 = 0; t0 < a->n; t0 += TILE_TOKENS) {
            const float *x = (const float *)a->act + (size_t)t0 * stride;
            int n = a->n - t0 < TILE_TOKENS ? a->n - t0 : TILE_TOKENS;
            switch (n) {
            case 1: tile(y, t, panel, x, stride, k, 1); break;
            case 2: tile(y, t, panel, x, stride, k, 2); break;
            case 3: tile(y, t, panel, x, stride, k, 3); break;
            case 4: tile(y, t, panel, x, stride, k, 4); break;
            case 5: tile(y, t, panel, x, stride, k, 5); break;
            default: tile(y, t, panel, x, stride, k, 6); break;
            }
            store_tile(a, p, t0, n, y);
        }
    }
}

static void linear_f32(const struct kernel_linear *a)
{
    linear(a, DTYPE_F32);
}

static void linear_f16(const struct kernel_linear *a)
{
    linear(a, DTYPE_F16);
}

static void linear_bf16(const struct kernel_linear *a)
{
    linear(a, DTYPE_BF16);
}

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
