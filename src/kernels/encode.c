#include "kernels/encode.h"

#include "kernels/ref/blocks.h"

#include <assert.h>

enum { F16_BYTES = 2, F16_INFINITY = 0x7c00 };

static bool store_f16(uint8_t *y, float v)
{
    uint16_t half = f16_of_f32(v);
    memcpy(y, &half, sizeof half);
    return (half & F16_INFINITY) != F16_INFINITY;
}

/* What scales values to codes. A d below the normal range has no finite inverse; it is stored as
 * the f16 zero, so the codes do not matter and are made the same everywhere. */
static float inverse_of(float d)
{
    float inverse = d == 0.0f ? 0.0f : 1.0f / d;
    return isfinite(inverse) ? inverse : 0.0f;
}

/* Index of the first value of the largest magnitude; false when one is not finite. */
static bool largest_of(size_t *ret, const float x[BLOCK])
{
    size_t at = 0;
    bool finite = true;
    for (size_t i = 0; i < BLOCK; i++) {
        finite = finite && isfinite(x[i]);
        if (fabsf(x[i]) > fabsf(x[at])) at = i;
    }
    *ret = at;
    return finite;
}

/* Codes -127..127, ties away from zero, d = amax / 127. */
static bool block_q8_0(uint8_t *y, const float x[BLOCK])
{
    size_t at;
    if (!largest_of(&at, x)) return false;
    float d = fabsf(x[at]) / 127.0f, inverse = inverse_of(d);
    for (size_t i = 0; i < BLOCK; i++) y[F16_BYTES + i] = (uint8_t)(int)roundf(x[i] * inverse);
    return store_f16(y, d);
}

/* The value of the largest magnitude becomes code 0, which stands for -8; the other end of the
 * range would be 16 and is cut to 15. */
static int code_q4_0(float x, float inverse)
{
    int code = (int)(x * inverse + 8.5f);
    return code > 15 ? 15 : code;
}

static bool block_q4_0(uint8_t *y, const float x[BLOCK])
{
    size_t at;
    if (!largest_of(&at, x)) return false;
    float d = x[at] / -8.0f, inverse = inverse_of(d);
    for (size_t i = 0; i < BLOCK / 2; i++) {
        int low = code_q4_0(x[i], inverse), high = code_q4_0(x[i + BLOCK / 2], inverse);
        y[F16_BYTES + i] = (uint8_t)(low | high << 4);
    }
    return store_f16(y, d);
}

static bool encode_q8_0(void *y, const float *x, size_t n)
{
    size_t bytes = (size_t)dtype_info(DTYPE_Q8_0)->block_bytes;
    assert(n % BLOCK == 0);
    for (size_t b = 0; b < n / BLOCK; b++)
        if (!block_q8_0((uint8_t *)y + b * bytes, x + b * BLOCK)) return false;
    return true;
}

static bool encode_q4_0(void *y, const float *x, size_t n)
{
    size_t bytes = (size_t)dtype_info(DTYPE_Q4_0)->block_bytes;
    assert(n % BLOCK == 0);
    for (size_t b = 0; b < n / BLOCK; b++)
        if (!block_q4_0((uint8_t *)y + b * bytes, x + b * BLOCK)) return false;
    return true;
}

static bool encode_f16(void *y, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!store_f16((uint8_t *)y + F16_BYTES * i, x[i])) return false;
    return true;
}

encode_fn *encode_of(enum dtype dtype)
{
    switch (dtype) {
    case DTYPE_Q8_0: return encode_q8_0;
    case DTYPE_Q4_0: return encode_q4_0;
    case DTYPE_F16: return encode_f16;
    default: return NULL;
    }
}
