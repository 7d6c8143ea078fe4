/* Rotary position embedding: (a, b) -> (a cos - b sin, a sin + b cos), as
 * fmaf(a, cos, -(b * sin)) and fmaf(a, sin, b * cos). */
#include "kernels/kernel.h"

#include <math.h>

static void rope(const struct kernel_rope *a, int first_step, int second)
{
    int half = a->n_rot / 2;
    for (int t = 0; t < a->n; t++) {
        size_t row = (size_t)(a->pos ? a->pos[t] : t) * (size_t)half;
        for (int h = 0; h < a->n_heads; h++) {
            float *x = a->x + (size_t)t * a->x_stride + (size_t)h * (size_t)a->head_dim;
            for (int i = 0; i < half; i++) {
                float *x0 = x + i * first_step, *x1 = x0 + second;
                float c = a->cos[row + (size_t)i], s = a->sin[row + (size_t)i], v0 = *x0, v1 = *x1;
                *x0 = fmaf(v0, c, -(v1 * s));
                *x1 = fmaf(v0, s, v1 * c);
            }
        }
    }
}

static void rope_norm(const struct kernel_rope *a)
{
    rope(a, 2, 1);
}

static void rope_neox(const struct kernel_rope *a)
{
    rope(a, 1, a->n_rot / 2);
}

const struct kernel kernel_rope_norm_ref = {
    .slot = KERNEL_ROPE_NORM,
    .fn.rope = rope_norm,
};
const struct kernel kernel_rope_neox_ref = {
    .slot = KERNEL_ROPE_NEOX,
    .fn.rope = rope_neox,
};
