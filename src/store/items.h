/* items - the messages, calls and results that conversations and responses are made of, as the JSON
 * objects clients see, in order.
 *
 * A list is named by the id of what it belongs to and the part it is of it: a conversation's items,
 * a response's input, a response's output.
 */
#ifndef TIRO_STORE_ITEMS_H
#define TIRO_STORE_ITEMS_H

#include "base/arena.h"
#include "store/listing.h"
#include "store/owner.h"

#include <jansson.h>

enum items_part { ITEMS_CONVERSATION, ITEMS_INPUT, ITEMS_OUTPUT };

struct items_list {
    struct slice of; /* conv_... or resp_... */
    enum items_part part;
};

/* An item as it is kept; body: the object as JSON text, its id and type in it. */
struct item_row {
    struct slice id, type, body;
};

enum { ITEMS_READ_MAX = 20000 }; /* of one list: what no context holds */

/* Appends. -ERR_EXISTS: an id is in the list already; -ERR_LIMIT beyond ITEMS_READ_MAX. */
int items_add(struct db *db, const struct principal *owner, const struct items_list *list,
              const struct item_row *rows, size_t n, struct err *err) MUST_USE;
/* The same; each item is an object with an "id", and a "type" where it is no message. */
int items_append(struct db *db, const struct principal *owner, const struct items_list *list,
                 const json_t *items, struct err *err) MUST_USE;
/* All, oldest first, appended to the array `to`. */
int items_read(json_t *to, struct db *db, const struct principal *owner,
               const struct items_list *list, struct err *err) MUST_USE;
/* A page of them: rows of id, body and type. Of `page` only limit, order and cursors count. */
int items_page(struct db_rows *ret, struct db *db, const struct principal *owner,
               const struct items_list *list, const struct listing *page, struct err *err) MUST_USE;
/* One, as JSON text in the arena; -ERR_NOT_FOUND "Item with id 'msg_x' not found." */
int items_find(struct slice *ret, struct db *db, const struct principal *owner,
               const struct items_list *list, struct slice id, struct arena *arena,
               struct err *err) MUST_USE;
int items_find_row(struct item_row *ret, struct db *db, const struct principal *owner,
                   const struct items_list *list, struct slice id, struct arena *arena,
                   struct err *err) MUST_USE;
/* -ERR_NOT_FOUND */
int items_delete(struct db *db, const struct principal *owner, const struct items_list *list,
                 struct slice id, struct err *err) MUST_USE;
int items_delete_all(struct db *db, const struct principal *owner, const struct items_list *list,
                     struct err *err) MUST_USE;

#endif
