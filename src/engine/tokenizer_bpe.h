/* tokenizer_bpe - the tables of both kinds of BPE, for tokenizer_bpe.c (over bytes) and
 * tokenizer_spm.c (over characters). */
#ifndef TIRO_ENGINE_TOKENIZER_BPE_H
#define TIRO_ENGINE_TOKENIZER_BPE_H

#include "engine/tokenizer_family.h"

#include <stdatomic.h>

enum { NO_RANK = 0xFFFFFFFF };

struct merge {
    uint64_t pair; /* left << 32 | right; EMPTY when free */
    uint32_t rank;
    int32_t id;
};

struct bpe {
    int32_t byte_ids[256]; /* TOKEN_NONE: the vocabulary lacks this byte. */
    struct merge *merges;  /* mask + 1 of them, open addressing */
    uint64_t mask, seed;
    struct map words;            /* From a word's bytes to its token. */
    _Atomic(uint8_t) *reachable; /* [n_vocab] enum reachable */
    size_t word_len_max;         /* Of the longest token. */
    bool whole_words;
    /* Over characters only, else NULL: which two characters some merge may join. */
    uint8_t *junctions;
    int32_t ascii_ids[128]; /* Of single characters; TOKEN_NONE: made of bytes. */
};

struct bpe_made {
    uint32_t rank;
    int32_t id;
};

/* Empty tables with room for so many; -ERR_NO_MEMORY. */
int bpe_new(struct bpe **ret, size_t n_tokens, size_t n_merges) MUST_USE;
void bpe_set_merge(struct bpe *b, int32_t left, int32_t right, struct bpe_made made);
/* The row-th merge of the source. */
int bpe_add_merge(struct bpe *b, const struct tokenizer_source *s, size_t row,
                  struct err *err) MUST_USE;
/* What cannot merge with its surroundings. */
int bpe_encode_word(struct encoder *e, struct slice word) MUST_USE;

/* The word's characters, or the bytes of those that are no tokens; at most one id a byte. */
size_t spm_symbols(const struct bpe *b, int32_t *ids, struct slice word);
void spm_set_junction(struct bpe *b, struct slice left, struct slice right);

#endif
