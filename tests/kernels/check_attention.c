/* Attention: each query row alone by the reference, against all kinds of company. */
#include "check.h"

#include <math.h>

enum { KV_MAX = 560, QUERIES = 37, N_BLOCKS = KV_MAX / ATTENTION_BLOCK };

struct cache {
    uint8_t *k, *v;
    int32_t blocks[N_BLOCKS];
    size_t block_stride;
};

/* Blocks lie in a shuffled order; what lies between them is NaN. */
static struct cache cache_new(enum dtype dtype, int dim, const struct check *c, struct dice *d)
{
    size_t piece = kernel_kv_piece_bytes(dtype, dim);
    struct cache cache = { .block_stride = piece + 64 };
    for (int i = 0; i < N_BLOCKS; i++) cache.blocks[i] = (i * 8 + 3) % N_BLOCKS;
    float row[ATTENTION_DIM_MAX];
    uint8_t **parts[2] = { &cache.k, &cache.v };
    for (int part = 0; part < 2; part++) {
        uint8_t *p = *parts[part] = malloc(N_BLOCKS * cache.block_stride);
        memset(p, 0xff, N_BLOCKS * cache.block_stride);
        for (int j = 0; j < KV_MAX; j++) {
            values_fill(row, (size_t)dim, VALUES_RANDOM, d);
            c->refs.kv_store(&(struct kernel_kv_store){
                .piece = p + (size_t)cache.blocks[j / ATTENTION_BLOCK] * cache.block_stride,
                .dtype = dtype,
                .is_value = part == 1,
                .slot = j % ATTENTION_BLOCK,
                .head_dim = dim,
                .x = row });
        }
    }
    return cache;
}

static void cache_release(struct cache *cache)
{
    free(cache->k);
    free(cache->v);
}

/* A copy of the cache in which what the rows do not see is hostile: slots from n_kv on are NaN, and
 * to read a block wholly outside, or before the window of the first row, would crash. */
static struct cache cache_without_unseen(const struct cache *from, const struct kernel_attention *a)
{
    struct cache cache = *from;
    size_t bytes = N_BLOCKS * cache.block_stride, width = a->kv_dtype == DTYPE_F32 ? 4 : 2;
    cache.k = malloc(bytes);
    cache.v = malloc(bytes);
    memcpy(cache.k, from->k, bytes);
    memcpy(cache.v, from->v, bytes);
    for (int i = 0; i < N_BLOCKS; i++) {
        bool gone = a->window > 0 && (i + 1) * ATTENTION_BLOCK <= a->pos0 + 1 - a->window;
        if (gone || i * ATTENTION_BLOCK >= a->n_kv) cache.blocks[i] = 1 << 28;
    }
    if (a->n_kv % ATTENTION_BLOCK == 0 || a->kv_dtype == DTYPE_Q8_0) return cache;
    size_t at = (size_t)cache.blocks[a->n_kv / ATTENTION_BLOCK] * cache.block_stride;
    for (size_t slot = (size_t)(a->n_kv % ATTENTION_BLOCK); slot < ATTENTION_BLOCK; slot++) {
        for (size_t d = 0; d < (size_t)a->head_dim; d++) {
            memset(cache.k + at + (d * ATTENTION_BLOCK + slot) * width, 0xff, width);
            memset(cache.v + at + (slot * (size_t)a->head_dim + d) * width, 0xff, width);
        }
    }
    return cache;
}

/* By spans, the last first, then merged. */
static void by_spans(const struct check *c, struct kernel_attention a)
{
    size_t n_states = (size_t)(a.n_q * a.n_heads), dim = (size_t)a.head_dim;
    int first = a.window > 0 && a.pos0 + 1 > a.window ? a.pos0 + 1 - a.window : 0;
    int from = first / ATTENTION_SPAN, to = (a.n_kv + ATTENTION_SPAN - 1) / ATTENTION_SPAN;
    size_t stride = n_states * (dim + 2);
    float *partial = malloc((size_t)(to - from) * stride * sizeof *partial);
    for (a.span = to - 1; a.span >= from; a.span--) {
        a.partial = partial + (size_t)(a.span - from) * stride;
        c->kernel->fn.attention(&a);
    }
    c->refs.attention_merge(&(struct kernel_attention_merge){ .out = a.out,
                                                              .out_stride = a.out_stride,
                                                              .n_q = a.n_q,
                                                              .n_heads = a.n_heads,
                                                              .head_dim = a.head_dim,
                                                              .partial = partial,
                                                              .span_stride = stride,
                                                              .n_spans = to - from });
    free(partial);
}

static void check_case(const struct check *c, struct kernel_attention a, const struct cache *cache,
                       struct dice *d)
{
    size_t stride = (size_t)(a.n_heads * a.head_dim) + 3, n = (size_t)a.n_q * stride;
    float *q = malloc(n * 4), *want = malloc(n * 4), *got = malloc(n * 4);
    void *ws = malloc(kernel_attention_ws_bytes(a.head_dim));
    struct cache seen = { 0 };
    if (a.blocks) {
        seen = cache_without_unseen(cache, &a);
        a.k = seen.k;
        a.v = seen.v;
        a.blocks = seen.blocks;
    }
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
        for (int split = 0; split < 2; split++) {
            untouched_fill(got, n);
            struct kernel_attention part = a;
            for (int i = 0; i < a.n_q; i += portions[p]) {
                part.n_q = a.n_q - i < portions[p] ? a.n_q - i : portions[p];
                part.pos0 = a.pos0 + i;
                part.q = q + (size_t)i * stride;
                part.out = got + (size_t)i * stride;
                if (split)
                    by_spans(c, part);
                else
                    c->kernel->fn.attention(&part);
            }
            check_bits(c, got, want, n,
                       "%d queries by %d, %d keys, pos %d, dim %d, heads %d, window %d, type %s%s",
                       a.n_q, portions[p], a.n_kv, a.pos0, a.head_dim, a.n_heads, a.window,
                       dtype_info(a.kv_dtype)->name, split ? ", by spans" : "");
        }
    }
    free(ws);
    free(seen.k);
    free(seen.v);
    free(q);
    free(want);
    free(got);
}

/* Rows of keys and values side by side, as an encoder has them. */
static void check_rows(const struct check *c, struct kernel_attention a, struct dice *d)
{
    size_t stride = 2 * (size_t)a.head_dim + 5, n = KV_MAX * stride;
    float *rows = malloc(n * 4);
    values_fill(rows, n, VALUES_RANDOM, d);
    a.causal = false;
    a.pos0 = a.window = 0;
    a.softcap = 0;
    a.blocks = NULL;
    a.kv_dtype = DTYPE_F32;
    a.k = rows;
    a.v = rows + a.head_dim;
    a.kv_stride = stride;
    const int keys[] = { 1, 15, 64, 65, 257 };
    for (int i = 0; i < 5; i++) {
        a.n_q = i == 4 ? QUERIES : 5;
        a.n_kv = keys[i];
        check_case(c, a, NULL, d);
    }
    free(rows);
}

static void check_shape(const struct check *c, enum dtype dtype, int dim, int heads)
{
    struct dice d = { 31 + (uint64_t)dim };
    struct cache cache = cache_new(dtype, dim, c, &d);
    struct kernel_attention a = { .n_heads = heads, .head_dim = dim };
    a.kv_dtype = dtype;
    a.blocks = cache.blocks;
    a.block_stride = cache.block_stride;
    a.scale = 1.0f / sqrtf((float)dim);
    a.causal = true;
    const int starts[] = { 0, 1, 63, 64, 230, KV_MAX - QUERIES };
    for (int i = 0; i < 6; i++) { /* A chunk of a prompt behind starts[i] older keys. */
        if (dim > 64 && i != 1 && i != 5) continue; /* Long rows: the two that say most. */
        a.pos0 = starts[i];
        a.n_q = i % 2 ? QUERIES : 7;
        a.n_kv = a.pos0 + a.n_q;
        a.window = i == 4 ? 20 : i == 5 ? 270 : 0;
        a.softcap = i == 3 ? 5.0f : 0.0f;
        check_case(c, a, &cache, &d);
    }
    check_rows(c, a, &d);
    cache_release(&cache);
}

void check_attention(const struct check *c)
{
    const int dims[] = { 64, 32, 128, 80, 20, 1, ATTENTION_DIM_MAX };
    for (int i = 0; i < 7; i++) {
        check_shape(c, DTYPE_F16, dims[i], 1 + i % 4);
        if (i < 3) check_shape(c, DTYPE_F32, dims[i], 3 - i % 3);
        if (i < 3) check_shape(c, DTYPE_Q8_0, dims[i], 7 - i);
    }
}

/* Against the same written another way: rows one at a time, spans that saw nothing left out. */
void check_attention_merge(const struct check *c)
{
    enum { ROWS = 3, HEADS = 2, DIM = 20, SPANS = 4, STATE = DIM + 2 };
    float partial[SPANS][ROWS * HEADS][STATE], want[ROWS][HEADS * DIM], got[ROWS][HEADS * DIM];
    struct dice d = { 77 };
    for (int s = 0; s < SPANS; s++) {
        for (int r = 0; r < ROWS * HEADS; r++) {
            values_fill(partial[s][r], STATE, VALUES_RANDOM, &d);
            partial[s][r][DIM + 1] = 1 + (float)dice_below(&d, 9);
            if ((s + r) % 4 && r != 5) continue;
            memset(partial[s][r], 0, sizeof partial[s][r]); /* Row 5 sees nothing at all. */
            partial[s][r][DIM] = -INFINITY;
        }
    }
    struct kernel_attention_merge a = { .out = got[0], .out_stride = HEADS * DIM };
    a.n_q = ROWS;
    a.n_heads = HEADS;
    a.head_dim = DIM;
    a.partial = partial[0][0];
    a.span_stride = ROWS * HEADS * STATE;
    a.n_spans = SPANS;
    c->kernel->fn.attention_merge(&a);
    for (int r = 0; r < ROWS * HEADS; r++) {
        float seen[SPANS][STATE];
        int n = 0;
        for (int s = 0; s < SPANS; s++)
            if (partial[s][r][DIM + 1] > 0) memcpy(seen[n++], partial[s][r], sizeof seen[0]);
        a.out = want[r / HEADS] + r % HEADS * DIM;
        a.n_q = a.n_heads = 1;
        a.partial = seen[0];
        a.span_stride = STATE;
        a.n_spans = n;
        c->ref->fn.attention_merge(&a);
    }
    check_bits(c, got[0], want[0], ROWS * HEADS * DIM, "merge");
    for (int i = 0; i < DIM; i++) assert_true(got[2][DIM + i] == 0);
}

/* Every slot, among bytes that must stay; hostile values too. */
void check_kv_store(const struct check *c)
{
    const enum dtype types[] = { DTYPE_F16, DTYPE_F32, DTYPE_Q8_0 };
    const int dims[] = { 64, 32, 80, 20, 1, ATTENTION_DIM_MAX };
    struct dice d = { 91 };
    for (int i = 0; i < 3 * 6 * VALUES_COUNT; i++) {
        enum dtype dtype = types[i % 3];
        int dim = dims[i / 3 % 6];
        if (!kernel_kv_fits(dtype, dim)) continue;
        size_t bytes = kernel_kv_piece_bytes(dtype, dim);
        uint8_t *got = malloc(bytes), *want = malloc(bytes);
        float x[ATTENTION_DIM_MAX];
        struct kernel_kv_store a = { .dtype = dtype, .head_dim = dim, .x = x };
        for (a.slot = 0; a.slot < ATTENTION_BLOCK; a.slot++) {
            a.is_value = (i + a.slot) % 2;
            memset(got, 0xee, bytes);
            memset(want, 0xee, bytes);
            values_fill(x, (size_t)dim, (enum values)(i / 18), &d);
            a.piece = got;
            c->kernel->fn.kv_store(&a);
            a.piece = want;
            c->ref->fn.kv_store(&a);
            if (memcmp(got, want, bytes) != 0)
                fail_msg("%s: slot %d of %d values of %s", check_name(c), a.slot, dim,
                         dtype_info(dtype)->name);
        }
        free(got);
        free(want);
    }
}
