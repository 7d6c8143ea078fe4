/* Kernels that treat each value alone; the functions themselves are in lanes.h. */
#include "kernels/kernel.h"
#include "kernels/lanes.h"

static void silu(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = silu_f32(x[i]);
}

static void gelu_erf(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = gelu_erf_f32(x[i]);
}

static void gelu_tanh(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = gelu_tanh_f32(x[i]);
}

static void tanh_rows(float *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = tanh_f32(x[i]);
}

static void silu_mul(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = silu_f32(a[i]) * b[i];
}

static void gelu_tanh_mul(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = gelu_tanh_f32(a[i]) * b[i];
}

static void add(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] + b[i];
}

static void mul(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}

static void scale(float *y, const float *x, float factor, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = x[i] * factor;
}

/* Rows in order, one chain for each column; then times 1 / n. */
static void mean_pool(float *y, const float *x, size_t x_stride, int n, int d)
{
    float factor = 1.0f / (float)n;
    for (int i = 0; i < d; i++) {
        float sum = 0;
        for (int t = 0; t < n; t++) sum = sum + x[(size_t)t * x_stride + (size_t)i];
        y[i] = sum * factor;
    }
}

static void f32_to_f16(uint16_t *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = f16_of_f32(x[i]);
}

static void f32_to_bf16(uint16_t *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = bf16_of_f32(x[i]);
}

const struct kernel kernel_silu_ref = {
    .slot = KERNEL_SILU,
    .fn.unary = silu,
};
const struct kernel kernel_gelu_erf_ref = {
    .slot = KERNEL_GELU_ERF,
    .fn.unary = gelu_erf,
};
const struct kernel kernel_gelu_tanh_ref = {
    .slot = KERNEL_GELU_TANH,
    .fn.unary = gelu_tanh,
};
const struct kernel kernel_tanh_ref = {
    .slot = KERNEL_TANH,
    .fn.unary = tanh_rows,
};
const struct kernel kernel_silu_mul_ref = {
    .slot = KERNEL_SILU_MUL,
    .fn.binary = silu_mul,
};
const struct kernel kernel_gelu_tanh_mul_ref = {
    .slot = KERNEL_GELU_TANH_MUL,
    .fn.binary = gelu_tanh_mul,
};
const struct kernel kernel_add_ref = {
    .slot = KERNEL_ADD,
    .fn.binary = add,
};
const struct kernel kernel_mul_ref = {
    .slot = KERNEL_MUL,
    .fn.binary = mul,
};
const struct kernel kernel_scale_ref = {
    .slot = KERNEL_SCALE,
    .fn.scale = scale,
};
const struct kernel kernel_mean_pool_ref = {
    .slot = KERNEL_MEAN_POOL,
    .fn.mean = mean_pool,
};
const struct kernel kernel_f32_to_f16_ref = {
    .slot = KERNEL_F32_TO_F16,
    .fn.to_half = f32_to_f16,
};
const struct kernel kernel_f32_to_bf16_ref = {
    .slot = KERNEL_F32_TO_BF16,
    .fn.to_half = f32_to_bf16,
};
