#include "store/preference_table.h"

int preferences_read(struct preferences *ret, struct db *db, const struct principal *owner,
                     struct err *err)
{
    struct db_rows rows;
    int rc;
    *ret = (struct preferences){
#define X(name, def, help) .name = def,
        PREFERENCES(X)
#undef X
    };
    TRY(db_query(&rows, db, "SELECT name, value FROM preferences WHERE " OWNED_BY("?1", "?2"),
                 DB_ARGS(OWNED_ARGS(owner)), err));
    while ((rc = db_next(&rows, err)) > 0) {
        struct slice name = db_text(&rows, 0);
        bool value = db_int(&rows, 1) != 0;
#define X(row, def, help) \
    if (slice_is(name, #row)) ret->row = value;
        PREFERENCES(X)
#undef X
    }
    return rc;
}

int preference_set(struct db *db, const struct principal *owner, const char *name, bool value,
                   struct err *err)
{
    int n = db_exec(db,
                    "INSERT INTO preferences(" OWNER_NAMES ", name, value) "
                    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(tenant_id, project_id, name) "
                    "DO UPDATE SET value = excluded.value",
                    DB_ARGS(OWNER_ARGS(owner), DB_TEXT(slice_of(name)), DB_INT(value)), err);
    return n < 0 ? n : 0;
}
