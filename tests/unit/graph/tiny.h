/* tiny - a random two-layer decoder recorded straight into a graph, with weights of any type, for
 * the tests of plan and run. Widths are such that every fused path is taken. */
#ifndef TIRO_TESTS_TINY_H
#define TIRO_TESTS_TINY_H

#include "base/pool.h"
#include "graph/build.h"
#include "graph/plan.h"
#include "graph/run.h"

#include "unit/test.h"

#include <stdlib.h>
#include <string.h>

enum {
    TINY_LAYERS = 2,
    TINY_VOCAB = 600, /* Two chunks of the head, and a part. */
    TINY_WIDTH = 64,
    TINY_HEADS = 4,
    TINY_KV_HEADS = 2,
    TINY_HEAD = 16,
    TINY_FFN = 96,
    TINY_WEIGHTS_MAX = 64,
    TINY_ROWS_MAX = 64,
    TINY_BLOCKS = 64,
};

struct tiny {
    struct graph graph;
    struct kernels k;
    struct weight weights[TINY_WEIGHTS_MAX];
    int n_weights;
    float inv_freq[TINY_HEAD / 2];
    uint32_t seed;
    enum dtype dtype; /* Of matrices. */
    bool wide;        /* All of them. */
};

static inline float tiny_random(struct tiny *t)
{
    t->seed = t->seed * 1664525u + 1013904223u;
    return (float)(int32_t)t->seed / 2147483648.0f;
}

/* Random bytes that are valid blocks: only the f16 scales need care. */
static inline void tiny_fill_q8_0(struct tiny *t, unsigned char *p, size_t n_blocks)
{
    for (size_t b = 0; b < n_blocks; b++, p += 34) {
        uint16_t d = (uint16_t)(0x1400 + (int)(tiny_random(t) * 300)); /* about 0.001 */
        memcpy(p, &d, 2);
        for (int i = 0; i < 32; i++) p[2 + i] = (unsigned char)(int8_t)(tiny_random(t) * 127);
    }
}

static inline struct weight *tiny_weight(struct tiny *t, int32_t rows, int32_t columns,
                                         float center)
{
    assert_true(t->n_weights < TINY_WEIGHTS_MAX);
    struct weight *w = &t->weights[t->n_weights++];
    bool matrix = columns > 0;
    size_t n = (size_t)rows * (size_t)(matrix ? columns : 1), row_bytes;
    *w = (struct weight){ .name = "w",
                          .dtype = matrix ? t->dtype : DTYPE_F32,
                          .n_dims = matrix ? 2 : 1,
                          .dims = { rows, columns },
                          .wide = t->wide && matrix };
    assert_true(dtype_row_bytes(&row_bytes, w->dtype, (uint64_t)(matrix ? columns : rows)));
    w->size = row_bytes * (size_t)(matrix ? rows : 1);
    void *data = malloc(w->size);
    assert_non_null(data);
    if (w->dtype == DTYPE_Q8_0)
        tiny_fill_q8_0(t, data, n / 32);
    else
        for (size_t i = 0; i < n; i++) ((float *)data)[i] = center + 0.2f * tiny_random(t);
    w->data = data;
    return w;
}

static inline struct node *tiny_layer(struct tiny *t, struct node *x, struct node *angles, int l,
                                      int32_t head_len)
{
    struct graph *g = &t->graph;
    int32_t q_width = TINY_WIDTH, kv_width = TINY_WIDTH / 2;
    struct rope_attr rope = { ROPE_NEOX, head_len, TINY_HEAD > head_len ? head_len : TINY_HEAD };
    struct attention_attr heads = { .layer = l,
                                    .n_heads = q_width / head_len,
                                    .n_kv_heads = kv_width / head_len,
                                    .head_len = head_len };
    struct node *y = graph_rms_norm(g, tiny_weight(t, TINY_WIDTH, 0, 1), x, 1e-5f);
    struct node *q = graph_linear(g, tiny_weight(t, q_width, TINY_WIDTH, 0),
                                  tiny_weight(t, q_width, 0, 0), y);
    struct node *k = graph_linear(g, tiny_weight(t, kv_width, TINY_WIDTH, 0), NULL, y);
    struct node *v = graph_linear(g, tiny_weight(t, kv_width, TINY_WIDTH, 0), NULL, y);
    q = graph_rope(g, q, angles, &rope);
    k = graph_rope(g, k, angles, &rope);
    y = graph_attention(g, q, k, v, &heads);
    x = graph_add(g, x, graph_linear(g, tiny_weight(t, TINY_WIDTH, q_width, 0), NULL, y));
    y = graph_rms_norm(g, tiny_weight(t, TINY_WIDTH, 0, 1), x, 1e-5f);
    struct node *gate = graph_linear(g, tiny_weight(t, TINY_FFN, TINY_WIDTH, 0), NULL, y);
    struct node *up = graph_linear(g, tiny_weight(t, TINY_FFN, TINY_WIDTH, 0), NULL, y);
    y = graph_silu_mul(g, gate, up);
    return graph_add(g, x, graph_linear(g, tiny_weight(t, TINY_WIDTH, TINY_FFN, 0), NULL, y));
}

/* head_len 16 fuses rope and store; 8 does not. */
static inline void tiny_init_isa(struct tiny *t, enum dtype dtype, bool wide, int32_t head_len,
                                 uint32_t isa)
{
    *t = (struct tiny){ .seed = 7, .dtype = dtype, .wide = wide };
    kernels_select(&t->k, isa);
    graph_init(&t->graph);
    struct graph *g = &t->graph;
    for (int i = 0; i < head_len / 2; i++) t->inv_freq[i] = 1.0f / (float)(1 + i);
    struct rope_table_attr rope = { head_len, t->inv_freq, 1 };
    struct node *angles = graph_rope_table(g, &rope);
    struct weight *table = tiny_weight(t, TINY_VOCAB, TINY_WIDTH, 0);
    struct node *x = graph_embed(g, table, EMBED_TOKENS, 0);
    for (int l = 0; l < TINY_LAYERS; l++) x = tiny_layer(t, x, angles, l, head_len);
    x = graph_rows(g, x);
    x = graph_rms_norm(g, tiny_weight(t, TINY_WIDTH, 0, 1), x, 1e-5f);
    g->output = graph_linear(g, table, NULL, x);
    struct err err = { 0 };
    assert_ok(graph_check(g, &err), &err);
    struct weight_options how = { .kernels = &t->k };
    for (int i = 0; i < t->n_weights; i++)
        assert_ok(weight_prepare(&t->weights[i], &how, &err), &err);
}

static inline void tiny_init(struct tiny *t, enum dtype dtype, bool wide, int32_t head_len)
{
    tiny_init_isa(t, dtype, wide, head_len, kernel_isa_detect());
}

static inline void tiny_release(struct tiny *t)
{
    for (int i = 0; i < t->n_weights; i++) {
        weight_release(&t->weights[i]);
        free((void *)(uintptr_t)t->weights[i].data);
    }
    graph_release(&t->graph);
}

static inline struct kv_geometry tiny_kv(int32_t head_len)
{
    return (struct kv_geometry){ TINY_LAYERS, TINY_WIDTH / 2 / head_len, head_len };
}

static inline struct plan *tiny_plan(const struct tiny *t, int32_t rows, int n_threads)
{
    struct plan_options o = { .mode = PLAN_PREFILL, .kernels = &t->k, .n_threads = n_threads };
    struct plan *plan;
    struct err err = { 0 };
    o.sizes.of[DIM_TOKENS] = o.sizes.of[DIM_SEQS] = o.sizes.of[DIM_OUTS] = rows;
    assert_ok(plan_make(&plan, &t->graph, &o, &err), &err);
    return plan;
}

#endif
