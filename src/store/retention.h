/* retention - how long each kind of stored thing is kept: a file in store/retention/ that ends in a
 * descriptor.
 *
 * To add one:
 *
 *     static int expire(struct db *db, const struct retention_due *due, struct err *err)
 *     {
 *         return retention_expire_rows(db, due,
 *                                      "SELECT id, " OWNER_NAMES " FROM notes WHERE created_at < ?1 "
 *                                      "ORDER BY created_at LIMIT ?2",
 *                                      note_delete, err);
 *     }
 *
 *     const struct retention retention_notes = { .name = "notes", .expire = expire };
 *
 * and a line keep_notes in SETTINGS (cmd/settings.h), whose value is a number of days, or
 * "forever". The runner (api/runner/retention.c) calls expire until nothing is due; what it deleted
 * is then in no file of the database. A table of people's data without a kind here, or an expiry of
 * its own, is kept for ever.
 */
#ifndef TIRO_STORE_RETENTION_H
#define TIRO_STORE_RETENTION_H

#include "store/owner.h"

enum {
    RETENTION_KINDS_MAX = 32,
    RETENTION_ROWS_AT_ONCE = 100,
    RETENTION_DAYS_MAX = 36500,
    RETENTION_FOREVER = 0,
};

struct retention_due {
    int64_t before;       /* unix seconds: what was made before it goes */
    const char *data_dir; /* NULL: there is none */
};

struct retention {
    const char *name;
    /* Deletes up to RETENTION_ROWS_AT_ONCE, wholly; how many. On the store's thread. */
    int (*expire)(struct db *db, const struct retention_due *due, struct err *err);
};

extern const struct retention *const retention_registry[];
extern const size_t retention_registry_len;

/* "30" and "forever" as days; false: neither. */
bool retention_days_of(int64_t *ret, const char *text);

/* Deletes the rows of `select`, a literal with the time and the most rows as its values, each as its
 * owner would: by `erase`. */
int retention_expire_rows(struct db *db, const struct retention_due *due, const char *select,
                          int (*erase)(struct db *db, const struct principal *owner,
                                       struct slice id, struct err *err),
                          struct err *err) MUST_USE;

#endif
