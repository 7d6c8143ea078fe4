#include "store/owned.h"

enum { QUOTE_MAX = 64 };

int owned_not_found(const char *what, struct slice id, struct err *err)
{
    return err_set(err, ERR_NOT_FOUND, "%s with id '%.*s' not found.", what,
                   (int)(id.len < QUOTE_MAX ? id.len : QUOTE_MAX), id.ptr ? id.ptr : "");
}

int owned_changed(int n, const char *what, struct slice id, struct err *err)
{
    if (n < 0) return n;
    return n > 0 ? 0 : owned_not_found(what, id, err);
}

int owned_check_room(struct db *db, const struct principal *owner, const char *count, int64_t max,
                     const char *what, struct err *err)
{
    int64_t n;
    TRY(db_one_int(&n, 0, db, count, DB_ARGS(OWNED_ARGS(owner)), err));
    if (n < max) return 0;
    return err_set(err, ERR_LIMIT, "There are %lld %s already, the most there can be; delete some.",
                   (long long)n, what);
}

int owned_write_list(struct json_writer *w, struct db_rows *rows,
                     void (*write)(struct json_writer *w, const struct db_rows *rows),
                     struct err *err)
{
    int rc;
    json_object_begin(w);
    json_member_slice(w, "object", SLICE("list"));
    json_key(w, "data");
    json_array_begin(w);
    while ((rc = db_next(rows, err)) > 0) write(w, rows);
    json_array_end(w);
    json_key(w, "has_more");
    json_bool(w, false);
    json_object_end(w);
    return rc;
}
