/* book_grams - how much of a text repeats itself or others.
 *
 * An 8-gram is repeated when its eight words (book_text.h) stood in the same order before, in the
 * text itself or in what has been added to the set.
 */
#ifndef TIRO_API_BOOK_GRAMS_H
#define TIRO_API_BOOK_GRAMS_H

#include "api/book_text.h"

enum { BOOK_GRAM = 8 };

/* The 8-grams of texts. Zeroed, it is empty. */
struct book_grams {
    uint64_t *slots; /* 0: free */
    size_t n, cap;
};
void book_grams_release(struct book_grams *g);
/* -ERR_NO_MEMORY */
int book_grams_add(struct book_grams *g, struct slice text, struct err *err) MUST_USE;
/* The share of the text's 8-grams that are in `g` (NULL: nothing) or stood in it before; 0 when it
 * has none. */
int book_repeated(double *ret, const struct book_grams *g, struct slice text,
                  struct err *err) MUST_USE;

/* ---- One by one ---- */

/* The last eight words. */
struct book_ring {
    uint64_t words[BOOK_GRAM];
    size_t n;
};
/* Takes a word; the 8-gram that it ends, or 0 when there are not eight yet. */
uint64_t book_ring_take(struct book_ring *r, uint64_t word);
/* 0 is in none; `g` NULL is empty. */
bool book_grams_has(const struct book_grams *g, uint64_t gram);
int book_gram_add(struct book_grams *g, uint64_t gram, struct err *err) MUST_USE;
/* Counts the 8-grams that end in the text, and those that were in `g` or `own`; all join `own`. */
int book_grams_count(size_t *ret_n, size_t *ret_hits, const struct book_grams *g,
                     struct book_grams *own, struct book_ring *ring, struct slice text,
                     struct err *err) MUST_USE;

#endif
