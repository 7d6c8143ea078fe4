/* Rows of f32 to ACT_Q8 (drawn in kernel.h): 8-bit codes with one f32 scale for each 32 values.
 *
 * code = x * (127 / amax) rounded to nearest even; d = amax / 127. A block with amax <= AMAX_MIN
 * becomes zeros, since 127 / amax might not be finite. A block that holds an infinity or a NaN gets
 * zero codes and an infinite or NaN scale; every product with it is NaN: loud, not wrong. */
#include "kernels/kernel.h"
#include "kernels/lanes.h"

#define AMAX_MIN 1e-36f

/* The largest magnitude; as bit patterns NaN is above infinity, and both above all else. */
static float block_amax(const float *x)
{
    uint32_t amax = 0;
    for (int i = 0; i < ACT_BLOCK; i++) {
        uint32_t a = f32_bits(x[i]) & 0x7fffffff;
        amax = a > amax ? a : amax;
    }
    return f32_of_bits(amax);
}

/* Token t of a group of g tokens. */
static void quantise_block(char *record, const float *x, int t, int g)
{
    float amax = block_amax(x);
    bool normal = amax > AMAX_MIN && f32_bits(amax) < 0x7f800000;
    float inverse = normal ? 127.0f / amax : 0.0f;
    float d = amax <= AMAX_MIN ? 0.0f : amax / 127.0f;
    int16_t minus[2][2] = { { 0 } };
    int sum = 0;
    for (int i = 0; i < ACT_BLOCK; i++) {
        int8_t code = normal ? (int8_t)rintf(x[i] * inverse) : 0;
        record[i / 4 * g * 4 + t * 4 + i % 4] = code;
        sum += code;
        minus[0][i % 4 / 2] = (int16_t)(minus[0][i % 4 / 2] - code);
        if (i >= 16) minus[1][i % 4 / 2] = (int16_t)(minus[1][i % 4 / 2] - code);
    }
    float s = d * (float)sum;
    char *tail = record + (size_t)g * ACT_BLOCK;
    memcpy(tail + (size_t)t * 4, &d, 4);
    memcpy(tail + (size_t)(g + t) * 4, &s, 4);
    memcpy(tail + (size_t)(2 * g + t) * 4, minus[0], 4);
    memcpy(tail + (size_t)(3 * g + t) * 4, minus[1], 4);
}

static void quantise(const struct kernel_quantise *a)
{
    int from = a->k_from / ACT_BLOCK, to = (a->k_to ? a->k_to : a->k) / ACT_BLOCK;
    for (int t0 = 0; t0 < a->n; t0 += ACT_GROUP) {
        int g = a->n - t0 < ACT_GROUP ? a->n - t0 : ACT_GROUP;
        char *group = kernel_act_at(a->act, a->k, t0);
        for (int b = from; b < to; b++)
            for (int t = 0; t < g; t++)
                quantise_block(group + (size_t)b * (size_t)g * ACT_TOKEN,
                               a->x + (size_t)(t0 + t) * a->x_stride + (size_t)b * ACT_BLOCK, t, g);
    }
}

const struct kernel kernel_quantise_ref = {
    .slot = KERNEL_QUANTISE,
    .fn.quantise = quantise,
};
