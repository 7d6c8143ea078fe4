/* Rows as stored in a checkpoint (drawn in blocks.h) to f32. */
#include "kernels/kernel.h"
#include "kernels/ref/blocks.h"

/* d and m of blocks that begin with one or two f16. */
static void dequant_simple(float *y, const uint8_t *row, size_t n, enum dtype dtype)
{
    bool has_min = dtype == DTYPE_Q4_1 || dtype == DTYPE_Q5_1;
    int centre = dtype == DTYPE_Q4_0 ? 8 : dtype == DTYPE_Q5_0 ? 16 : 0;
    size_t bytes = (size_t)dtype_info(dtype)->block_bytes;
    for (size_t b = 0; b < n / BLOCK; b++) {
        uint8_t code[BLOCK];
        block_codes(code, dtype, row, b);
        float d = load_f16(row + b * bytes);
        float m = has_min ? load_f16(row + b * bytes + 2) : 0.0f;
        for (int i = 0; i < BLOCK; i++) {
            float v = d * (float)(dtype == DTYPE_Q8_0 ? (int8_t)code[i] : code[i] - centre);
            y[b * BLOCK + (size_t)i] = has_min ? v + m : v;
        }
    }
}

static void dequant_k(float *y, const uint8_t *row, size_t n, enum dtype dtype)
{
    size_t bytes = (size_t)dtype_info(dtype)->block_bytes;
    for (size_t b = 0; b < n / BLOCK; b++) {
        const uint8_t *super = row + b / 8 * bytes;
        uint8_t code[BLOCK];
        block_codes(code, dtype, row, b);
        int sc, min;
        scale_of_k(&sc, &min, super + 4, (int)(b % 8));
        float d = load_f16(super) * (float)sc, m = load_f16(super + 2) * (float)min;
        for (int i = 0; i < BLOCK; i++) y[b * BLOCK + (size_t)i] = d * (float)code[i] - m;
    }
}

static void dequant_q4_0(float *y, const void *x, size_t n)
{
    dequant_simple(y, x, n, DTYPE_Q4_0);
}

static void dequant_q4_1(float *y, const void *x, size_t n)
{
    dequant_simple(y, x, n, DTYPE_Q4_1);
}

static void dequant_q5_0(float *y, const void *x, size_t n)
{
    dequant_simple(y, x, n, DTYPE_Q5_0);
}

static void dequant_q5_1(float *y, const void *x, size_t n)
{
    dequant_simple(y, x, n, DTYPE_Q5_1);
}

static void dequant_q8_0(float *y, const void *x, size_t n)
{
    dequant_simple(y, x, n, DTYPE_Q8_0);
}

static void dequant_q4_k(float *y, const void *x, size_t n)
{
    dequant_k(y, x, n, DTYPE_Q4_K);
}

static void dequant_q5_k(float *y, const void *x, size_t n)
{
    dequant_k(y, x, n, DTYPE_Q5_K);
}

static void dequant_q6_k(float *y, const void *x, size_t n)
{
    size_t bytes = (size_t)dtype_info(DTYPE_Q6_K)->block_bytes;
    for (size_t b = 0; b < n / BLOCK; b++) {
        const uint8_t *super = (const uint8_t *)x + b / 8 * bytes;
        uint8_t code[BLOCK];
        block_codes(code, DTYPE_Q6_K, x, b);
        for (size_t i = 0; i < BLOCK; i++) {
            int8_t sc = (int8_t)super[192 + b % 8 * 2 + i / 16];
            y[b * BLOCK + i] = load_f16(super + 208) * (float)sc * (float)(code[i] - 32);
        }
    }
}

static void dequant_f32(float *y, const void *x, size_t n)
{
    memmove(y, x, n * sizeof *y);
}

static void dequant_f16(float *y, const void *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = load_f16((const char *)x + 2 * i);
}

static void dequant_bf16(float *y, const void *x, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = bf16_to_f32(load_u16((const char *)x + 2 * i));
}

const struct kernel kernel_dequant_f32_ref = {
    .slot = KERNEL_DEQUANT_F32,
    .fn.dequant = dequant_f32,
};
const struct kernel kernel_dequant_f16_ref = {
    .slot = KERNEL_DEQUANT_F16,
    .fn.dequant = dequant_f16,
};
const struct kernel kernel_dequant_bf16_ref = {
    .slot = KERNEL_DEQUANT_BF16,
    .fn.dequant = dequant_bf16,
};
const struct kernel kernel_dequant_q4_0_ref = {
    .slot = KERNEL_DEQUANT_Q4_0,
    .fn.dequant = dequant_q4_0,
};
const struct kernel kernel_dequant_q4_1_ref = {
    .slot = KERNEL_DEQUANT_Q4_1,
    .fn.dequant = dequant_q4_1,
};
const struct kernel kernel_dequant_q5_0_ref = {
    .slot = KERNEL_DEQUANT_Q5_0,
    .fn.dequant = dequant_q5_0,
};
const struct kernel kernel_dequant_q5_1_ref = {
    .slot = KERNEL_DEQUANT_Q5_1,
    .fn.dequant = dequant_q5_1,
};
const struct kernel kernel_dequant_q8_0_ref = {
    .slot = KERNEL_DEQUANT_Q8_0,
    .fn.dequant = dequant_q8_0,
};
const struct kernel kernel_dequant_q4_k_ref = {
    .slot = KERNEL_DEQUANT_Q4_K,
    .fn.dequant = dequant_q4_k,
};
const struct kernel kernel_dequant_q5_k_ref = {
    .slot = KERNEL_DEQUANT_Q5_K,
    .fn.dequant = dequant_q5_k,
};
const struct kernel kernel_dequant_q6_k_ref = {
    .slot = KERNEL_DEQUANT_Q6_K,
    .fn.dequant = dequant_q6_k,
};
