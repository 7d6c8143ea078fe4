/* book_sift - the sentences of a draft that may stand in a book. */
#ifndef TIRO_API_BOOK_SIFT_H
#define TIRO_API_BOOK_SIFT_H

#include "api/book_grams.h"
#include "store/book_table.h"

/* Writes the text without the sentences that are repeated (most of their 8-grams; short ones: all
 * of it), speak of the text itself or say what was asked, are of a list or a play, hold what is no
 * word in the book's script, in which a name has drifted (book_people.h), or that have somebody of
 * the examples or five words of their prose (book_plot.h). What is `before` it in the same scene
 * counts as having stood there. */
int book_sift(struct buf *out, const struct book_grams *g, const struct book_row *book,
              struct slice before, struct slice text, struct err *err) MUST_USE;

#endif
