/* lora - the low-rank terms that adapters add to linears, row by row: y += B (scale * A x).
 *
 * Every weight that adapters may change has a table of terms, one a slot (models/adapter.h fills
 * it); a batch says for each row which slot it uses, and a row that uses none keeps its bits. In a
 * plan made for adapters a linear becomes two steps:
 *
 *     lora      s = scale * A x, for the rows that have an adapter
 *     linear    as ever; behind the product of its columns, before what follows it: y += B s
 *
 * Both are products of the float linear kernels with f32 rows, so a term has the same bits whatever
 * else is in the batch. Consecutive rows of one slot are a run (run.h) and read A and B once.
 */
#ifndef TIRO_GRAPH_LORA_H
#define TIRO_GRAPH_LORA_H

#include "graph/planner.h"

enum {
    LORA_SLOTS_MAX = 64, /* Adapters that are there at once. */
    LORA_RANK_MAX = 256,
    LORA_NODES_MAX = 8, /* Linears of one step (LINEAR_PARTS_MAX). */
};

/* What one adapter does to one linear (m, k). */
struct lora_term {
    int32_t rank; /* 0: nothing. */
    float scale;
    enum dtype a_dtype, b_dtype; /* F32, F16 or BF16 */
    const void *a, *b;           /* Panels of (rank, k) and (m, rank); not owned. */
};

/* A linear's part in its step; terms NULL: no adapter changes it. */
struct lora_part {
    const struct lora_term *terms; /* (LORA_SLOTS_MAX) */
    int32_t s;                     /* (rows, LORA_RANK_MAX) f32 */
};

struct lora_step {
    int32_t x, k; /* (rows, k) f32 */
    int32_t n_parts;
    struct lora_part parts[LORA_NODES_MAX];
};

/* Whether plans of p give n a term. */
bool lora_changes(const struct planner *p, const struct node *n);
/* Emits the step that computes s for the linears nodes[0..n) of x, whose f32 value is there; fills
 * ret[0..n) for lora_read. */
int lora_plan(struct planner *p, const struct node *x, struct node *const *nodes, int n,
              struct lora_part *ret) MUST_USE;
/* In the linear's own step: it reads this. */
void lora_read(struct planner *p, const struct lora_part *part);
/* y += B s on the columns of panels [from, to) of m; y is column 0 of panel `from`. ws is as
 * kernel_linear wants it. */
void lora_add(const struct lora_part *part, const struct run *r, void *ws, float *y,
              size_t y_stride, int from, int to, int m);

#endif
