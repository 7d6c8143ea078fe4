/* Normalisation of rows. Sums run in 16 lanes (lanes.h). */
#include "kernels/kernel.h"
#include "kernels/lanes.h"

static void rms_norm(const struct kernel_norm *a)
{
    for (size_t t = 0; t < (size_t)a->n; t++) {
        const float *x = a->x + t * a->x_stride;
        float *y = a->y + t * a->y_stride;
        float mean = lanes_dot(x, x, (size_t)a->d) / (float)a->d;
        float factor = 1.0f / sqrtf(mean + a->eps);
        for (int i = 0; i < a->d; i++) {
            float v = x[i] * factor;
            if (a->weight) v = v * a->weight[i];
            y[i] = a->bias ? v + a->bias[i] : v;
        }
    }
}

static void layer_norm(const struct kernel_norm *a)
{
    for (size_t t = 0; t < (size_t)a->n; t++) {
        const float *x = a->x + t * a->x_stride;
        float *y = a->y + t * a->y_stride;
        float mean = lanes_sum(x, (size_t)a->d) / (float)a->d, square[LANES] = { 0 };
        for (int i = 0; i < a->d; i++) {
            float v = x[i] - mean;
            square[i % LANES] = fmaf(v, v, square[i % LANES]);
        }
        float factor = 1.0f / sqrtf(lanes_fold(square) / (float)a->d + a->eps);
        for (int i = 0; i < a->d; i++) {
            float v = (x[i] - mean) * factor;
            if (a->weight) v = v * a->weight[i];
            y[i] = a->bias ? v + a->bias[i] : v;
        }
    }
}

static void l2_norm(const struct kernel_norm *a)
{
    for (size_t t = 0; t < (size_t)a->n; t++) {
        const float *x = a->x + t * a->x_stride;
        float *y = a->y + t * a->y_stride;
        float norm = sqrtf(lanes_dot(x, x, (size_t)a->d));
        float factor = 1.0f / (norm > a->eps ? norm : a->eps);
        for (int i = 0; i < a->d; i++) y[i] = x[i] * factor;
    }
}

const struct kernel kernel_rms_norm_ref = {
    .slot = KERNEL_RMS_NORM,
    .fn.norm = rms_norm,
};
const struct kernel kernel_layer_norm_ref = {
    .slot = KERNEL_LAYER_NORM,
    .fn.norm = layer_norm,
};
const struct kernel kernel_l2_norm_ref = {
    .slot = KERNEL_L2_NORM,
    .fn.norm = l2_norm,
};
