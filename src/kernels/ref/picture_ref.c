/* Kernels for pictures, NCHW, one picture at a time. */
#include "kernels/kernel.h"
#include "kernels/lanes.h"

/* One output value: a chain of fmaf over input channel, kernel row, kernel column, in that order;
 * positions in the padding are left out. */
static float conv_at(const struct kernel_conv2d *a, int c, int row, int column)
{
    int per_group = a->c_in / a->groups, first = c / (a->c_out / a->groups) * per_group;
    size_t kernel = (size_t)a->kh * (size_t)a->kw;
    float sum = 0;
    for (int i = 0; i < per_group; i++) {
        const float *x = a->x + (size_t)(first + i) * (size_t)a->h * (size_t)a->w;
        const float *w = a->weight + ((size_t)c * (size_t)per_group + (size_t)i) * kernel;
        for (int r = 0; r < a->kh; r++) {
            int y0 = row * a->stride_h - a->pad_h + r * a->dilation_h;
            if (y0 < 0 || y0 >= a->h) continue;
            for (int s = 0; s < a->kw; s++) {
                int x0 = column * a->stride_w - a->pad_w + s * a->dilation_w;
                if (x0 < 0 || x0 >= a->w) continue;
                sum = fmaf(w[r * a->kw + s], x[(size_t)y0 * (size_t)a->w + (size_t)x0], sum);
            }
        }
    }
    return a->bias ? sum + a->bias[c] : sum;
}

static void conv2d(const struct kernel_conv2d *a)
{
    for (int c = a->c_from; c < a->c_to; c++)
        for (int row = 0; row < a->h_out; row++)
            for (int column = 0; column < a->w_out; column++)
                a->y[((size_t)c * (size_t)a->h_out + (size_t)row) * (size_t)a->w_out +
                     (size_t)column] = conv_at(a, c, row, column);
}

/* Mean and variance over the channels of a group and all positions, in 16 lanes. */
static void group_norm(const struct kernel_group_norm *a)
{
    int per_group = a->c / a->groups;
    size_t hw = (size_t)a->hw, n = (size_t)per_group * hw;
    for (int g = 0; g < a->groups; g++) {
        const float *x = a->x + (size_t)g * n;
        float *y = a->y + (size_t)g * n;
        float mean = lanes_sum(x, n) / (float)n, square[LANES] = { 0 };
        for (size_t i = 0; i < n; i++) {
            float v = x[i] - mean;
            square[i % LANES] = fmaf(v, v, square[i % LANES]);
        }
        float factor = 1.0f / sqrtf(lanes_fold(square) / (float)n + a->eps);
        for (size_t i = 0; i < n; i++) {
            size_t c = (size_t)g * (size_t)per_group + i / hw;
            float v = (x[i] - mean) * factor;
            if (a->weight) v = v * a->weight[c];
            y[i] = a->bias ? v + a->bias[c] : v;
        }
    }
}

static void upsample(float *y, const float *x, int c, int h, int w, int factor)
{
    size_t width = (size_t)w * (size_t)factor;
    for (int i = 0; i < c * h * factor; i++) {
        const float *row = x + (size_t)(i / factor) * (size_t)w;
        for (size_t j = 0; j < width; j++) y[(size_t)i * width + j] = row[j / (size_t)factor];
    }
}

const struct kernel kernel_conv2d_ref = {
    .slot = KERNEL_CONV2D,
    .fn.conv2d = conv2d,
};
const struct kernel kernel_group_norm_ref = {
    .slot = KERNEL_GROUP_NORM,
    .fn.group_norm = group_norm,
};
const struct kernel kernel_upsample_ref = {
    .slot = KERNEL_UPSAMPLE,
    .fn.upsample = upsample,
};
