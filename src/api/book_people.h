/* book_people - who the book is about, read from the lines of its `people`: "- Name: who that is".
 *
 * A line that has no such name (a person may write what they like) is nobody.
 */
#ifndef TIRO_API_BOOK_PEOPLE_H
#define TIRO_API_BOOK_PEOPLE_H

#include "base/buf.h"

enum { BOOK_NAMES_MAX = 12, BOOK_NAME_WORDS_MAX = 4 };

struct book_names {
    struct slice at[BOOK_NAMES_MAX], lines[BOOK_NAMES_MAX]; /* into what they were read from */
    size_t n;
};

/* The first of them is the main person. */
void book_names(struct book_names *ret, struct slice people);
/* Whether the text speaks of somebody whose name is half that of one of these: "Emma Ives" where
 * there is an Emily Ives. Names of one word cannot drift. */
bool book_names_drift(const struct book_names *names, struct slice text);

#endif
