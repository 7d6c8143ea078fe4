/* lexicon - which words are in which slots, and how often: an inverted index.
 *
 * It knows words by their hashes (base/slice.h, with a key drawn at start) and holds no text. The
 * slots of a word are kept as differences in bytes of seven bits, about two and a half bytes each.
 * Slots rise: those of one word are added in order.
 */
#ifndef TIRO_INDEX_LEXICON_H
#define TIRO_INDEX_LEXICON_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

struct lexicon_word {
    uint64_t hash;  /* 0: free */
    uint8_t *bytes; /* len of them, cap allocated; owned */
    uint32_t len, cap, last, n;
};

struct lexicon {
    struct lexicon_word *words; /* cap of them; cap is 0 or a power of two */
    size_t cap, len;
    size_t bytes;     /* all that it has allocated */
    uint64_t *hashes; /* scratch of lexicon_add; owned */
    size_t n_hashes, cap_hashes;
};

struct lexicon_slots {
    const uint8_t *at, *end;
    uint32_t slot, count; /* of the word in it */
};

void lexicon_init(struct lexicon *l);
void lexicon_release(struct lexicon *l);
/* Counts the words of `text` as those of `slot`, which is above all before it. -ERR_NO_MEMORY: the
 * lexicon is of no more use. */
int lexicon_add(struct lexicon *l, uint32_t slot, struct slice text, uint32_t *ret_n) MUST_USE;
/* The distinct words of a text, as hashes: at most `max`. */
size_t lexicon_hashes(uint64_t *ret, size_t max, struct slice text);
/* Before the first slot of the word; none when it is unknown. */
struct lexicon_slots lexicon_find(const struct lexicon *l, uint64_t hash);
bool lexicon_next(struct lexicon_slots *s);
/* Renumbers: places[slot] is the new one, or UINT32_MAX for one that is gone. Order is kept. */
void lexicon_renumber(struct lexicon *l, const uint32_t *places);

#endif
