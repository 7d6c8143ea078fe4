/* language - what the name of a book's language ("English", "Deutsch") is to reading programs. */
#ifndef TIRO_PRESS_LANGUAGE_H
#define TIRO_PRESS_LANGUAGE_H

#include "base/slice.h"

struct press_language {
    const char *names;    /* English's and its own, in lower case where there is one: "a|b" */
    const char *tag;      /* BCP 47 */
    const char *contents; /* the heading over a list of chapters; "": none is known */
    bool right_to_left;
};

/* By its name or its tag; "und", undetermined, for what is not known. */
const struct press_language *press_language_find(struct slice name);

#endif
