/* Attention of one sequence's query rows over paged keys and values: the specification.
 *
 * For each row and head, over chunks of ATTENTION_CHUNK keys counted from key 0 (those with a
 * visible key), with m = -infinity, l = 0, o = 0 at first:
 *
 *     s[j] = (q . k[j]) * scale                  dot in 16 lanes over the head's dimensions
 *     s[j] = softcap * tanh(s[j] / softcap)      when there is a softcap
 *     new  = max(m, s[j] of the chunk);  alpha = e^(m - new)
 *     p[j] = e^(s[j] - new), 0 for keys the row does not see
 *     l    = fmaf(l, alpha, sum of p)            sum in 16 lanes
 *     o[d] = o[d] * alpha, then for each j in order o[d] = fmaf(p[j], v[j][d], o[d])
 *
 * and out = o * (1 / l). A row that sees no key is zeros. */
#include "kernels/kernel.h"
#include "kernels/lanes.h"

struct state {
    float max, sum, out[ATTENTION_DIM_MAX];
};

static const char *entry(const struct kernel_attention *a, const void *base, int j)
{
    const char *p = base;
    if (!a->blocks) return p + (size_t)j * a->token_stride;
    return p + (size_t)a->blocks[j / a->block_len] * a->block_stride +
           (size_t)(j % a->block_len) * a->token_stride;
}

static void load_entry(float *ret, const struct kernel_attention *a, const void *base, int j)
{
    const char *p = entry(a, base, j);
    for (size_t d = 0; d < (size_t)a->head_dim; d++) {
        if (a->kv_dtype == DTYPE_F16)
            ret[d] = load_f16(p + 2 * d);
        else
            memcpy(&ret[d], p + 4 * d, 4);
    }
}

static void add_chunk(struct state *state, const struct kernel_attention *a, const float *q,
                      int chunk, int from, int to)
{
    float p[ATTENTION_CHUNK] = { 0 }, max = state->max, row[ATTENTION_DIM_MAX];
    size_t dim = (size_t)a->head_dim;
    for (int j = from; j < to; j++) {
        load_entry(row, a, a->k, j);
        float s = lanes_dot(q, row, dim) * a->scale;
        if (a->softcap > 0) s = a->softcap * tanh_f32(s / a->softcap);
        p[j - chunk] = s;
        max = max > s ? max : s;
    }
    float alpha = exp_f32(state->max - max);
    for (int j = from; j < to; j++) p[j - chunk] = exp_f32(p[j - chunk] - max);
    state->max = max;
    state->sum = fmaf(state->sum, alpha, lanes_sum(p, ATTENTION_CHUNK));
    for (size_t d = 0; d < dim; d++) state->out[d] = state->out[d] * alpha;
    for (int j = from; j < to; j++) {
        load_entry(row, a, a->v, j);
        for (size_t d = 0; d < dim; d++) state->out[d] = fmaf(p[j - chunk], row[d], state->out[d]);
    }
}

static void attention(const struct kernel_attention *a)
{
    for (int i = 0; i < a->n_q; i++) {
        int to = a->causal && a->pos0 + i + 1 < a->n_kv ? a->pos0 + i + 1 : a->n_kv;
        int from = a->causal && a->window > 0 ? a->pos0 + i + 1 - a->window : 0;
        if (from < 0) from = 0;
        for (int h = 0; h < a->n_heads; h++) {
            size_t column = (size_t)h * (size_t)a->head_dim;
            const float *q = a->q + (size_t)i * a->q_stride + column;
            float *out = a->out + (size_t)i * a->out_stride + column;
            struct state state = { .max = -INFINITY };
            for (int c = from / ATTENTION_CHUNK * ATTENTION_CHUNK; c < to; c += ATTENTION_CHUNK)
                add_chunk(&state, a, q, c, from > c ? from : c,
                          to < c + ATTENTION_CHUNK ? to : c + ATTENTION_CHUNK);
            float factor = state.sum > 0 ? 1.0f / state.sum : 0.0f;
            for (int d = 0; d < a->head_dim; d++) out[d] = state.out[d] * factor;
        }
    }
}

const struct kernel kernel_attention_ref = {
    .slot = KERNEL_ATTENTION,
    .fn.attention = attention,
};
