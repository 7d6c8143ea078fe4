/* book_text - measures and cuts of prose: words and sentences.
 *
 * A word is a run of letters, digits and apostrophes; of scripts without spaces, a character.
 */
#ifndef TIRO_API_BOOK_TEXT_H
#define TIRO_API_BOOK_TEXT_H

#include "base/buf.h"

#include <stdint.h>

enum { BOOK_RUN_MAX = 8 };

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

struct book_word {
    size_t begin, end;
    uint64_t hash; /* the same whatever its case */
};
/* A hash of hashes in their order. */
uint64_t book_mix(uint64_t h, uint64_t v);
/* The next word from `at` on; false: there is none. */
bool book_next_word(struct book_word *ret, struct slice text, size_t at);
/* Whether a run of `n` words (1 to BOOK_RUN_MAX) of `text` stands in `other`; of a shorter text,
 * all of it. */
bool book_shares_run(struct slice text, struct slice other, size_t n);
/* Whether the character is of a script that sets no spaces: there each counts as a word. */
bool book_stands_alone(uint32_t c);
/* Where the sentence that begins at `at` ends: behind its mark and closing quotes, or at a line's
 * end; *ret_whole: by a mark. */
size_t book_sentence_end(struct slice text, size_t at, bool *ret_whole);

#endif
