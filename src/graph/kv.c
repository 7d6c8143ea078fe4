#include "graph/kv.h"

#include "base/seam.h"
#include "kernels/kernel.h"

#include <assert.h>
#include <string.h>

_Static_assert(KV_BLOCK_LEN == (int)ATTENTION_BLOCK, "a block is what the kernels read");

bool kv_fits(const struct kv_geometry *g, enum dtype dtype)
{
    return kernel_kv_fits(dtype, g->head_len);
}

size_t kv_block_bytes(const struct kv_geometry *g, enum dtype dtype)
{
    assert(g->n_layers >= 0 && g->n_heads >= 0);
    return (size_t)g->n_layers * 2 * (size_t)g->n_heads * kernel_kv_piece_bytes(dtype, g->head_len);
}

int kv_store_init(struct kv_store *ret, const struct kv_geometry *g, enum dtype dtype,
                  int32_t n_blocks, struct err *err)
{
    assert(n_blocks >= 1);
    struct kv_store kv = { .geometry = *g, .dtype = dtype, .n_blocks = n_blocks };
    kv.piece_bytes = kernel_kv_piece_bytes(dtype, g->head_len);
    kv.layer_bytes = 2 * (size_t)g->n_heads * kv.piece_bytes;
    kv.block_bytes = kv_block_bytes(g, dtype);
    assert(kv.block_bytes > 0);
    if ((size_t)n_blocks > SIZE_MAX / 2 / kv.block_bytes)
        return err_set(err, ERR_NO_MEMORY, "%d KV blocks of %zu bytes are too many", n_blocks,
                       kv.block_bytes);
    kv.base = seams.map((size_t)n_blocks * kv.block_bytes);
    if (!kv.base)
        return err_set(err, ERR_NO_MEMORY, "no memory for %d KV blocks of %zu bytes", n_blocks,
                       kv.block_bytes);
    *ret = kv;
    return 0;
}

void kv_store_release(struct kv_store *kv)
{
    if (kv->base) (void)seams.unmap(kv->base, (size_t)kv->n_blocks * kv->block_bytes);
    *kv = (struct kv_store){ 0 };
}

void kv_store_copy(struct kv_store *kv, int32_t to, int32_t from)
{
    assert(to >= 0 && to < kv->n_blocks && from >= 0 && from < kv->n_blocks);
    if (to == from) return;
    memcpy(kv->base + (size_t)to * kv->block_bytes, kv->base + (size_t)from * kv->block_bytes,
           kv->block_bytes);
}

/* The graph's own view, for the attention and linear steps. Keys and values of a head stand
 * together: one page of the usual models, read by one thread. */
unsigned char *kv_piece(const struct kv_store *kv, int32_t block, int32_t layer, bool is_value,
                        int32_t head)
{
    return kv->base + (size_t)block * kv->block_bytes + (size_t)layer * kv->layer_bytes +
           (2 * (size_t)head + (is_value ? 1 : 0)) * kv->piece_bytes;
}

void kv_write(struct kv_store *kv, const struct kernels *k, const struct batch_seq *seq,
              int32_t slot, int32_t layer, bool is_value, int32_t head, int32_t n_heads,
              const float *x)
{
    const struct kv_geometry *g = &kv->geometry;
    assert(slot / KV_BLOCK_LEN < seq->n_blocks);
    int32_t block = seq->blocks[slot / KV_BLOCK_LEN];
    for (int32_t i = 0; i < n_heads; i++, x += g->head_len)
        k->kv_store(&(struct kernel_kv_store){
            .piece = kv_piece(kv, block, layer, is_value, head + i),
            .dtype = kv->dtype,
            .is_value = is_value,
            .slot = slot % KV_BLOCK_LEN,
            .head_dim = g->head_len,
            .x = x,
        });
}
