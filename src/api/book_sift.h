/* book_sift - the sentences of a draft that may stand in a book. */
#ifndef TIRO_API_BOOK_SIFT_H
#define TIRO_API_BOOK_SIFT_H

#include "api/book_grams.h"
#include "api/book_people.h"

/* Writes the text without the sentences that are repeated (most of their 8-grams; short ones: all
 * of it), speak of the text itself, are of a list or a play, hold what is no word, or in which a
 * name has drifted (book_people.h). What is `before` it in the same scene counts as having stood
 * there. `latin`: the book's script, in which others are no words. */
int book_sift(struct buf *out, const struct book_grams *g, const struct book_names *names,
              bool latin, struct slice before, struct slice text, struct err *err) MUST_USE;

#endif
