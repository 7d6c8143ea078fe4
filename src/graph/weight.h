/* weight - a parameter tensor of a graph: as it lies in the file, and in the forms kernels read.
 *
 * Models fill in name, type, shape and data from the checkpoint; building the graph marks how each
 * weight is used; weight_prepare then makes those forms, once. A tied embedding is both a table
 * (read row by row from the mapping) and a matrix (packed for the linear kernels).
 */
#ifndef TIRO_GRAPH_WEIGHT_H
#define TIRO_GRAPH_WEIGHT_H

#include "base/err.h"
#include "kernels/dtype.h"
#include "kernels/kernel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool;

enum { WEIGHT_DIMS_MAX = 4 };

/* How ops read a weight; bits. */
enum weight_use {
    WEIGHT_TABLE = 1,  /* Rows are dequantised from `data` as they are needed. */
    WEIGHT_MATRIX = 2, /* Panels for the linear kernels: (out, in). */
    WEIGHT_VECTOR = 4, /* All of it as f32: norm gains, biases, small filters. */
};

struct weight {
    const char *name; /* "blk.0.attn_q.weight" */
    enum dtype dtype;
    int32_t n_dims;
    int32_t dims[WEIGHT_DIMS_MAX]; /* outermost first: (out, in) */
    const void *data;              /* In the checkpoint's mapping; not owned. */
    size_t size;

    /* Quantised activations lose too much here: the linear runs twice, on their int8 codes and on
     * the int8 codes of what those lost (docs/decisions/0006). Set by the model. */
    bool wide;
    float plus;              /* Added to all of `f32`: files may keep a gain less its 1. */
    unsigned uses;           /* enum weight_use, set by the ops' constructors. */
    enum dtype packed_dtype; /* What `packed` holds: the file's, or F32 with compute = f32. */
    const void *packed;      /* (dims[0] in panels); NULL unless WEIGHT_MATRIX */
    size_t packed_size;
    bool owns_packed; /* Else it lies in the block of all of a model's: models/packed.h. */
    float *f32;       /* (all elements) owned; NULL unless WEIGHT_VECTOR */
};

int64_t weight_elements(const struct weight *w);

struct weight_options {
    const struct kernels *kernels;
    struct pool *pool; /* NULL: the calling thread alone. */
    bool f32;          /* Matrices become floats, whatever the file holds. */
};

/* Sets packed_dtype and packed_size of a matrix; -ERR_FORMAT: its bytes do not fit its shape. */
int weight_measure(struct weight *w, bool f32, struct err *err) MUST_USE;
/* Packs a range of the panels of a measured matrix, the first of them to dst. */
void weight_pack(const struct weight *w, const struct weight_options *o, void *dst, int panel_from,
                 int panel_to);

/* Makes every form in w->uses that is not there yet. */
int weight_prepare(struct weight *w, const struct weight_options *o, struct err *err) MUST_USE;
void weight_release(struct weight *w);

#endif
