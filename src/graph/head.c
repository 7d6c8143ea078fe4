#include "graph/head.h"

#include <math.h>

void head_chunk(const struct kernels *k, float *ret_max, float *ret_sum, const float *logits,
                size_t n, float scale)
{
    float weights[HEAD_CHUNK];
    *ret_max = k->maximum(logits, n);
    if (!ret_sum) return;
    *ret_sum = *ret_max > -INFINITY ? k->exp_sum(weights, logits, *ret_max, scale, n) : 0;
}

void head_gather(const struct head *h, const struct kernels *k, const float *logits, int32_t n_out,
                 int32_t n_vocab, int32_t chunk)
{
    size_t first = (size_t)chunk * HEAD_CHUNK, left = (size_t)n_vocab - first;
    size_t n = left < HEAD_CHUNK ? left : HEAD_CHUNK, n_chunks = (size_t)head_chunks(n_vocab);
    for (size_t row = 0; row < (size_t)n_out; row++) {
        size_t at = row * n_chunks + (size_t)chunk;
        float scale = h->scales[row];
        head_chunk(k, &h->max[at], scale > 0 ? &h->sum[at] : NULL,
                   logits + row * (size_t)n_vocab + first, n, scale);
    }
}
