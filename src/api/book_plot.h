/* book_plot - the bones of a plot: who there is in a story, what a chapter is about, and what the
 * answers of a plan look like.
 *
 * A small model that is asked for "the outline of chapter 7" writes that of chapter 6 again. So a
 * chapter is given a turn of events and somebody at its centre, by count; and each question is
 * shown with the answer it had for another book, since such a model follows examples and not rules.
 */
#ifndef TIRO_API_BOOK_PLOT_H
#define TIRO_API_BOOK_PLOT_H

#include "store/book_table.h"

enum { BOOK_PEOPLE = 4 /* that a book begins with */ };

/* The part of a story's person, the first being 0 (of BOOK_PEOPLE): "the opponent". */
const char *book_role(int person);
/* What happens in a chapter (from 1) of n. The same seed deals the same ones; none comes twice
 * while there are others of its part of the book. */
const char *book_turn(int64_t chapter, int64_t n, uint64_t seed);

/* A scene is written in pieces, and each is asked for something else: asked only to go on, a small
 * model says again what it said. */
struct book_piece {
    const char *asked;
    enum { BOOK_LEAD_ANY, BOOK_LEAD_QUOTE, BOOK_LEAD_NAME } lead; /* how it begins */
};
/* From 0; they come round. */
const struct book_piece *book_piece(int number);
/* Whether it is what a piece is asked for, said again. */
bool book_is_piece(struct slice sentence);

/* A question of another book, and its answer (JSON; of DRAFT: prose). */
struct book_example {
    const char *asked, *answer;
};
/* Of a step (enum book_step_kind) and, when people are invented, a person; asked NULL ends them. */
const struct book_example *book_examples(int kind, int person);
/* Whether the text has somebody or something of those other books in it that this one does not
 * have. */
bool book_of_examples(const struct book_row *book, struct slice text);

#endif
