/* What sampling asks of a chunk of logits. A NaN has no chance: it is never the largest, weighs
 * nothing and is not selected. */
#include "kernels/kernel.h"
#include "kernels/lanes.h"

static float maximum(const float *x, size_t n)
{
    float max = -INFINITY;
    for (size_t i = 0; i < n; i++) max = x[i] > max ? x[i] : max;
    return max + 0.0f; /* Of the two zeros always the positive one. */
}

static float exp_sum(float *y, const float *x, float max, float scale, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float v = (x[i] - max) * scale;
        y[i] = v >= EXP_MIN ? exp_f32(v) : 0.0f;
    }
    return lanes_sum(y, n);
}

static size_t select_from(int32_t *at, const float *x, float least, size_t n)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        if (x[i] >= least) at[k++] = (int32_t)i;
    return k;
}

const struct kernel kernel_maximum_ref = {
    .slot = KERNEL_MAXIMUM,
    .fn.maximum = maximum,
};
const struct kernel kernel_exp_sum_ref = {
    .slot = KERNEL_EXP_SUM,
    .fn.exp_sum = exp_sum,
};
const struct kernel kernel_select_ref = {
    .slot = KERNEL_SELECT,
    .fn.select = select_from,
};
