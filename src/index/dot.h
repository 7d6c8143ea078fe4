/* dot - scores of many rows of bytes against one query: whole numbers, so every processor gives the
 * same bits.
 *
 * Rows are unit vectors cut to 8 bits, a query is one cut to 12: exact to about a thousandth, at a
 * quarter of the memory of floats, which is what a search waits for.
 */
#ifndef TIRO_INDEX_DOT_H
#define TIRO_INDEX_DOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DOT_ALIGN = 32,           /* Rows and queries are padded with zeros to a multiple of it. */
    DOT_DIMENSIONS_MAX = 8192 /* Beyond it a sum might not fit 32 bits: 127 * 2047 * 8192 < 2^31 */
};

/* ret[i]: of row i with the query. */
void dot_rows(int32_t *ret, const int8_t *rows, size_t n_rows, size_t stride, const int16_t *query);
/* The specification of dot_rows. */
void dot_rows_plain(int32_t *ret, const int8_t *rows, size_t n_rows, size_t stride,
                    const int16_t *query);
/* Cuts a vector; *ret_scale turns whole numbers back into a unit vector. False: it holds what is no
 * number. A vector of zeros stays one, with scale 0. */
bool dot_cut_row(int8_t *ret, float *ret_scale, const float *vector, size_t dimensions,
                 size_t stride);
bool dot_cut_query(int16_t *ret, float *ret_scale, const float *vector, size_t dimensions,
                   size_t stride);

static inline size_t dot_stride(size_t dimensions)
{
    return (dimensions + DOT_ALIGN - 1) / DOT_ALIGN * DOT_ALIGN;
}

#endif
