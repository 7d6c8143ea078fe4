/* Linear layers with F32, F16 or BF16 panels and f32 activations, AVX-512: one register holds a
 * panel's 16 rows; tiles of 1 to 12 tokens. Same bits as ref/linear_float_ref.c. */
#include "kernels/x86/panel_avx2.h"

enum { TILE_TOKENS = 12 };

INLINE __m512 load16(enum dtype t, const uint8_t *panel, size_t k)
{
    if (t == DTYPE_F32) return _mm512_loadu_ps(panel + 64 * k);
    __m256i half = load256(panel + 32 * k);
    if (t == DTYPE_F16) return _mm512_cvtph_ps(half);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

INLINE void tile(float *y, enum dtype t, const uint8_t *panel, const float *x, size_t stride,
                 size_t k_len, int n)
{
    __m512 acc[TILE_TOKENS];
    UNROLL for (int c = 0; c < n; c++) acc[c] = _mm512_setzero_ps();
    for (size_t k = 0; k < k_len; k++) {
        const uint8_t *ahead = panel + k * (t == DTYPE_F32 ? 64 : 32) + PREFETCH_BYTES;
        _mm_prefetch((const char *)ahead, _MM_HINT_T0);
        __m512 w = load16(t, panel, k);
        UNROLL for (int c = 0; c < n; c++)
            acc[c] = _mm512_fmadd_ps(w, _mm512_set1_ps(x[(size_t)c * stride + k]), acc[c]);
    }
    UNROLL for (int c = 0; c < n; c++) _mm512_store_ps(y + 16 * c, acc[c]);
}

INLINE void linear(const struct kernel_linear *a, enum dtype t)
{
    size_t bytes = kernel_panel_bytes(t, a->k), k = (size_t)a->k, stride = a->x_stride;
    float y[TILE_TOKENS * PANEL_ROWS] __attribute__((aligned(64)));
    for (int p = a->panel_from; p < a->panel_to; p++) {
        const uint8_t *panel = (const uint8_t *)a->w + (size_t)p * bytes;
        for (int t0 = 0, n; t0 < a->n; t0 += n) {
            const float *x = (const float *)a->act + (size_t)t0 * stride;
            int left = a->n - t0;
            n = left >= 12 ? 12 : left >= 4 ? 4 : left;
            switch (n) {
            case 12: tile(y, t, panel, x, stride, k, 12); break;
            case 4: tile(y, t, panel, x, stride, k, 4); break;
            case 3: tile(y, t, panel, x, stride, k, 3); break;
            case 2: tile(y, t, panel, x, stride, k, 2); break;
            default: tile(y, t, panel, x, stride, k, 1); break;
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
