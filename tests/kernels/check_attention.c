/* Attention: each query row alone by the reference, against all kinds of company. */
#include "check.h"

#include <math.h>

enum { BLOCK_LEN = 16, KV_MAX = 300, QUERIES = 37 };

struct cache {
    uint8_t *k, *v;
    int32_t *blocks;
    size_t token_stride, block_stride;
};

/* Blocks lie in a shuffled order; what lies between and behind the keys is NaN. */
static struct cache cache_new(enum dtype dtype, int dim, const struct check *c, struct dice *d)
{
    int n_blocks = (KV_MAX + BLOCK_LEN - 1) / BLOCK_LEN;
    size_t width = dtype == DTYPE_F16 ? 2 : 4;
    struct cache cache = { .token_stride = (size_t)dim * width + 8 };
    cache.block_stride = BLOCK_LEN * cache.token_stride + 64;
    size_t bytes = (size_t)n_blocks * cache.block_stride;
    cache.blocks = malloc((size_t)n_blocks * sizeof *cache.blocks);
    for (int i = 0; i < n_blocks; i++) cache.blocks[i] = (i * 7 + 3) % n_blocks;
    float *row = malloc((size_t)dim * 4);
    uint8_t **parts[2] = { &cache.k, &cache.v };
    for (int part = 0; part < 2; part++) {
        uint8_t *p = *parts[part] = malloc(bytes);
        memset(p, 0xff, bytes);
        for (int j = 0; j < KV_MAX; j++) {
            values_fill(row, (size_t)dim, VALUES_RANDOM, d);
            uint8_t *at = p + (size_t)cache.blocks[j / BLOCK_LEN] * cache.block_stride +
                          (size_t)(j % BLOCK_LEN) * cache.token_stride;
            if (dtype == DTYPE_F16)
                c->refs.f32_to_f16((uint16_t *)(void *)at, row, (size_t)dim);
            else
                memcpy(at, row, (size_t)dim * 4);
        }
    }
    free(row);
    return cache;
}

static void cache_release(struct cache *cache)
{
    free(cache->k);
    free(cache->v);
    free(cache->blocks);
}

/* Blocks wholly before the window of the first row may be gone: reading one would crash. */
static int32_t *blocks_without_old(const struct kernel_attention *a)
{
    int n_blocks = (KV_MAX + BLOCK_LEN - 1) / BLOCK_LEN, first = a->pos0 + 1 - a->window;
    int32_t *blocks = malloc((size_t)n_blocks * sizeof *blocks);
    for (int i = 0; i < n_blocks; i++) {
        bool gone = a->window > 0 && (i + 1) * BLOCK_LEN <= first;
        blocks[i] = gone || i * BLOCK_LEN >= a->n_kv ? 1 << 28 : a->blocks[i];
    }
    return blocks;
}

static void check_case(const struct check *c, struct kernel_attention a, struct dice *d)
{
    size_t stride = (size_t)(a.n_heads * a.head_dim) + 3, n = (size_t)a.n_q * stride;
    float *q = malloc(n * 4), *want = malloc(n * 4), *got = malloc(n * 4);
    void *ws = malloc(kernel_attention_ws_bytes(a.n_heads, a.head_dim));
    int32_t *blocks = a.blocks ? blocks_without_old(&a) : NULL;
    a.blocks = blocks;
    values_fill(q, n, VALUES_RANDOM, d);
    untouched_fill(want, n);
    a.q_stride = a.out_stride = stride;
    a.ws = ws;
    struct kernel_attention one = a;
    one.n_q = 1;
    for (int i = 0; i < a.n_q; i++, one.pos0++) {
        one.q = q + (size_t)i * stride;
        one.out = want + (size_t)i * stride;
        c->ref->fn.attention(&one);
    }
    const int portions[] = { 1, 2, 3, 5, 16, 17, QUERIES };
    /* The reference is slow, and against itself a few will do. */
    for (int p = 0; p < 7; p += c->kernel->isa ? 1 : 3) {
        untouched_fill(got, n);
        struct kernel_attention part = a;
        for (int i = 0; i < a.n_q; i += portions[p]) {
            part.n_q = a.n_q - i < portions[p] ? a.n_q - i : portions[p];
            part.pos0 = a.pos0 + i;
            part.q = q + (size_t)i * stride;
            part.out = got + (size_t)i * stride;
            c->kernel->fn.attention(&part);
        }
        check_bits(c, got, want, n,
                   "%d queries by %d, %d keys, pos %d, dim %d, heads %d, "
                   "window %d",
                   a.n_q, portions[p], a.n_kv, a.pos0, a.head_dim, a.n_heads, a.window);
    }
    free(ws);
    free(blocks);
    free(q);
    free(want);
    free(got);
}

static void check_shape(const struct check *c, enum dtype dtype, int dim, int heads)
{
    struct dice d = { 31 + (uint64_t)dim };
    struct cache cache = cache_new(dtype, dim, c, &d);
    struct kernel_attention a = { .n_heads = heads, .head_dim = dim, .k = cache.k, .v = cache.v };
    a.kv_dtype = dtype;
    a.blocks = cache.blocks;
    a.block_len = BLOCK_LEN;
    a.block_stride = cache.block_stride;
    a.token_stride = cache.token_stride;
    a.scale = 1.0f / sqrtf((float)dim);
    a.causal = true;
    const int starts[] = { 0, 1, 63, 64, 90, KV_MAX - QUERIES };
    for (int i = 0; i < 6; i++) { /* Causal: a chunk of a prompt behind starts[i] older keys. */
        if (dim > 64 && i != 1 && i != 5) continue; /* Long rows: the two that say most. */
        a.pos0 = starts[i];
        a.n_q = i % 2 ? QUERIES : 7;
        a.n_kv = a.pos0 + a.n_q;
        a.window = i == 4 ? 20 : i == 5 ? 70 : 0;
        a.softcap = i == 3 ? 5.0f : 0.0f;
        check_case(c, a, &d);
    }
    a.causal = false; /* Encoder and cross attention. */
    a.pos0 = a.window = 0;
    a.softcap = 0;
    const int keys[] = { 1, 15, 64, 65, 200 };
    for (int i = 0; i < 5; i++) {
        a.n_q = i == 4 ? QUERIES : 5;
        a.n_kv = keys[i];
        check_case(c, a, &d);
    }
    a.blocks = NULL; /* The same memory as one run of tokens; only the first block is real. */
    a.k = cache.k + (size_t)cache.blocks[0] * cache.block_stride;
    a.v = cache.v + (size_t)cache.blocks[0] * cache.block_stride;
    a.n_kv = BLOCK_LEN;
    check_case(c, a, &d);
    cache_release(&cache);
}

void check_attention(const struct check *c)
{
    const int dims[] = { 64, 32, 128, 80, 20, 1, ATTENTION_DIM_MAX };
    for (int i = 0; i < 7; i++) {
        check_shape(c, DTYPE_F16, dims[i], 1 + i % 4);
        if (i < 2) check_shape(c, DTYPE_F32, dims[i], 3 - i % 3);
    }
}
