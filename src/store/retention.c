#include "store/retention.h"

#include "base/arena.h"

enum { IDS_BYTES_MAX = 1 << 20 };

struct owned {
    struct slice id;
    struct principal owner;
};

bool retention_days_of(int64_t *ret, const char *text)
{
    int64_t days;
    if (slice_is(slice_of(text), "forever")) {
        *ret = RETENTION_FOREVER;
        return true;
    }
    if (!slice_to_i64(&days, slice_of(text)) || days < 1 || days > RETENTION_DAYS_MAX) return false;
    *ret = days;
    return true;
}

/* All of them first: they are deleted from under the statement. */
static int read_due(struct owned *ret, int *ret_n, struct db *db, const struct retention_due *due,
                    const char *select, struct arena *arena, struct err *err)
{
    struct db_rows rows;
    int rc, n = 0;
    TRY(db_query(&rows, db, select, DB_ARGS(DB_INT(due->before), DB_INT(RETENTION_ROWS_AT_ONCE)),
                 err));
    while ((rc = db_next(&rows, err)) > 0 && n < RETENTION_ROWS_AT_ONCE)
        ret[n++] = (struct owned){ .id = arena_slice(arena, db_text(&rows, 0)),
                                   .owner = { .tenant = arena_slice(arena, db_text(&rows, 1)),
                                              .project = arena_slice(arena, db_text(&rows, 2)),
                                              .user = arena_slice(arena, db_text(&rows, 3)),
                                              .key = arena_slice(arena, db_text(&rows, 4)) } };
    db_rows_close(&rows);
    if (rc < 0) return rc;
    *ret_n = n;
    return arena_check(arena, "the list of what is due", err);
}

int retention_expire_rows(struct db *db, const struct retention_due *due, const char *select,
                          int (*erase)(struct db *db, const struct principal *owner,
                                       struct slice id, struct err *err),
                          struct err *err)
{
    struct owned rows[RETENTION_ROWS_AT_ONCE];
    struct arena arena;
    int n = 0;
    arena_init(&arena, IDS_BYTES_MAX);
    int rc = read_due(rows, &n, db, due, select, &arena, err);
    for (int i = 0; rc >= 0 && i < n; i++) rc = erase(db, &rows[i].owner, rows[i].id, err);
    arena_release(&arena);
    return rc < 0 ? rc : n;
}
