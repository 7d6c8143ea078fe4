/* book_form - what the answer of a step must look like, as a JSON schema.
 *
 * The grammar holds the model to it, so the form carries what rules would not: a name has the
 * letters of a name, an outline begins with one of the book's people, a title has no colon.
 */
#ifndef TIRO_API_BOOK_FORM_H
#define TIRO_API_BOOK_FORM_H

#include "api/book_prompt.h"
#include "base/json.h"

enum { /* characters of a line of an answer, behind how it begins; then the grammar ends it */
       BOOK_ABOUT_MAX = 140,
       BOOK_PREMISE_MAX = 200,
       BOOK_OUTLINE_MAX = 320,
       BOOK_PLAN_MAX = 180,
       BOOK_SUMMARY_MAX = 280,
       BOOK_FACT_MAX = 120,
       BOOK_PIECE_MIN = 200, /* of a piece of a scene */
};

/* The schema, an object, as the next value. `names` of the book's people, the one at the centre of
 * the chapter first. */
void book_form_write(struct json_writer *w, const struct book_view *view,
                     const struct book_ask *ask, const struct book_names *names);

/* The regular expression that a piece of a scene must match: prose, without the marks of lists,
 * headings and plays. */
void book_form_prose(struct buf *b, const struct book_view *view, const struct book_ask *ask,
                     const struct book_names *names);

#endif
