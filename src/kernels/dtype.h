/* dtype - the storage types of tensors, as one table.
 *
 * A quantised type stores blocks of `block_len` consecutive values of a row in `block_bytes` bytes;
 * the layouts are those of GGUF and are described where they are decoded: ref/dequant_ref.c.
 */
#ifndef TIRO_KERNELS_DTYPE_H
#define TIRO_KERNELS_DTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dtype {
    DTYPE_F32,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_Q4_0,
    DTYPE_Q4_1,
    DTYPE_Q5_0,
    DTYPE_Q5_1,
    DTYPE_Q8_0,
    DTYPE_Q4_K,
    DTYPE_Q5_K,
    DTYPE_Q6_K,
    DTYPE_I32,
    DTYPE_COUNT
};

struct dtype_info {
    const char *name; /* "Q4_K" */
    int ggml_id;      /* The number in a GGUF tensor record. */
    int block_len;    /* Values in a block: 1, 32 or 256. */
    int block_bytes;
    bool quantised; /* Linear kernels take ACT_Q8 activations for it, else f32. */
};

const struct dtype_info *dtype_info(enum dtype dtype);
/* Whether `ggml_id` is one of ours; *ret is set only then. */
bool dtype_from_ggml(enum dtype *ret, uint32_t ggml_id);
/* By name as in the table, ASCII case ignored. */
bool dtype_from_name(enum dtype *ret, const char *name);
/* Bytes of a row of n values. False when n is no whole number of blocks or the size overflows. */
bool dtype_row_bytes(size_t *ret, enum dtype dtype, uint64_t n);

#endif
