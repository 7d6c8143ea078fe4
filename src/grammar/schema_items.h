/* schema_items - what a shape asks of the items of an array, gathered from its members. */
#ifndef TIRO_GRAMMAR_SCHEMA_ITEMS_H
#define TIRO_GRAMMAR_SCHEMA_ITEMS_H

#include "grammar/schema.h"

/* items or unevaluatedItems: what it asks of all from an index on. */
struct rest {
    const struct place *place;
    size_t from;
    bool unevaluated;
};

struct items {
    struct schema *s;
    const struct shape *shape;
    size_t n_prefix; /* From here on, all items are asked the same. */
    ARRAY(struct rest) rests;
    ARRAY(const struct place *) found; /* What is asked of the item at hand. */
    bool found_false;
};

/* schema_array.c: the set that is asked of the item at that index. */
int32_t items_set_at(struct items *x, size_t index) MUST_USE;
/* schema_unique.c: from min to max items, no two the same. */
int32_t items_write_unique(struct items *x, int64_t min, int64_t max) MUST_USE;

#endif
