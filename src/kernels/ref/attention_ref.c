/* Attention of one sequence's query rows over its keys and values: the specification.
 *
 * For each row and head, by spans of ATTENTION_SPAN keys counted from key 0 (those with a visible
 * key), and in a span by chunks of ATTENTION_CHUNK, with m = -infinity, l = 0, o = 0 at the span's
 * first:
 *
 *     s[j] = dot of q * scale and k[j]           one chain of fmaf over the head's dimensions
 *     s[j] = softcap * tanh(s[j] / softcap)      when there is a softcap
 *     new  = max(m, s[j] of the chunk);  alpha = e^(m - new)
 *     p[j] = e^(s[j] - new), 0 for keys the row does not see
 *     l    = fmaf(l, alpha, sum of p)            sum in 16 lanes
 *     o[d] = o[d] * alpha, then for each j in order o[d] = fmaf(p[j], v[j][d], o[d])
 *
 * The spans' states are merged and finished as attention_state.h says. */
#include "kernels/attention_state.h"
#include "kernels/kernel.h"

/* Value d of the key (or value) in a slot of a piece. */
static float piece_value(enum dtype dtype, const char *piece, bool is_value, size_t dim,
                         size_t slot, size_t d)
{
    size_t at = is_value ? slot * dim + d : d * ATTENTION_BLOCK + slot;
    if (dtype == DTYPE_F16) return load_f16(piece + 2 * at);
    if (dtype == DTYPE_F32) {
        float x;
        memcpy(&x, piece + 4 * at, sizeof x);
        return x;
    }
    size_t scale = d / ATTENTION_SCALE * ATTENTION_BLOCK + slot;
    return (float)(int8_t)piece[at] * load_f16(piece + ATTENTION_BLOCK * dim + 2 * scale);
}

static void load_entry(float *ret, const struct kernel_attention *a, bool is_value, int j)
{
    const char *base = is_value ? a->v : a->k;
    size_t dim = (size_t)a->head_dim, key = (size_t)j;
    if (!a->blocks) {
        memcpy(ret, base + key * a->kv_stride * sizeof *ret, dim * sizeof *ret);
        return;
    }
    base += (size_t)a->blocks[key / ATTENTION_BLOCK] * a->block_stride;
    for (size_t d = 0; d < dim; d++)
        ret[d] = piece_value(a->kv_dtype, base, is_value, dim, key % ATTENTION_BLOCK, d);
}

static float score(const struct kernel_attention *a, const float *q, int j)
{
    float key[ATTENTION_DIM_MAX], s = 0;
    load_entry(key, a, false, j);
    for (int d = 0; d < a->head_dim; d++) s = fmaf(q[d], key[d], s);
    return a->softcap > 0 ? a->softcap * tanh_f32(s / a->softcap) : s;
}

/* Keys [from, to) of the chunk that begins at `chunk`. */
static void add_chunk(float *state, const struct kernel_attention *a, const float *q, int chunk,
                      int from, int to)
{
    size_t dim = (size_t)a->head_dim;
    float p[ATTENTION_CHUNK] = { 0 }, value[ATTENTION_DIM_MAX], max = state[dim];
    for (int j = from; j < to; j++) {
        float s = p[j - chunk] = score(a, q, j);
        max = max > s ? max : s;
    }
    float alpha = exp_f32(state[dim] - max);
    for (int j = from; j < to; j++) p[j - chunk] = exp_f32(p[j - chunk] - max);
    state[dim] = max;
    state[dim + 1] = fmaf(state[dim + 1], alpha, lanes_sum(p, ATTENTION_CHUNK));
    for (size_t d = 0; d < dim; d++) state[d] = state[d] * alpha;
    for (int j = from; j < to; j++) {
        load_entry(value, a, true, j);
        for (size_t d = 0; d < dim; d++) state[d] = fmaf(p[j - chunk], value[d], state[d]);
    }
}

/* Keys [from, to) of the span. */
static void add_span(float *state, const struct kernel_attention *a, const float *q, int span,
                     int from, int to)
{
    int first = span * ATTENTION_SPAN, last = first + ATTENTION_SPAN;
    from = from > first ? from : first;
    to = to < last ? to : last;
    attention_state_clear(state, (size_t)a->head_dim);
    for (int c = from / ATTENTION_CHUNK * ATTENTION_CHUNK; c < to; c += ATTENTION_CHUNK)
        add_chunk(state, a, q, c, from > c ? from : c,
                  to < c + ATTENTION_CHUNK ? to : c + ATTENTION_CHUNK);
}

static void attend(const struct kernel_attention *a, int i, int h)
{
    size_t dim = (size_t)a->head_dim, column = (size_t)h * dim;
    const float *row = a->q + (size_t)i * a->q_stride + column;
    float q[ATTENTION_DIM_MAX], total[ATTENTION_STATE_MAX], span[ATTENTION_STATE_MAX];
    int from, to;
    for (size_t d = 0; d < dim; d++) q[d] = row[d] * a->scale;
    attention_keys_seen(a, i, &from, &to);
    if (a->partial) {
        add_span(a->partial + (size_t)(i * a->n_heads + h) * (dim + 2), a, q, a->span, from, to);
        return;
    }
    attention_state_clear(total, dim);
    for (int s = from / ATTENTION_SPAN; s * ATTENTION_SPAN < to; s++) {
        add_span(span, a, q, s, from, to);
        attention_state_add(total, span, dim);
    }
    attention_state_finish(a->out + (size_t)i * a->out_stride + column, dim, total, dim);
}

static void attention(const struct kernel_attention *a)
{
    for (int i = 0; i < a->n_q; i++)
        for (int h = 0; h < a->n_heads; h++) attend(a, i, h);
}

static void attention_merge(const struct kernel_attention_merge *a)
{
    size_t dim = (size_t)a->head_dim;
    const float *partial = a->partial;
    for (int i = 0; i < a->n_q; i++) {
        for (int h = 0; h < a->n_heads; h++, partial += dim + 2) {
            float total[ATTENTION_STATE_MAX];
            attention_state_clear(total, dim);
            for (int s = 0; s < a->n_spans; s++)
                attention_state_add(total, partial + (size_t)s * a->span_stride, dim);
            attention_state_finish(a->out + (size_t)i * a->out_stride + (size_t)h * dim, dim, total,
                                   dim);
        }
    }
}

/* ---- Storing ---- */

/* The scale of 32 values as f16 bits; codes are 0 where it is 0, or not finite: loud, not wrong. */
static uint16_t scale_of(const float *x, float *ret_inverse)
{
    uint32_t amax = 0;
    for (int i = 0; i < ATTENTION_SCALE; i++) {
        uint32_t a = f32_bits(x[i]) & 0x7fffffff;
        amax = a > amax ? a : amax;
    }
    uint16_t half = f16_of_f32(f32_of_bits(amax) / 127.0f);
    float scale = f16_to_f32(half);
    *ret_inverse = scale > 0 && scale <= 65504.0f ? 1.0f / scale : 0.0f;
    return half;
}

static int8_t code_of(float x, float inverse)
{
    float code = inverse > 0 ? rintf(x * inverse) : 0.0f;
    return (int8_t)(code > 127.0f ? 127.0f : code < -127.0f ? -127.0f : code);
}

static void store_codes(const struct kernel_kv_store *a)
{
    size_t dim = (size_t)a->head_dim, slot = (size_t)a->slot;
    char *scales = (char *)a->piece + ATTENTION_BLOCK * dim;
    for (size_t from = 0; from < dim; from += ATTENTION_SCALE) {
        float inverse;
        uint16_t scale = scale_of(a->x + from, &inverse);
        memcpy(scales + 2 * (from / ATTENTION_SCALE * ATTENTION_BLOCK + slot), &scale, 2);
        for (size_t d = from; d < from + ATTENTION_SCALE; d++)
            ((int8_t *)a->piece)[a->is_value ? slot * dim + d : d * ATTENTION_BLOCK + slot] =
                code_of(a->x[d], inverse);
    }
}

static void kv_store(const struct kernel_kv_store *a)
{
    if (a->dtype == DTYPE_Q8_0) {
        store_codes(a);
        return;
    }
    size_t dim = (size_t)a->head_dim, slot = (size_t)a->slot;
    for (size_t d = 0; d < dim; d++) {
        size_t at = a->is_value ? slot * dim + d : d * ATTENTION_BLOCK + slot;
        uint16_t half = f16_of_f32(a->x[d]);
        if (a->dtype == DTYPE_F16)
            memcpy((char *)a->piece + 2 * at, &half, 2);
        else
            memcpy((char *)a->piece + 4 * at, &a->x[d], 4);
    }
}

const struct kernel kernel_attention_ref = {
    .slot = KERNEL_ATTENTION,
    .fn.attention = attention,
};
const struct kernel kernel_attention_merge_ref = {
    .slot = KERNEL_ATTENTION_MERGE,
    .fn.attention_merge = attention_merge,
};
const struct kernel kernel_kv_store_ref = {
    .slot = KERNEL_KV_STORE,
    .fn.kv_store = kv_store,
};
