#include "engine/logprobs.h"

#include <assert.h>
#include <math.h>

/* A short list, best first. */
struct best {
    struct top_logprob *items;
    int32_t n, most;
};

static void offer(struct best *b, int32_t token, float logit)
{
    if (b->n == b->most && !(logit > b->items[b->n - 1].logprob)) return;
    int32_t at = b->n < b->most ? b->n++ : b->n - 1;
    for (; at > 0 && b->items[at - 1].logprob < logit; at--) b->items[at] = b->items[at - 1];
    b->items[at] = (struct top_logprob){ .token = token, .logprob = logit };
}

/* The n-th highest of the chunks' maxima: n tokens are at least that. */
static float least_of_top(const struct logits *l, struct best b)
{
    for (int32_t c = 0; c < l->n_chunks; c++) offer(&b, c, l->max[c]);
    return b.n == b.most ? b.items[b.n - 1].logprob : -INFINITY;
}

static void find_top(const struct logits *l, struct best *b)
{
    int32_t at[HEAD_CHUNK];
    float least = least_of_top(l, *b);
    for (int32_t c = 0; c < l->n_chunks; c++) {
        if (!(l->max[c] >= least)) continue;
        const float *chunk = l->row + (size_t)c * HEAD_CHUNK;
        int32_t left = l->n_vocab - c * HEAD_CHUNK;
        size_t n = (size_t)(left < HEAD_CHUNK ? left : HEAD_CHUNK);
        size_t found = l->kernels->select(at, chunk, least, n);
        for (size_t i = 0; i < found; i++) offer(b, c * HEAD_CHUNK + at[i], chunk[at[i]]);
    }
}

float logprobs_of(struct logits *l, const struct logits_row *row, int32_t token,
                  struct top_logprob *ret_top, int32_t n_top)
{
    assert(token >= 0 && token < l->n_vocab && n_top <= l->n_vocab);
    logits_set(l, row);
    double log_sum = log(logits_sum(l, 1)) + (double)logits_highest(l);
    struct best b = { .items = ret_top, .most = n_top };
    if (n_top > 0) find_top(l, &b);
    for (int32_t i = 0; i < b.n; i++)
        ret_top[i].logprob = (float)((double)ret_top[i].logprob - log_sum);
    return (float)((double)row->logits[token] - log_sum);
}
