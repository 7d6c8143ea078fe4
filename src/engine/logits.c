#include "engine/logits.h"

#include "base/seam.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

int logits_init(struct logits *l, int32_t n_vocab, const struct kernels *kernels)
{
    assert(n_vocab > 0 && kernels);
    int32_t n_chunks = head_chunks(n_vocab);
    *l = (struct logits){ .kernels = kernels, .n_vocab = n_vocab, .n_chunks = n_chunks };
    l->own = mem_calloc((size_t)n_vocab, sizeof *l->own);
    l->changed = mem_calloc((size_t)n_chunks, sizeof *l->changed);
    l->max = mem_calloc((size_t)n_chunks, sizeof *l->max);
    l->sum = mem_calloc((size_t)n_chunks, sizeof *l->sum);
    l->weights = mem_calloc((size_t)n_chunks, sizeof *l->weights);
    if (l->own && l->changed && l->max && l->sum && l->weights) return 0;
    logits_release(l);
    return -ERR_NO_MEMORY;
}

void logits_release(struct logits *l)
{
    mem_free(l->own);
    mem_free(l->changed);
    mem_free(l->max);
    mem_free(l->sum);
    mem_free(l->weights);
    *l = (struct logits){ 0 };
}

/* ---- Chunks ---- */

struct chunk {
    const float *logits;
    size_t n;
    int32_t first; /* Token. */
};

static struct chunk chunk_of(const struct logits *l, int32_t c)
{
    int32_t first = c * HEAD_CHUNK, left = l->n_vocab - first;
    return (struct chunk){ (l->changed[c] ? l->own : l->row) + first,
                           (size_t)(left < HEAD_CHUNK ? left : HEAD_CHUNK), first };
}

static void look_at(struct logits *l, int32_t c)
{
    struct chunk k = chunk_of(l, c);
    head_chunk(l->kernels, &l->max[c], l->scale > 0 ? &l->sum[c] : NULL, k.logits, k.n, l->scale);
}

void logits_set(struct logits *l, const struct logits_row *row)
{
    size_t bytes = (size_t)l->n_chunks * sizeof *l->max;
    l->row = row->logits;
    l->scale = 0;
    memset(l->changed, 0, (size_t)l->n_chunks * sizeof *l->changed);
    if (!row->max) {
        for (int32_t c = 0; c < l->n_chunks; c++) look_at(l, c);
        return;
    }
    memcpy(l->max, row->max, bytes);
    if (!(row->scale > 0)) return;
    memcpy(l->sum, row->sum, bytes);
    l->scale = row->scale;
}

static void own_chunk(struct logits *l, int32_t c)
{
    if (l->changed[c]) return;
    struct chunk k = chunk_of(l, c);
    memcpy(l->own + k.first, k.logits, k.n * sizeof *l->own);
    l->changed[c] = true;
}

float *logits_change(struct logits *l, int32_t token)
{
    assert(token >= 0 && token < l->n_vocab);
    own_chunk(l, token / HEAD_CHUNK);
    return &l->own[token];
}

enum { MASK_WORDS = HEAD_CHUNK / 32 };

void logits_mask(struct logits *l, const uint32_t *bits)
{
    for (int32_t c = 0; c < l->n_chunks; c++) {
        const uint32_t *word = bits + (size_t)c * MASK_WORDS;
        size_t n = chunk_of(l, c).n, n_words = (n + 31) / 32;
        uint32_t all = UINT32_MAX;
        for (size_t i = 0; i < n_words; i++) all &= word[i];
        if (all == UINT32_MAX) continue;
        own_chunk(l, c);
        float *own = l->own + (size_t)c * HEAD_CHUNK;
        for (size_t i = 0; i < n; i++)
            if (!(word[i / 32] >> (i % 32) & 1)) own[i] = -INFINITY;
    }
}

void logits_settle(struct logits *l)
{
    for (int32_t c = 0; c < l->n_chunks; c++)
        if (l->changed[c]) look_at(l, c);
}

/* ---- Questions ---- */

float logits_highest(const struct logits *l)
{
    return l->kernels->maximum(l->max, (size_t)l->n_chunks);
}

int32_t logits_best(const struct logits *l)
{
    float highest = logits_highest(l);
    int32_t c = 0, i = 0;
    while (l->max[c] != highest) c++;
    struct chunk k = chunk_of(l, c);
    while (k.logits[i] != highest) i++;
    return k.first + i;
}

static void sum_chunks(struct logits *l, float scale)
{
    l->scale = scale;
    for (int32_t c = 0; c < l->n_chunks; c++) look_at(l, c);
}

double logits_sum(struct logits *l, float scale)
{
    assert(scale > 0);
    double sum = 0;
    if (l->scale != scale) sum_chunks(l, scale);
    (void)l->kernels->exp_sum(l->weights, l->max, logits_highest(l), scale, (size_t)l->n_chunks);
    for (int32_t c = 0; c < l->n_chunks; c++) sum += (double)l->weights[c] * (double)l->sum[c];
    return sum;
}

/* The index in which the running sum of weights passes `at`; the last that weighs anything where
 * rounding leaves a rest. */
static size_t walk(const float *weights, size_t n, double at)
{
    size_t last = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(weights[i] > 0)) continue;
        last = i;
        at -= (double)weights[i];
        if (at < 0) break;
    }
    return last;
}

int logits_draw(struct logits *l, int32_t *ret, float scale, double unit)
{
    double sum = logits_sum(l, scale), at = unit * sum, inside = 0;
    if (!(sum > 0) || isinf(sum)) return -ERR_INTERNAL;
    int32_t chosen = -1;
    for (int32_t c = 0; c < l->n_chunks; c++) {
        double weight = (double)l->weights[c] * (double)l->sum[c];
        if (!(weight > 0)) continue;
        chosen = c;
        inside = at / (double)l->weights[c];
        at -= weight;
        if (at < 0) break;
    }
    assert(chosen >= 0);
    float weights[HEAD_CHUNK];
    struct chunk k = chunk_of(l, chosen);
    (void)l->kernels->exp_sum(weights, k.logits, l->max[chosen], scale, k.n);
    *ret = k.first + (int32_t)walk(weights, k.n, inside);
    return 0;
}

int32_t logits_gather(const struct logits *l, struct candidate *items, float least)
{
    int32_t at[HEAD_CHUNK], n = 0;
    if (!(least >= -FLT_MAX)) least = -FLT_MAX;
    for (int32_t c = 0; c < l->n_chunks; c++) {
        if (!(l->max[c] >= least)) continue;
        struct chunk k = chunk_of(l, c);
        size_t found = l->kernels->select(at, k.logits, least, k.n);
        for (size_t i = 0; i < found; i++)
            items[n++] = (struct candidate){ .id = k.first + at[i], .logit = k.logits[at[i]] };
    }
    return n;
}

int32_t logits_maxima(const struct logits *l, struct candidate *items)
{
    for (int32_t c = 0; c < l->n_chunks; c++)
        items[c] = (struct candidate){ .id = c, .logit = l->max[c] };
    return l->n_chunks;
}
