/* listing - pages of a table by cursor: limit, order, after, before, as every list of the API has.
 *
 *     struct listing listing = { .table = "notes", .columns = "id, body",
 *                                .where = OWNED_BY("?1", "?2"), ... };
 *     TRY(listing_begin(&rows, db, &listing, DB_ARGS(OWNED_ARGS(p)), err));
 *     while (listing_next(&rows) ...)
 *
 * Rows are in the order of the table's seq (SERIAL_KEY), which is that of their making.
 */
#ifndef TIRO_STORE_LISTING_H
#define TIRO_STORE_LISTING_H

#include "store/db.h"

enum {
    LISTING_LIMIT_MAX = 100,  /* of most lists */
    LISTING_ROWS_MAX = 10000, /* of any */
    LISTING_ARGS_MAX = 40,
};

struct listing {
    const char *table, *columns, *where; /* literals, never outside text */
    struct slice after, before;          /* ids; ptr NULL: none */
    bool ascending;
    int limit; /* 1..LISTING_ROWS_MAX; one more row is asked for, to know whether there are more */
};

/* The statement of a page; its last parameters are the cursors and the limit. -ERR_INVALID_VALUE
 * with param "after" or "before" when there is no such row among `where`. */
int listing_query(struct db_rows *ret, struct db *db, const struct listing *listing,
                  const struct db_value *args, size_t n_args, struct err *err) MUST_USE;

#endif
