/* metadata - a client's labels on what is stored: at most 16 pairs of short texts. */
#ifndef TIRO_API_METADATA_H
#define TIRO_API_METADATA_H

#include "base/arena.h"

#include <jansson.h>

enum { METADATA_PAIRS_MAX = 16, METADATA_KEY_MAX = 64, METADATA_VALUE_MAX = 512 };

extern const char metadata_schema[];

/* `object` stands at `param` of the request; NULL is fine. Lengths are in characters. */
int metadata_check(const json_t *object, const char *param, struct err *err) MUST_USE;
/* The checked pairs as a JSON object in the arena, {} for none. */
int metadata_fill(struct slice *ret, const json_t *object, const char *param, struct arena *arena,
                  struct err *err) MUST_USE;

#endif
