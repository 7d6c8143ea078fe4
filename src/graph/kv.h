/* kv - the memory of all keys and values of one model, in blocks of KV_BLOCK_LEN slots.
 *
 *     struct kv_store kv;
 *     TRY(kv_store_init(&kv, &facts->kv, DTYPE_F16, n_blocks, err));
 *     kv_store_copy(&kv, to, from);            copy on write of a shared block
 *     kv_store_release(&kv);
 *
 * This is memory and nothing else: who owns which block, sharing and eviction are engine/kvcache's.
 * A block holds KV_BLOCK_LEN slots of ALL layers, so that it is copied, saved or dropped as one
 * piece of `block_bytes`:
 *
 *     block = [layer][kv head][K, V]     pieces of KV_BLOCK_LEN slots: kernels/attention.h
 *
 * Untouched blocks cost no memory (anonymous pages).
 *
 * Owner: the thread that calls model_forward; pool threads write disjoint rows during a forward.
 */
#ifndef TIRO_GRAPH_KV_H
#define TIRO_GRAPH_KV_H

#include "base/err.h"
#include "graph/batch.h"
#include "kernels/dtype.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a model's attention keeps per slot; all zero for encoders. */
struct kv_geometry {
    int32_t n_layers; /* Layers that keep keys and values. */
    int32_t n_heads;  /* KV heads of a layer. */
    int32_t head_len; /* Floats of one key, and of one value, of one head. */
};

struct kv_store {
    struct kv_geometry geometry;
    enum dtype dtype; /* DTYPE_F16, DTYPE_F32 or DTYPE_Q8_0 */
    int32_t n_blocks;
    size_t piece_bytes; /* The K or V of one head of one layer in one block. */
    size_t layer_bytes; /* K and V of one layer in one block. */
    size_t block_bytes;
    unsigned char *base; /* n_blocks * block_bytes, owned */
};

/* Whether the keys and values can be kept in this type. */
bool kv_fits(const struct kv_geometry *g, enum dtype dtype);
/* Bytes of one block, for sizing from a budget. */
size_t kv_block_bytes(const struct kv_geometry *g, enum dtype dtype);
/* n_blocks >= 1; -ERR_NO_MEMORY when the address space is not to be had. */
int kv_store_init(struct kv_store *ret, const struct kv_geometry *g, enum dtype dtype,
                  int32_t n_blocks, struct err *err) MUST_USE;
void kv_store_release(struct kv_store *kv);
void kv_store_copy(struct kv_store *kv, int32_t to, int32_t from);

/* --- for src/graph: where things lie --- */

struct kernels;

/* The piece of one head's keys or values. */
unsigned char *kv_piece(const struct kv_store *kv, int32_t block, int32_t layer, bool is_value,
                        int32_t head);
/* Stores x (n_heads * head_len), the keys or values of heads head.. at a slot of a sequence. */
void kv_write(struct kv_store *kv, const struct kernels *k, const struct batch_seq *seq,
              int32_t slot, int32_t layer, bool is_value, int32_t head, int32_t n_heads,
              const float *x);

#endif
