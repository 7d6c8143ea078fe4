/* response_history - what stands before a response's own input: the answers it continues, or the
 * items of its conversation; and what of its input is kept elsewhere.
 *
 * For the store's thread. Everything here is bounded: RESPONSE_CHAIN_MAX answers, ITEMS_READ_MAX
 * items.
 */
#ifndef TIRO_API_RESPONSE_HISTORY_H
#define TIRO_API_RESPONSE_HISTORY_H

#include "base/arena.h"
#include "store/owner.h"
#include "store/seal.h"

#include <jansson.h>

enum { RESPONSE_CHAIN_MAX = 1000 };

struct response_source {
    struct db *db;
    const struct principal *owner;
    const struct seal_key *key; /* of compactions */
    struct arena *arena;
};

struct response_history {
    json_t *items; /* oldest first, compactions opened; the caller's reference */
    uint64_t n;    /* as they are stored: how many, and a checksum over them */
    uint64_t sum;
};

/* One of previous_id and conversation_id, or none (then there are no items). `n_max`: of a
 * conversation, only so many items, those that were there at first; UINT64_MAX: all.
 * -ERR_PREVIOUS_NOT_FOUND, -ERR_NOT_FOUND (the conversation). */
int response_history_read(struct response_history *ret, const struct response_source *source,
                          struct slice previous_id, struct slice conversation_id, uint64_t n_max,
                          struct err *err) MUST_USE;

/* Whether the `input` of a request holds references or compactions. */
bool response_input_is_indirect(const json_t *input);
/* Puts what they stand for into their places; *ret is the whole request as text in the arena. */
int response_input_resolve(struct slice *ret, const struct response_source *source,
                           struct slice request, struct err *err) MUST_USE;

#endif
