/* encode - f32 values to the storage types that are written: the way back of `dequant`.
 *
 *     encode_fn *encode = encode_of(DTYPE_Q8_0);             NULL: that type is only read
 *     if (!encode(row, x, n)) ...                            a value cannot be stored
 *
 * Bit for bit the reference rounding of ggml, as the Python package `gguf` states it
 * (tests/kernels/test_encode.c holds it against that package's output). There is one version, in
 * plain C: models are quantised once, and reading and writing files takes longer.
 */
#ifndef TIRO_KERNELS_ENCODE_H
#define TIRO_KERNELS_ENCODE_H

#include "kernels/dtype.h"

/* n values, a whole number of blocks, to y; neither needs an alignment but its own. False when a
 * value is infinite or no number, or too large for the type's f16; y is undefined then. */
typedef bool encode_fn(void *y, const float *x, size_t n);

encode_fn *encode_of(enum dtype dtype);

#endif
