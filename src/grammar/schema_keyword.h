/* schema_keyword - what the keywords ask of a shape; schema_keyword.c has the table of all of them.
 *
 * A reader gets the place of the keyword's value, which may be gone after the call.
 */
#ifndef TIRO_GRAMMAR_SCHEMA_KEYWORD_H
#define TIRO_GRAMMAR_SCHEMA_KEYWORD_H

#include "grammar/schema.h"

typedef int keyword_fn(struct schema *s, struct shape *shape, const struct place *at);

/* schema_bounds.c */
keyword_fn keyword_minimum, keyword_maximum, keyword_exclusive_minimum, keyword_exclusive_maximum;
keyword_fn keyword_multiple_of;
keyword_fn keyword_min_length, keyword_max_length, keyword_min_items, keyword_max_items;
keyword_fn keyword_min_properties, keyword_max_properties;

/* schema_not.c */
keyword_fn keyword_not;

/* schema_keyword.c: the schema is refused if the shape still has one of the types in the end. */
int keyword_refuse(struct schema *s, struct shape *shape, const struct place *at, unsigned types,
                   const char *why) MUST_USE;
/* The types that the value of `type` names. */
int keyword_types(struct schema *s, const struct place *at, unsigned *types) MUST_USE;
/* Whether it says nothing about values. */
bool keyword_is_note(const char *keyword);

#endif
