/* head - what sampling asks of rows of logits, gathered by the linear that computes them.
 *
 * A row is seen in chunks of HEAD_CHUNK logits: fixed, whoever computes them. Of each chunk the
 * highest logit is kept and, where a row wants it, the sum of e^(scale * (logit - highest)), so
 * that a greedy token, the best k or a draw from all of the vocabulary needs a look at the maxima
 * and at few chunks, not a pass over the row.
 *
 * Owner: the caller of the forward pass, who puts it into the batch. Batch invariant, as the logits
 * are; a NaN counts as -inf.
 */
#ifndef TIRO_GRAPH_HEAD_H
#define TIRO_GRAPH_HEAD_H

#include "kernels/kernel.h"

enum { HEAD_CHUNK = 256 };

struct head {
    const float *scales; /* (n_out) of the sums: 1 / temperature; 0: none for this row */
    float *max;          /* (n_out, chunks) -inf: nothing in it is possible */
    float *sum;          /* (n_out, chunks) unset in rows of scale 0 */
};

static inline int32_t head_chunks(int32_t n_vocab)
{
    return (n_vocab + HEAD_CHUNK - 1) / HEAD_CHUNK;
}

/* One chunk of n logits; ret_sum may be NULL. */
void head_chunk(const struct kernels *k, float *ret_max, float *ret_sum, const float *logits,
                size_t n, float scale);
/* Chunk `chunk` of all rows; logits is (n_out, n_vocab). */
void head_gather(const struct head *h, const struct kernels *k, const float *logits, int32_t n_out,
                 int32_t n_vocab, int32_t chunk);

#endif
