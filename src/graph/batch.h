/* batch - what one forward pass works on: rows (tokens) of any number of sequences, ragged.
 *
 * A row is one token of one sequence. The rows of a sequence stand together, in order of
 * position; sequences stand in any order. A decode step of 3 chats and a prefill chunk of a
 * fourth, in one batch:
 *
 *     row       0   1   2   3   4   5   6
 *     seq       0   1   2   3   3   3   3      seqs[3] = { .row = 3, .n_rows = 4, .kv_len = 512 }
 *     position 17  90   4 512 513 514 515
 *     out row   x   x   x               x      out_rows = { 0, 1, 2, 6 }, n_out = 4
 *
 * Causal models store the keys and values of each row at its slot of the sequence's block table:
 * the row at index i of seqs[s] takes slot kv_len + i, and attends to slots 0 .. kv_len + i.
 * Encoders (bert) need no block table: each sequence attends to all its own rows.
 *
 * The result of a sequence does not depend on its batch mates, the chunking or the threads: not in
 * one bit.
 *
 * Owner: the caller, for the length of the call; nothing here is kept.
 */
#ifndef TIRO_GRAPH_BATCH_H
#define TIRO_GRAPH_BATCH_H

#include <stdint.h>

enum {
    KV_BLOCK_LEN = 16,        /* Slots in one block of the KV store. */
    BATCH_ROWS_MAX = 1 << 20, /* No plan is made for more rows than this. */
};

struct head;

struct batch_seq {
    int32_t row, n_rows; /* The rows of this sequence: row .. row + n_rows - 1; n_rows >= 1. */
    int32_t kv_len;      /* Slots filled before this batch. */
    int32_t n_blocks;    /* At least (kv_len + n_rows) / KV_BLOCK_LEN, rounded up. */
    const int32_t
        *blocks; /* (n_blocks) slot i is slot i % 16 of block blocks[i / 16]; NULL: encoder */
};

struct batch {
    int32_t n_rows, n_seqs, n_out;
    const int32_t *tokens;        /* (n_rows) ids below n_vocab */
    const int32_t *positions;     /* (n_rows) for rope or the position table; usually the slot */
    const int32_t *types;         /* (n_rows) segment of an encoder's pair; NULL: all 0 */
    const int32_t *adapters;      /* (n_rows) reserved for low-rank adapters; must be NULL */
    const struct batch_seq *seqs; /* (n_seqs) */
    const int32_t
        *out_rows; /* (n_out) rows whose logits are wanted, ascending; encoders ignore it */
    const struct head *head; /* What to gather of those logits (graph/head.h); NULL: nothing */
};

#endif
