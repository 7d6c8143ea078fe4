/* build - the vocabulary of a model's build(): one constructor per op.
 *
 * Legend: T rows of the batch, S sequences, O rows wanted, C rows of a context, D width.
 * Every constructor returns NULL when it failed or was given NULL (graph.h).
 */
#ifndef TIRO_GRAPH_BUILD_H
#define TIRO_GRAPH_BUILD_H

#include "graph/graph.h"

/* --- from outside --- */

/* A tensor that the caller hands over at run: run.inputs[index]. */
struct input_attr {
    int32_t index;
    struct shape shape;
};
struct node *graph_input(struct graph *g, int32_t index, struct shape shape);

enum embed_source { EMBED_TOKENS, EMBED_POSITIONS, EMBED_TYPES };
struct embed_attr {
    enum embed_source source;
    int32_t offset; /* Added to the id: RoBERTa counts positions from 2. */
    float scale;    /* Of the rows; 1 but for Gemma. */
};
/* (T, D): rows of table (V, D) picked by a field of the batch. */
struct node *graph_embed(struct graph *g, struct weight *table, enum embed_source source,
                         int32_t offset);
/* (T, D): rows picked by token, times `scale`. */
struct node *graph_embed_scaled(struct graph *g, struct weight *table, float scale);

/* --- rows --- */

/* (.., M): x (.., K) times w (M, K), plus bias (M) unless NULL. */
struct node *graph_linear(struct graph *g, struct weight *w, struct weight *bias, struct node *x);

struct norm_attr {
    float eps;
};
struct node *graph_rms_norm(struct graph *g, struct weight *gain, struct node *x, float eps);
struct head_norm_attr {
    int32_t head_len;
    float eps;
};
/* RMS norm of every head of x (T, heads * head_len) by itself; gain (head_len). */
struct node *graph_head_norm(struct graph *g, struct weight *gain, struct node *x,
                             const struct head_norm_attr *attr);
/* bias may be NULL. */
struct node *graph_layer_norm(struct graph *g, struct weight *gain, struct weight *bias,
                              struct node *x, float eps);
/* Every row divided by its length. */
struct node *graph_l2_norm(struct graph *g, struct node *x, float eps);

struct node *graph_add(struct graph *g, struct node *a, struct node *b);
struct node *graph_mul(struct graph *g, struct node *a, struct node *b);
struct node *graph_silu_mul(struct graph *g, struct node *gate, struct node *up);

enum unary { UNARY_SILU, UNARY_GELU_ERF, UNARY_GELU_TANH, UNARY_TANH, UNARY_COUNT };
struct unary_attr {
    enum unary kind;
};
struct node *graph_unary(struct graph *g, enum unary kind, struct node *x);

struct softmax_attr {
    float scale;
};
struct node *graph_softmax(struct graph *g, struct node *x, float scale);

/* (O, D): the rows whose output the batch wants. */
struct node *graph_rows(struct graph *g, struct node *x);

enum pool_kind { POOL_MEAN, POOL_FIRST, POOL_MAX };
struct pool_attr {
    enum pool_kind kind;
};
/* (S, D): the rows of each sequence made one. */
struct node *graph_pool(struct graph *g, enum pool_kind kind, struct node *x);

/* --- positions --- */

struct rope_table_attr {
    int32_t n_rot;         /* Values rotated per head. */
    const float *inv_freq; /* (n_rot / 2) lives as long as the graph */
    float scale;           /* Of cos and sin; 1 but for YaRN. */
};
/* (2, T, n_rot / 2): cosines and sines of position times frequency, shared by all layers. */
struct node *graph_rope_table(struct graph *g, const struct rope_table_attr *attr);

enum rope_style { ROPE_NORM, ROPE_NEOX }; /* pairs (2i, 2i + 1); (i, i + n_rot / 2) */
struct rope_attr {
    enum rope_style style;
    int32_t head_len, n_rot;
};
/* Rotates every head of x (T, heads * head_len). */
struct node *graph_rope(struct graph *g, struct node *x, struct node *table,
                        const struct rope_attr *attr);

/* --- attention --- */

struct attention_attr {
    int32_t layer; /* In the KV store. */
    int32_t n_heads, n_kv_heads, head_len;
    int32_t window; /* Keys seen at most; 0: all. */
    float scale;    /* Of the scores; 0: 1 / sqrt(head_len). */
    float softcap;  /* 0: none. */
};
/* (T, heads * head_len): stores k and v (T, kv heads * head_len) in the batch's blocks, then each
 * row of q attends to its sequence up to itself. */
struct node *graph_attention(struct graph *g, struct node *q, struct node *k, struct node *v,
                             const struct attention_attr *attr);
/* As above without memory or order: each row attends to all rows of its sequence in the batch. */
struct node *graph_encoder_attention(struct graph *g, struct node *q, struct node *k,
                                     struct node *v, const struct attention_attr *attr);
/* q (T, heads * head_len) attends to all C rows of k and v. */
struct node *graph_cross_attention(struct graph *g, struct node *q, struct node *k, struct node *v,
                                   const struct attention_attr *attr);

/* --- pictures: (channels, H, W) --- */

struct conv2d_attr {
    int32_t stride, pad, dilation, groups;
};
/* w is (out, in / groups, kernel height, kernel width); bias may be NULL. */
struct node *graph_conv2d(struct graph *g, struct weight *w, struct weight *bias, struct node *x,
                          const struct conv2d_attr *attr);

struct group_norm_attr {
    int32_t groups;
    float eps;
};
struct node *graph_group_norm(struct graph *g, struct weight *gain, struct weight *bias,
                              struct node *x, const struct group_norm_attr *attr);

#endif
