/* Linear layers with F32, F16 or BF16 panels ([k][16 rows]) and f32 activations.
 * Each output is one chain over k in order: y = fmaf(w, x, y), from 0; then bias, then add. */
#include "kernels/kernel.h"
#include "kernels/lanes.h"

static void load_row(float w[PANEL_ROWS], enum dtype dtype, const char *panel, size_t k)
{
    for (size_t r = 0; r < PANEL_ROWS; r++) {
        size_t i = k * PANEL_ROWS + r;
        switch (dtype) {
        case DTYPE_F16: w[r] = load_f16(panel + 2 * i); break;
        case DTYPE_BF16: w[r] = bf16_to_f32(load_u16(panel + 2 * i)); break;
        default: memcpy(&w[r], panel + 4 * i, 4); break;
        }
    }
}

static void linear(const struct kernel_linear *a, enum dtype dtype)
{
    for (int p = a->panel_from; p < a->panel_to; p++) {
        const char *panel = (const char *)a->w + (size_t)p * kernel_panel_bytes(dtype, a->k);
        for (int t = 0; t < a->n; t++) {
            const float *x = (const float *)a->act + (size_t)t * a->x_stride;
            float y[PANEL_ROWS] = { 0 };
            for (size_t k = 0; k < (size_t)a->k; k++) {
                float w[PANEL_ROWS];
                load_row(w, dtype, panel, k);
                for (int r = 0; r < PANEL_ROWS; r++) y[r] = fmaf(w[r], x[k], y[r]);
            }
            for (int i = 0; i < PANEL_ROWS && p * PANEL_ROWS + i < a->m; i++) {
                int r = p * PANEL_ROWS + i;
                size_t at = (size_t)t * a->y_stride + (size_t)r;
                float value = a->bias ? y[i] + a->bias[r] : y[i];
                a->y[at] = a->add ? value + a->add[at] : value;
            }
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

const struct kernel kernel_linear_f32_ref = {
    .slot = KERNEL_LINEAR_F32,
    .fn.linear = linear_f32,
};
const struct kernel kernel_linear_f16_ref = {
    .slot = KERNEL_LINEAR_F16,
    .fn.linear = linear_f16,
};
const struct kernel kernel_linear_bf16_ref = {
    .slot = KERNEL_LINEAR_BF16,
    .fn.linear = linear_bf16,
};
