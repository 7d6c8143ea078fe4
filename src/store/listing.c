#include "store/listing.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { SQL_MAX = 2048 };

static int cursor(int64_t *ret, struct db *db, const struct listing *l, struct slice id,
                  const char *name, const struct db_value *args, size_t n_args, struct err *err)
{
    char sql[SQL_MAX];
    struct db_value all[LISTING_ARGS_MAX];
    memcpy(all, args, n_args * sizeof *args);
    all[n_args] = DB_TEXT(id);
    int n = snprintf(sql, sizeof sql, "SELECT seq FROM %s WHERE %s AND id = ?%zu", l->table,
                     l->where, n_args + 1);
    assert(n > 0 && n < SQL_MAX);
    TRY(db_one_int(ret, -1, db, sql, all, n_args + 1, err));
    if (*ret >= 0) return 0;
    return err_param(err, ERR_INVALID_VALUE, name, "'%s': there is no '%.*s' in this list.", name,
                     (int)(id.len < 100 ? id.len : 100), id.ptr);
}

int listing_query(struct db_rows *ret, struct db *db, const struct listing *l,
                  const struct db_value *args, size_t n_args, struct err *err)
{
    assert(n_args + 3 <= LISTING_ARGS_MAX && l->limit >= 1 && l->limit <= LISTING_ROWS_MAX);
    char sql[SQL_MAX];
    struct db_value all[LISTING_ARGS_MAX];
    int64_t after = l->ascending ? 0 : INT64_MAX, before = l->ascending ? INT64_MAX : 0;
    if (l->after.ptr) TRY(cursor(&after, db, l, l->after, "after", args, n_args, err));
    if (l->before.ptr) TRY(cursor(&before, db, l, l->before, "before", args, n_args, err));
    memcpy(all, args, n_args * sizeof *args);
    all[n_args] = DB_INT(l->ascending ? after : before);
    all[n_args + 1] = DB_INT(l->ascending ? before : after);
    all[n_args + 2] = DB_INT(l->limit + 1);
    int n = snprintf(sql, sizeof sql,
                     "SELECT %s FROM %s WHERE %s AND seq > ?%zu AND seq < ?%zu ORDER BY seq %s "
                     "LIMIT ?%zu",
                     l->columns, l->table, l->where, n_args + 1, n_args + 2,
                     l->ascending ? "ASC" : "DESC", n_args + 3);
    assert(n > 0 && n < SQL_MAX);
    return db_query(ret, db, sql, all, n_args + 3, err);
}
