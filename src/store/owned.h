/* owned - what the tables of people's own things share: how many there are, and that there is none.
 */
#ifndef TIRO_STORE_OWNED_H
#define TIRO_STORE_OWNED_H

#include "base/arena.h"
#include "base/json.h"
#include "store/owner.h"

/* -ERR_NOT_FOUND "Folder with id 'x' not found." */
int owned_not_found(const char *what, struct slice id, struct err *err) MUST_USE;
/* Of the number of rows that a statement changed as a result: none means that there was nothing. */
int owned_changed(int n, const char *what, struct slice id, struct err *err) MUST_USE;
/* `count` is a literal that counts what the owner (?1, ?2) has: -ERR_LIMIT when it is `max`. */
int owned_check_room(struct db *db, const struct principal *owner, const char *count, int64_t max,
                     const char *what, struct err *err) MUST_USE;
/* {"object":"list","data":[...],"has_more":false} around what `write` makes of each row; closes
 * them. */
int owned_write_list(struct json_writer *w, struct db_rows *rows,
                     void (*write)(struct json_writer *w, const struct db_rows *rows),
                     struct err *err) MUST_USE;

#endif
