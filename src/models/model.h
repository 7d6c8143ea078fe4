/* model - an opened network: packed weights, facts, and forward passes over ragged batches.
 *
 *     struct model *m;
 *     struct model_options options = { .pool = pool, .n_rows_max = 512 };
 *     TRY(model_open(&m, checkpoint, &options, err));
 *     const struct model_facts *facts = model_facts(m);
 *     TRY(kv_store_init(&kv, &facts->kv, facts->kv_dtype, n_blocks, err));
 *     TRY(model_forward(m, &batch, &kv, logits, err));      (n_out, n_out_width) floats
 *     model_close(m);
 *
 * Architectures live one per file in models/arch/: models/arch.h, docs/how-to/add-a-model.md.
 *
 * Owner: one thread calls model_forward at a time; it is thread 0 of the pool. The checkpoint must
 * outlive the model: embeddings are read from its mapping row by row. After model_open nothing on
 * the forward path allocates, except that the first batch of a larger row bucket makes its plan;
 * model_open makes all of them up to n_rows_max when `.plan_ahead` is set.
 *
 * Batch invariance: a sequence's result is the same bit for bit alone or among others, prefilled in
 * any chunks, on any number of threads.
 */
#ifndef TIRO_MODELS_MODEL_H
#define TIRO_MODELS_MODEL_H

#include "base/err.h"
#include "graph/batch.h"
#include "graph/kv.h"
#include "kernels/dtype.h"
#include "models/checkpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model;
struct model_arch;
struct pool;

enum model_kind {
    MODEL_CAUSAL,   /* Tokens in, logits of the next token out; keeps a KV store. */
    MODEL_EMBEDDER, /* Texts in, one vector each out; kv may be NULL. */
};

enum model_pooling {
    MODEL_POOL_NONE,
    MODEL_POOL_MEAN,
    MODEL_POOL_CLS,
    MODEL_POOL_MAX,
};

enum model_compute {
    MODEL_COMPUTE_AUTO, /* Weights as stored, activations int8: the fast path. */
    MODEL_COMPUTE_F32,  /* Everything in f32: for verification. */
};

enum model_kv {
    MODEL_KV_AUTO, /* F16 with MODEL_COMPUTE_AUTO, F32 with MODEL_COMPUTE_F32. */
    MODEL_KV_F16,
    MODEL_KV_F32,
};

struct model_facts {
    const char *arch; /* "llama": our file's name. */
    const char *name; /* What the file calls itself, or "". Lives as long as the model. */
    enum model_kind kind;
    int32_t n_vocab, n_embd, n_layers;
    int32_t n_ctx_train; /* The longest context that the model was trained for. */
    int32_t n_heads;
    int32_t n_out_width; /* Floats per output: n_vocab (causal) or n_embd (embedder). */
    struct kv_geometry kv;
    enum dtype kv_dtype; /* What kv_store_init should be given, from the options. */
    enum model_pooling pooling;
    bool normalize; /* Embeddings are scaled to length 1. */
    uint64_t n_params;
    uint64_t weight_bytes;   /* Of the packed matrices. */
    enum dtype weight_dtype; /* The type that most weights have. */
    bool packed_mapped;      /* They were mapped from packed_path, */
    /* or why not: ERR_NOT_FOUND, there is none; anything else, what is wrong with it. */
    struct err packed_problem;
};

struct model_options {
    enum model_compute compute;
    enum model_kv kv;
    struct pool *pool;  /* Not owned; outlives the model. NULL: the calling thread alone. */
    int32_t n_rows_max; /* Largest batch; 0: 512. An embedder takes a whole text at once: for it
                             this is raised to n_ctx_train. */
    int32_t n_seqs_max; /* Most sequences in a batch; 0: 256. */
    int32_t n_out_max;  /* Most output rows of a batch; 0: n_seqs_max. */
    bool profile;       /* Gather where forwards spend their time: model_profile_each. */
    bool plan_ahead;    /* Make every plan now, so that no forward allocates. */
    uint32_t isa_mask;  /* Instruction sets that may be used; 0: all the CPU has. */
    /* A file of model_pack's that may be there: mapped instead of packing, if it belongs to this
     * checkpoint and is whole. Not looked at with MODEL_COMPUTE_F32. NULL: none. */
    const char *packed_path;
    /* Called while weights are packed; false stops with -ERR_CANCELLED. May be NULL. */
    bool (*progress)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
    void *progress_ctx;
};

/* -ERR_UNSUPPORTED_FORMAT names an unknown architecture; -ERR_FORMAT names the key or tensor at
 * fault. The checkpoint stays the caller's. */
int model_open(struct model **ret, const struct checkpoint *checkpoint,
               const struct model_options *options, struct err *err) MUST_USE;
void model_close(struct model *m); /* NULL is fine. */
/* Writes the packed matrices to fd, for packed_path of later starts; on disk when this returns 0.
 * `name` is what errors call the file; of the options pool, isa_mask and progress count. */
int model_pack(const struct checkpoint *checkpoint, const struct model_options *options, int fd,
               const char *name, struct err *err) MUST_USE;
const struct model_facts *model_facts(const struct model *m);

/* Causal: out is (n_out, n_vocab) logits of the batch's out_rows, in that order.
 * Embedder: out is (n_seqs, n_embd); out_rows is not looked at.
 * -ERR_LIMIT when the batch exceeds n_rows_max, n_seqs_max or n_out_max, -ERR_INVALID_VALUE for a
 * token or block that does not exist; the KV store is untouched then. */
int model_forward(struct model *m, const struct batch *batch, struct kv_store *kv, float *out,
                  struct err *err) MUST_USE;

/* A step of a plan and its time in all forwards since the model was opened or the profile reset;
 * times are means of the threads. With model_options.profile only. */
struct model_step {
    const char *name, *detail; /* "linear", "blk.3.attn_q.weight" or NULL */
    int32_t rows;              /* The most that its plan takes. */
    uint64_t n_runs, n_rows, work_ns, wait_ns;
    double weight_bytes, row_macs; /* Of one run, and of one of its rows. */
};
void model_profile_each(const struct model *m, void (*each)(void *ctx, const struct model_step *s),
                        void *ctx);
void model_profile_reset(struct model *m);

/* All architectures, sorted by name, NULL at the end. */
extern const struct model_arch *const model_arch_registry[];
extern const size_t model_arch_registry_len;

#endif
