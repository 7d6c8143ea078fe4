/* Convolution, AVX2: 8 columns of up to 4 output channels at once where every tap of the columns
 * lies in the picture's width, one value at a time at the edges. Same bits as ref/picture_ref.c:
 * each output is a chain over input channel, kernel row, kernel column. */
#include "kernels/kernel.h"
#include "kernels/x86/vector_avx2.h"

enum { CHANNELS = 4, COLUMNS = 8 };

/* What one row of outputs needs of the sizes. */
struct conv_row {
    const struct kernel_conv2d *a;
    int c, row;          /* First output channel, output row. */
    int per_group;       /* Input channels of a group. */
    int last_inside;     /* The last column that may begin eight; far below 0 when none may. */
    const float *x;      /* The group's first input channel. */
    const float *weight; /* Of output channel c. */
    size_t w_stride;     /* From one output channel's weights to the next. */
};

INLINE void one_column(float sum[CHANNELS], const struct conv_row *v, int n, int column)
{
    const struct kernel_conv2d *a = v->a;
    const float *w = v->weight;
    for (int c = 0; c < n; c++) sum[c] = 0;
    for (int i = 0; i < v->per_group; i++) {
        const float *x = v->x + (size_t)i * (size_t)a->h * (size_t)a->w;
        for (int r = 0; r < a->kh; r++, w += a->kw) {
            int y0 = v->row * a->stride_h - a->pad_h + r * a->dilation_h;
            if (y0 < 0 || y0 >= a->h) continue;
            for (int s = 0; s < a->kw; s++) {
                int x0 = column * a->stride_w - a->pad_w + s * a->dilation_w;
                if (x0 < 0 || x0 >= a->w) continue;
                float p = x[(size_t)y0 * (size_t)a->w + (size_t)x0];
                UNROLL for (int c = 0; c < n; c++)
                    sum[c] = fmaf(w[(size_t)c * v->w_stride + (size_t)s], p, sum[c]);
            }
        }
    }
}

INLINE __m256 load_columns(const float *x, int stride, __m256i index)
{
    return stride == 1 ? _mm256_loadu_ps(x) : _mm256_i32gather_ps(x, index, 4);
}

INLINE void eight_columns(__m256 sum[CHANNELS], const struct conv_row *v, int n, int column)
{
    const struct kernel_conv2d *a = v->a;
    const __m256i index = _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
                                             _mm256_set1_epi32(a->stride_w));
    const float *w = v->weight;
    UNROLL for (int c = 0; c < n; c++) sum[c] = _mm256_setzero_ps();
    for (int i = 0; i < v->per_group; i++) {
        const float *x = v->x + (size_t)i * (size_t)a->h * (size_t)a->w;
        for (int r = 0; r < a->kh; r++, w += a->kw) {
            int y0 = v->row * a->stride_h - a->pad_h + r * a->dilation_h;
            if (y0 < 0 || y0 >= a->h) continue;
            const float *from = x + (size_t)y0 * (size_t)a->w + (column * a->stride_w - a->pad_w);
            for (int s = 0; s < a->kw; s++) {
                __m256 p = load_columns(from + s * a->dilation_w, a->stride_w, index);
                UNROLL for (int c = 0; c < n; c++) sum[c] = _mm256_fmadd_ps(
                    _mm256_broadcast_ss(w + (size_t)c * v->w_stride + s), p, sum[c]);
            }
        }
    }
}

static bool columns_inside(const struct kernel_conv2d *a, int column)
{
    int first = column * a->stride_w - a->pad_w;
    int last = (column + COLUMNS - 1) * a->stride_w - a->pad_w + (a->kw - 1) * a->dilation_w;
    return column + COLUMNS <= a->w_out && first >= 0 && last < a->w;
}

INLINE void output_row(const struct conv_row *v, int n)
{
    const struct kernel_conv2d *a = v->a;
    size_t plane = (size_t)a->h_out * (size_t)a->w_out;
    float *y = a->y + (size_t)v->c * plane + (size_t)v->row * (size_t)a->w_out;
    const float *bias = a->bias ? a->bias + v->c : NULL;
    for (int column = 0; column < a->w_out;) {
        /* The last eight overlap those before: the same values once more. */
        if (column > v->last_inside && column < v->last_inside + COLUMNS) column = v->last_inside;
        if (columns_inside(a, column)) {
            __m256 sum[CHANNELS];
            eight_columns(sum, v, n, column);
            UNROLL for (int c = 0; c < n; c++)
                _mm256_storeu_ps(y + (size_t)c * plane + column,
                                 bias ? _mm256_add_ps(sum[c], f32(bias[c])) : sum[c]);
            column += COLUMNS;
        } else {
            float sum[CHANNELS];
            one_column(sum, v, n, column);
            for (int c = 0; c < n; c++)
                y[(size_t)c * plane + (size_t)column] = bias ? sum[c] + bias[c] : sum[c];
            column++;
        }
    }
}

static void conv2d(const struct kernel_conv2d *a)
{
    int out_per_group = a->c_out / a->groups;
    struct conv_row v = { .a = a, .per_group = a->c_in / a->groups };
    v.w_stride = (size_t)v.per_group * (size_t)a->kh * (size_t)a->kw;
    v.last_inside = a->w_out - COLUMNS;
    while (v.last_inside >= 0 && !columns_inside(a, v.last_inside)) v.last_inside--;
    if (v.last_inside < 0) v.last_inside = -2 * COLUMNS;
    v.c = a->c_from;
    for (int n; v.c < a->c_to; v.c += n) {
        int group = v.c / out_per_group, left = (group + 1) * out_per_group - v.c;
        left = left < a->c_to - v.c ? left : a->c_to - v.c;
        n = left >= CHANNELS ? CHANNELS : 1;
        v.x = a->x + (size_t)(group * v.per_group) * (size_t)a->h * (size_t)a->w;
        v.weight = a->weight + (size_t)v.c * v.w_stride;
        for (v.row = 0; v.row < a->h_out; v.row++) {
            if (n == CHANNELS)
                output_row(&v, CHANNELS);
            else
                output_row(&v, 1);
        }
    }
}

const struct kernel kernel_conv2d_avx2 = {
    .slot = KERNEL_CONV2D,
    .isa = ISA_AVX2,
    .rank = 20,
    .fn.conv2d = conv2d,
};
