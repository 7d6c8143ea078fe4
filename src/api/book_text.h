/* book_text - measures and cuts of prose: words, sentences, and how much of it repeats itself.
 *
 * A word is a run of letters, digits and apostrophes; of scripts without spaces, a character.
 * An 8-gram is repeated when its eight words stood in the same order before, in the text itself or
 * in what has been added to the set.
 */
#ifndef TIRO_API_BOOK_TEXT_H
#define TIRO_API_BOOK_TEXT_H

#include "base/buf.h"

#include <stdint.h>

enum { BOOK_GRAM = 8 };

size_t book_words(struct slice text);
/* The beginning of at most so many words, cut behind a sentence where there is one. */
struct slice book_cut(struct slice text, size_t words_max);
/* Without a sentence that has no end, unless it is all there is. */
struct slice book_whole_sentences(struct slice text);
/* The last words, from the beginning of a word. */
struct slice book_tail(struct slice text, size_t words);
/* Without what models put before and around prose: headings, labels, rules, fences. */
struct slice book_prose(struct slice text);
/* Whether most of its letters are of the Latin script. */
bool book_is_latin(struct slice text);
/* At most so many bytes, whole characters. */
struct slice book_clip(struct slice text, size_t bytes_max);

/* Whether half of the words of the shorter title, without "the" and the like, are in the other. */
bool book_titles_alike(struct slice a, struct slice b);

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
struct book_names;
/* Writes the text without the sentences that are repeated (most of their 8-grams; short ones: all
 * of it), speak of the text itself, are of a list or a play, hold what is no word, or in which a
 * name has drifted (book_people.h). What is `before` it in the same scene counts as having stood
 * there. `latin`: the book's script, in which others are no words. */
int book_sift(struct buf *out, const struct book_grams *g, const struct book_names *names,
              bool latin, struct slice before, struct slice text, struct err *err) MUST_USE;

#endif
