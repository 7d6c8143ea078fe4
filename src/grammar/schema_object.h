/* schema_object - what a shape asks of an object, gathered from its members.
 *
 * Names are declared if properties or required has them, or free. Free names fall into classes by
 * the patterns of patternProperties that they match, since a class has one set of schemas.
 */
#ifndef TIRO_GRAMMAR_SCHEMA_OBJECT_H
#define TIRO_GRAMMAR_SCHEMA_OBJECT_H

#include "grammar/schema.h"

struct property {
    struct slice name;
    const struct place *place; /* Where it was declared. */
    bool required;
    bool never; /* No value is valid for it. */
    int32_t set;
};

struct pattern_property {
    struct text_rule rule;
    const struct place *schema;
    int32_t member;
};

/* additionalProperties or unevaluatedProperties: what it asks of names that its member (and for the
 * latter, what that brought in) does not have. */
struct others {
    const struct place *place;
    int32_t member;
    bool unevaluated;
};

struct object {
    struct schema *s;
    const struct shape *shape;
    ARRAY(struct property) properties; /* In the order in which they are written. */
    struct map index;                  /* By name. */
    ARRAY(struct pattern_property) patterns;
    ARRAY(struct others) others;
    ARRAY(const struct place *) names; /* propertyNames */
    ARRAY(const struct place *) found; /* What is asked of the value at hand. */
    bool found_false;
};

int object_open(struct object *o, struct schema *s, const struct shape *shape) MUST_USE;
void object_release(struct object *o);
/* Finds what is asked of the value of that name. */
int object_find(struct object *o, struct slice name, bool wide) MUST_USE;
/* Likewise of free names that match exactly the patterns whose bits are set. */
int object_find_class(struct object *o, size_t matched) MUST_USE;
/* 1: the name is valid under propertyNames; 0: not. */
int object_allows_name(struct object *o, struct slice name, bool wide) MUST_USE;
/* `"name": value` of all free names, or grammar_never. */
int32_t object_free_member(struct object *o) MUST_USE;

#endif
