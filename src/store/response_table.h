/* response_table - answers of the Responses API that are stored: the request as it was asked, and
 * the Response object as it stands.
 *
 * A row is there from before anything of the answer reaches its client until it is deleted. While
 * its status is "queued" or "in_progress" it is unfinished: whoever starts the server begins it
 * again from what the row holds. Its input and output items are lists of store/items.h.
 */
#ifndef TIRO_STORE_RESPONSE_TABLE_H
#define TIRO_STORE_RESPONSE_TABLE_H

#include "base/arena.h"
#include "store/owner.h"

struct response_row {
    struct slice id; /* resp_... */
    struct slice status, model;
    struct slice request;                      /* the body of the POST, item references resolved */
    struct slice previous_id, conversation_id; /* ptr NULL: none */
    struct slice body;                         /* the Response object */
    int64_t created_at;                        /* unix seconds */
    uint64_t seed;
    bool background;
    uint64_t history_items, history_sum; /* how many items came before, and their checksum */
    uint64_t n_events;                   /* of one that has ended: how many there are */
};

/* One that an earlier process left. */
struct response_unfinished {
    int64_t seq;
    struct slice id;
    struct principal owner;
    bool background;
};

enum { RESPONSE_UNFINISHED_MAX = 256 }; /* of one call */

/* -ERR_EXISTS */
int response_add(struct db *db, const struct principal *owner, const struct response_row *row,
                 struct err *err) MUST_USE;
/* Strings lie in the arena. -ERR_NOT_FOUND "Response with id 'resp_x' not found." */
int response_find(struct response_row *ret, struct db *db, const struct principal *owner,
                  struct slice id, struct arena *arena, struct err *err) MUST_USE;
/* What an answer that builds on it must know. */
struct response_link {
    struct slice previous_id, conversation_id; /* ptr NULL: none */
    uint64_t history_items;
    bool unfinished;
};
/* As response_find. */
int response_find_link(struct response_link *ret, struct db *db, const struct principal *owner,
                       struct slice id, struct arena *arena, struct err *err) MUST_USE;
/* Writes status, body and n_events of an unfinished row; 0 when there is none (deleted, or ended
 * already), else 1. */
int response_finish(struct db *db, const struct principal *owner, const struct response_row *row,
                    struct err *err) MUST_USE;
/* With its items. -ERR_NOT_FOUND as response_find. */
int response_delete(struct db *db, const struct principal *owner, struct slice id,
                    struct err *err) MUST_USE;
/* The oldest unfinished rows of all owners behind `after` (0: from the first), in the order of
 * their making. ret: RESPONSE_UNFINISHED_MAX of them; strings lie in the arena. */
int response_list_unfinished(struct response_unfinished *ret, size_t *ret_n, struct db *db,
                             int64_t after, struct arena *arena, struct err *err) MUST_USE;
/* An item of any list of the owner's, as JSON text in the arena; -ERR_NOT_FOUND. */
int response_find_item(struct slice *ret, struct db *db, const struct principal *owner,
                       struct slice id, struct arena *arena, struct err *err) MUST_USE;

#endif
