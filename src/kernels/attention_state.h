/* attention_state - what a softmax over some keys leaves, and how two of them become one: the same
 * plain arithmetic in every version of the attention kernels.
 *
 * A state is head_dim sums of e^(score - max) * v, then max, then the sum of e^(score - max). */
#ifndef TIRO_KERNELS_ATTENTION_STATE_H
#define TIRO_KERNELS_ATTENTION_STATE_H

#include "kernels/attention.h"
#include "kernels/lanes.h"

enum { ATTENTION_STATE_MAX = ATTENTION_DIM_MAX + 2 /* floats */ };

/* The sum is 0 when no key was seen, else at least 1, that of the largest score. */
static inline void attention_state_clear(float *state, size_t dim)
{
    memset(state, 0, (dim + 2) * sizeof *state);
    state[dim] = -INFINITY;
}

/* Adds the state of later keys to that of all before. */
static inline void attention_state_add(float *total, const float *span, size_t dim)
{
    if (span[dim + 1] == 0) return;
    float max = total[dim] > span[dim] ? total[dim] : span[dim];
    float a = exp_f32(total[dim] - max), b = exp_f32(span[dim] - max);
    for (size_t d = 0; d < dim; d++) total[d] = total[d] * a + span[d] * b;
    total[dim] = max;
    total[dim + 1] = total[dim + 1] * a + span[dim + 1] * b;
}

/* The first n values (fewer than dim where rows are padded). A row that sees no key is zeros.
 * Adding 0 makes -0 a 0, so that it does not matter whether keys of weight 0 were added. */
static inline void attention_state_finish(float *out, size_t n, const float *total, size_t dim)
{
    float factor = total[dim + 1] > 0 ? 1.0f / total[dim + 1] : 0.0f;
    for (size_t d = 0; d < n; d++) out[d] = total[d] * factor + 0.0f;
}

/* The keys that a query row sees. */
static inline void attention_keys_seen(const struct kernel_attention *a, int i, int *ret_from,
                                       int *ret_to)
{
    int after = a->pos0 + i + 1;
    *ret_to = a->causal && after < a->n_kv ? after : a->n_kv;
    *ret_from = a->causal && a->window > 0 && after > a->window ? after - a->window : 0;
}

#endif
