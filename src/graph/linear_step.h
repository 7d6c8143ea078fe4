/* linear_step - the step that all linears become: several matrices, one input, with prologue and
 * epilogues. Planned in op/linear.c.
 *
 *     prologue   (few rows) norm and quantise the input, each thread for itself
 *     unit       `grain` panels of one matrix, for all rows of the batch, then on those columns:
 *                bias, residual | activation | gate with up | norm of heads | rope | store in the
 *                KV blocks | quantise for the next linear | gather for sampling
 */
#ifndef TIRO_GRAPH_LINEAR_STEP_H
#define TIRO_GRAPH_LINEAR_STEP_H

#include "graph/head.h"
#include "graph/planner.h"
#include "graph/prepare.h"

enum {
    LINEAR_PARTS_MAX = 8,  /* Matrices of one step; more of the same input make another. */
    LINEAR_GLU_PANELS = 2, /* 32 columns: what one activation scale covers. */
    LINEAR_WIDE_PANELS = 4,
    LINEAR_AHEAD_BYTES = 8192,
    LINEAR_HEAD_PANELS = HEAD_CHUNK / PANEL_ROWS,
};

enum linear_store { LINEAR_STORE_NOTHING, LINEAR_STORE_KEYS, LINEAR_STORE_VALUES };

struct linear_matrix {
    kernel_linear_fn *fn;
    const void *packed;
    size_t panel_bytes, ws_bytes;
    const float *bias;    /* (m) or NULL */
    bool quantised, wide; /* wide: once more with PREPARE_REST */
};

struct linear_part {
    struct linear_matrix w, up; /* up: only of a GLU, whose gate is w */
    int32_t m, k;
    int32_t grain; /* Panels of a unit. */
    int64_t n_units;
    int32_t y;   /* (rows, m) */
    int32_t add; /* (rows, m) or VALUE_NONE; may be where y is */
    int32_t act; /* y quantised, or VALUE_NONE */
    bool is_glu;
    bool is_head;           /* The graph's output: what batch->head asks is gathered. */
    kernel_unary_fn *unary; /* NULL: none. */
    kernel_norm_fn *norm;   /* Of each head; NULL: none. */
    const float *norm_gain; /* (head_len) */
    float norm_eps;
    kernel_rope_fn *rope; /* NULL: none. */
    int32_t rope_table, head_len, n_rot;
    enum linear_store store;
    int32_t layer;
};

struct linear_step {
    struct prepare input;
    size_t gate_at, ws_at; /* In the thread's scratch. */
    int64_t n_units;
    int32_t n_parts;
    struct linear_part parts[LINEAR_PARTS_MAX];
};

int64_t linear_step_units(const struct step *s, const struct run *r);
void linear_step_prologue(const struct step *s, struct run *r, int thread);
void linear_step_run(const struct step *s, struct run *r, int thread, int64_t from, int64_t to);
void linear_step_ahead(const struct step *s, const struct run *r, int thread);
void linear_step_scratch(struct planner *p, struct linear_step *a);
kernel_unary_fn *unary_kernel(const struct kernels *k, const struct node *n);

#endif
