/* compaction - a conversation made smaller: the items that still fit, sealed into one that clients
 * keep and bring back (store/seal.h).
 *
 * No model writes a summary: what is kept is kept word for word, the newest first, and what is not
 * is gone. Messages of the system and the developer stay in any case; a call of a tool and its
 * result stay or go together; thoughts go.
 */
#ifndef TIRO_API_COMPACTION_H
#define TIRO_API_COMPACTION_H

#include "base/arena.h"
#include "proto/bodies.h"
#include "store/seal.h"

#include <jansson.h>

enum { COMPACTION_BYTES_MAX = 2 << 20 }; /* A request may have 4 MiB, and sealing adds a third. */

/* {"type":"compaction","id","encrypted_content"} of `items`, of which at most `room` bytes of JSON
 * are kept, the newest item always; new reference. */
int compaction_make(json_t **ret, const json_t *items, size_t room, const struct seal_key *key,
                    const struct principal *owner, struct arena *arena, struct err *err) MUST_USE;
bool compaction_is(const json_t *item);
/* What such an item holds, appended to the array `to`. */
int compaction_open(json_t *to, const json_t *item, const struct seal_key *key,
                    const struct principal *owner, struct arena *arena, struct err *err) MUST_USE;

#endif
