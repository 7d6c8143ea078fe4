/* arch - one architecture: what its files call things, and how they are put together.
 *
 * To add an architecture: docs/how-to/add-a-model.md. In short: a file arch/NAME.c with a struct
 * that begins with struct arch_model, a table of hyper-parameters, a table of tensors, build(),
 * and last
 *
 *     const struct model_arch model_arch_NAME = { .gguf = "name", ... };
 *
 * and its golden data (tools/golden_model.py). Nothing else in the tree knows its name.
 */
#ifndef TIRO_MODELS_ARCH_H
#define TIRO_MODELS_ARCH_H

#include "graph/build.h"
#include "models/model.h"

enum {
    ARCH_LAYERS_MAX = 512,
    ARCH_ROT_MAX = 256, /* = ATTENTION_DIM_MAX: rope rotates part of a head. */
    ARCH_NAMES_MAX = 4,
    ARCH_NAME_LEN_MAX = 128,
};

/* The first member of every architecture's struct; filled from its tables. */
struct arch_model {
    enum checkpoint_kind kind;
    int32_t n_vocab, n_ctx, n_embd, n_ff, n_layers, n_heads, n_kv_heads;
    int32_t head_len, n_rot;
    int32_t n_types;   /* Segments that an encoder tells apart. */
    int32_t n_q, n_kv; /* n_heads * head_len, n_kv_heads * head_len */
    float norm_eps, rope_base;
    float inv_freq[ARCH_ROT_MAX / 2]; /* (n_rot / 2) for graph_rope_table */
    enum model_pooling pooling;
    void *layers; /* (n_layers) of arch.layer_size bytes */
};

enum hparam_type { HPARAM_I32, HPARAM_F32 };

/* A number read from the file. `gguf` and `hf` are keys; "%s" in a GGUF key stands for the
 * architecture; alternatives are separated by '|'; NULL: never in such files. */
struct hparam {
    const char *gguf, *hf;
    size_t offset; /* in the arch's struct */
    enum hparam_type type;
    bool required; /* Else the value stays `def` when missing. */
    double def, min, max;
};

/* A tensor. A "%d" in the pattern is the layer, and makes `offset` one into the layer's struct.
 * `shape` names members of struct arch_model: dims are offsetof() of an int32_t; 0 ends. */
struct arch_tensor {
    const char *gguf, *hf;
    size_t offset; /* of a struct weight */
    size_t shape[2];
    bool optional;
    /* The rows are heads that rope turns, so many (as in `shape`): where rope_gguf and rope_hf
     * differ, GGUF files keep them in another order than adapters do. */
    size_t heads;
    bool wide; /* Activations of 15 bits (weight.h), in every layer. */
};

struct model_arch {
    const char *name;               /* "llama" */
    const char *gguf;               /* general.architecture */
    const char *hf[ARCH_NAMES_MAX]; /* architectures[0] of config.json */
    const char *hf_prefix;          /* HF tensor names may begin with it; NULL: none. */
    const char *const *ignored; /* Tensors that may be there unused; a trailing * is a wildcard. */
    enum model_kind kind;
    enum rope_style rope_gguf, rope_hf; /* GGUF files permute some architectures' rows. */
    bool wide_ends; /* All matrices of the first and the last layer are `wide`. */
    size_t size, layer_size;
    const struct hparam *hparams;      /* NULL gguf and hf end. */
    const struct arch_tensor *tensors; /* likewise; the first is the token table: (n_vocab, ..) */
    /* Checks what numbers alone cannot say and derives the rest; may be NULL. */
    int (*settle)(struct arch_model *m, const struct checkpoint *c, struct err *err);
    /* Records the network; sets g->output. */
    void (*build)(struct graph *g, struct arch_model *m);
};

/* (a, b) of a struct that begins with struct arch_model. */
#define ARCH_OFFSET(type, member) offsetof(struct type, member)
#define ARCH_DIM(member)          offsetof(struct arch_model, member)

/* The hyper-parameters that causal decoders have in common. */
/* clang-format off: a table. */
#define ARCH_COUNT(type, member, gguf, hf, required, least, most)                   \
    {                                                                               \
        gguf, hf, ARCH_OFFSET(type, m.member), HPARAM_I32, required, 0, least, most \
    }
#define ARCH_REAL(type, member, gguf, hf, required, def, least, most)                 \
    {                                                                                 \
        gguf, hf, ARCH_OFFSET(type, m.member), HPARAM_F32, required, def, least, most \
    }
#define ARCH_DECODER_HPARAMS(t)                                                                   \
    ARCH_COUNT(t, n_ctx, "%s.context_length", "max_position_embeddings", true, 1, 1e8),           \
        ARCH_COUNT(t, n_embd, "%s.embedding_length", "hidden_size", true, 1, 1e6),                \
        ARCH_COUNT(t, n_ff, "%s.feed_forward_length", "intermediate_size", true, 1, 1e6),         \
        ARCH_COUNT(t, n_layers, "%s.block_count", "num_hidden_layers", true, 1, ARCH_LAYERS_MAX), \
        ARCH_COUNT(t, n_heads, "%s.attention.head_count", "num_attention_heads", true, 1, 4096),  \
        ARCH_COUNT(t, n_kv_heads, "%s.attention.head_count_kv", "num_key_value_heads", false, 0,  \
                   4096),                                                                         \
        ARCH_COUNT(t, head_len, "%s.attention.key_length", "head_dim", false, 0, 4096),           \
        ARCH_COUNT(t, n_rot, "%s.rope.dimension_count", NULL, false, 0, 4096),                    \
        ARCH_REAL(t, rope_base, "%s.rope.freq_base", "rope_theta|rope_parameters.rope_theta",     \
                  false, 10000, 1, 1e12),                                                         \
        ARCH_REAL(t, norm_eps, "%s.attention.layer_norm_rms_epsilon", "rms_norm_eps", true, 0, 0, \
                  1)
/* clang-format on */

/* --- what arch files share --- */

/* NULL for an optional weight that is not there. */
static inline struct weight *weight_or_null(struct weight *w)
{
    return w->data ? w : NULL;
}

static inline enum rope_style arch_rope_style(const struct arch_model *m,
                                              const struct model_arch *arch)
{
    return m->kind == CHECKPOINT_GGUF ? arch->rope_gguf : arch->rope_hf;
}

/* n_heads, n_kv_heads, head_len, n_rot, n_q, n_kv: fills those left 0, checks that they agree. */
int arch_settle_heads(struct arch_model *m, const struct checkpoint *c, struct err *err) MUST_USE;
/* inv_freq from rope_base and the file's scaling (none, linear, llama3); others are refused. */
int arch_settle_rope(struct arch_model *m, const char *gguf_arch, const struct checkpoint *c,
                     struct err *err) MUST_USE;
/* Refuses a file unless a string key (either may be NULL) is missing or has this value. */
int arch_require_string(const struct checkpoint *c, const char *gguf, const char *hf,
                        const char *value, struct err *err) MUST_USE;
int arch_require_false(const struct checkpoint *c, const char *hf, struct err *err) MUST_USE;
/* Refuses a GGUF file whose count "ARCH.name" is there and not 0. */
int arch_require_zero(const struct checkpoint *c, const char *gguf_arch, const char *name,
                      struct err *err) MUST_USE;
/* Refuses mixtures of experts, which no architecture here knows. */
int arch_require_dense(const struct checkpoint *c, const char *gguf_arch, struct err *err) MUST_USE;

/* The pooling of a GGUF key or of sentence-transformers' 1_Pooling/config.json; mean when neither
 * says so. */
int arch_settle_pooling(struct arch_model *m, const char *gguf, const struct checkpoint *c,
                        struct err *err) MUST_USE;
enum pool_kind arch_pool_kind(const struct arch_model *m);

/* --- reading, used by model.c --- */
const struct model_arch *arch_find(const struct checkpoint *c, struct err *err);
int arch_read_hparams(struct arch_model *m, const struct model_arch *arch,
                      const struct checkpoint *c, struct err *err) MUST_USE;
/* Of a "%d" in the pattern: the tensor is one of each layer. */
bool arch_is_per_layer(const struct arch_tensor *t);
/* `pattern` with the layer's number; ARCH_NAME_LEN_MAX bytes at most. */
void arch_tensor_name(char *ret, const char *pattern, int layer);
struct weight *arch_weight(struct arch_model *m, const struct model_arch *arch,
                           const struct arch_tensor *t, int layer);
/* Fills every weight, their names from the arena; a tensor of the file that nothing asked for is
 * refused by name. */
int arch_read_tensors(struct arch_model *m, const struct model_arch *arch,
                      const struct checkpoint *c, struct arena *names, struct err *err) MUST_USE;
/* Calls fn for every weight struct of the model that is there, layer by layer. */
int arch_each_weight(struct arch_model *m, const struct model_arch *arch,
                     int (*fn)(void *ctx, struct weight *w), void *ctx) MUST_USE;

#endif
