/* metadata - people's own labels of an object: up to 16 pairs of strings. */
#ifndef TIRO_API_METADATA_H
#define TIRO_API_METADATA_H

#include "api/field.h"

/* Lengths in characters. */
enum { METADATA_PAIRS_MAX = 16, METADATA_KEY_MAX = 64, METADATA_VALUE_MAX = 512 };

extern const char metadata_schema[]; /* for the rows of tables */

/* The pairs as a JSON object in the arena, {} for none; `path` is where they stand: "metadata". */
int metadata_fill(struct slice *ret, const json_t *metadata, const char *path, struct arena *arena,
                  struct err *err) MUST_USE;

#endif
