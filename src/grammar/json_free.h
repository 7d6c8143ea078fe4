/* json_free - expressions for JSON that no schema narrows.
 *
 * A character of a free string may be written as any escape that stands for it; one of a key or of
 * a string that something narrows is written in the shortest way. U+0000 is never written: readers
 * of JSON, ours among them, refuse it.
 */
#ifndef TIRO_GRAMMAR_JSON_FREE_H
#define TIRO_GRAMMAR_JSON_FREE_H

#include "grammar/build.h"

struct json_free {
    int32_t character,
        canonical;       /* One character of a string, in any and in the shortest writing. */
    int32_t string, key; /* With their quotes; a key is canonical. */
    int32_t integer, number;
    int32_t value, object, array; /* Any, at any depth. */
};

void json_free_init(struct json_free *f, struct grammar_builder *b);

#endif
