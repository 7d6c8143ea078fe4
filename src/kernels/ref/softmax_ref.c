/* softmax(scale * x) of rows: e^(scale * x - max), its sum in 16 lanes, divided. */
#include "kernels/kernel.h"
#include "kernels/lanes.h"

static void softmax(const struct kernel_softmax *a)
{
    for (size_t t = 0; t < (size_t)a->n; t++) {
        const float *x = a->x + t * a->x_stride;
        float *y = a->y + t * a->y_stride;
        float max = x[0] * a->scale;
        for (int i = 1; i < a->d; i++) {
            float v = x[i] * a->scale;
            max = max > v ? max : v;
        }
        for (int i = 0; i < a->d; i++) y[i] = exp_f32(x[i] * a->scale - max);
        float factor = 1.0f / lanes_sum(y, (size_t)a->d);
        for (int i = 0; i < a->d; i++) y[i] = y[i] * factor;
    }
}

const struct kernel kernel_softmax_ref = {
    .slot = KERNEL_SOFTMAX,
    .fn.softmax = softmax,
};
