/* attention - how keys and values lie in memory, and what the attention kernels take.
 *
 * PIECES. The keys, or the values, of one head in one block of a paged cache: ATTENTION_BLOCK slots
 * of head_dim values each.
 *     keys    value[head_dim][ATTENTION_BLOCK]     slots side by side: a register of 16 keys
 *     values  value[ATTENTION_BLOCK][head_dim]     dimensions side by side
 * A value is f32, f16, or (Q8_0; head_dim % 32 == 0) an int8 code; the codes are followed by f16
 * scales [head_dim / 32][ATTENTION_BLOCK], and value = code * scale, which f32 holds exactly. So
 * neither scores nor outputs need a sum across a register, and all three types are one arithmetic.
 *
 * SPANS. Keys are counted from the first of the sequence. A row's softmax runs over chunks of
 * ATTENTION_CHUNK keys, starts anew at each multiple of ATTENTION_SPAN, and the spans are merged in
 * order. Hence rows may be handed over in any portions, and spans computed by whoever is free.
 */
#ifndef TIRO_KERNELS_ATTENTION_H
#define TIRO_KERNELS_ATTENTION_H

#include "kernels/dtype.h"

#include <stdbool.h>

enum {
    ATTENTION_BLOCK = 16,     /* Slots of a piece. */
    ATTENTION_CHUNK = 64,     /* Keys between two updates of the running maximum. */
    ATTENTION_SPAN = 256,     /* Keys of one partial result. */
    ATTENTION_SCALE = 32,     /* Q8_0 values that share a scale. */
    ATTENTION_TILE_ROWS = 48, /* Rows (query row and head) that share a chunk read once. */
    ATTENTION_DIM_MAX = 256,
    ATTENTION_WS_MAX = 300 * 1024, /* bytes, any model */
};

/* Whether keys and values of this type may be kept, and the bytes of one piece. */
bool kernel_kv_fits(enum dtype dtype, int head_dim);
size_t kernel_kv_piece_bytes(enum dtype dtype, int head_dim);

/* Writes one token's key or value of one head into its slot of a piece. Q8_0: scale = amax / 127
 * rounded to f16, code = x / scale rounded to nearest even, within -127..127. */
struct kernel_kv_store {
    void *piece;
    enum dtype dtype; /* kernel_kv_fits() */
    bool is_value;
    int slot, head_dim;
    const float *x; /* head_dim */
};

/* Query rows of one sequence, for the query heads that share a KV head. Query row i sees the keys
 * [max(0, pos0 + i + 1 - window), min(n_kv, pos0 + i + 1)) when causal, else [0, n_kv) (encoders;
 * cross attention). */
struct kernel_attention {
    float *out;     /* row i, head h: out + i * out_stride + h * head_dim */
    const float *q; /* likewise */
    size_t out_stride, q_stride;
    int n_q, n_heads, head_dim; /* head_dim <= ATTENTION_DIM_MAX */
    const void *k, *v;          /* of this layer and KV head */
    enum dtype kv_dtype;
    /* Paged: key j is slot j % ATTENTION_BLOCK of the pieces at k and v + blocks[j /
     * ATTENTION_BLOCK] * block_stride bytes. NULL: f32 rows of head_dim, kv_stride values apart. */
    const int32_t *blocks;
    size_t block_stride, kv_stride;
    int n_kv, pos0;
    bool causal;
    int window;    /* 0: none */
    float scale;   /* usually 1 / sqrt(head_dim) */
    float softcap; /* s = cap * tanh(s / cap); 0: none */
    /* Not NULL: only keys [span * ATTENTION_SPAN, + ATTENTION_SPAN), and instead of out the state
     * of row i, head h to partial + (i * n_heads + h) * (head_dim + 2). */
    float *partial;
    int span;
    void *ws; /* kernel_attention_ws_bytes() */
};
size_t kernel_attention_ws_bytes(int head_dim);

/* out from the partial results of spans, in order; bit for bit what one call over all gives. */
struct kernel_attention_merge {
    float *out;
    size_t out_stride;
    int n_q, n_heads, head_dim;
    const float *partial; /* of the first span */
    size_t span_stride;   /* floats between spans */
    int n_spans;
};

#endif
