/* quantise - a model's weights in another type, as a new GGUF file.
 *
 *     struct quantise_options o = { .type = DTYPE_Q4_0, .pool = pool };
 *     struct quantise_result r;
 *     TRY(quantise_model(&r, checkpoint, "out.gguf", &o, err));
 *
 * What is converted: matrices whose rows are a multiple of 32 values, that is linear layers, token
 * embeddings and head. What stays as it is: vectors (norms, biases), matrices that are no weights
 * of a linear layer (positions, token types, the choice of experts), and odd rows. A tensor that
 * has the wanted type already is copied. All metadata is kept; general.file_type and
 * general.quantization_version are set.
 *
 * The head (output.weight, or token_embd.weight in a model that has none: the tied one) takes Q8_0
 * under Q4_0: every choice of a token passes it, and it loses most. `head` overrules that.
 *
 * Memory is bounded (some megabytes a thread) whatever the model's size; the input is mapped.
 */
#ifndef TIRO_ENGINE_QUANTISE_H
#define TIRO_ENGINE_QUANTISE_H

#include "models/checkpoint.h"

struct pool;

enum quantise_head { QUANTISE_HEAD_DEFAULT, QUANTISE_HEAD_KEEP, QUANTISE_HEAD_TYPE };

struct quantise_options {
    enum dtype type; /* Q8_0 or Q4_0 */
    enum quantise_head head;
    enum dtype head_type; /* With QUANTISE_HEAD_TYPE: Q8_0, Q4_0 or F16. */
    struct pool *pool;
    /* Bytes of the new file so far; false ends the work with ERR_CANCELLED. May be NULL. */
    bool (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *ctx;
};

struct quantise_result {
    uint64_t bytes_in, bytes_out; /* of the files */
    uint64_t n_weights;           /* values converted */
    size_t n_converted, n_copied, n_kept;
    /* Root of the mean squared error of the converted values over that of their mean square. */
    double error;
    enum dtype head_type; /* what it has now; I32 when the model has none */
    bool was_quantised;   /* some converted tensor came from a quantised type: its loss stays */
    enum dtype was_type;  /* the first such type */
};

/* The name that metadata and people know: "Q8_0"; false for a type that is not written. */
bool quantise_type_ok(enum dtype type);

/* `c` must be a GGUF checkpoint (ERR_UNSUPPORTED_FORMAT), `path` not its own file (the caller has
 * seen to that). See format_gguf_write.h for what is left behind on failure: nothing. */
int quantise_model(struct quantise_result *ret, const struct checkpoint *c, const char *path,
                   const struct quantise_options *o, struct err *err) MUST_USE;

#endif
