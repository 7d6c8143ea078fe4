#include "store/migration.h"

#include "base/buf.h"

enum { SQL_MAX = 64 << 10, NUMBER_MAX = 9999 };

/* The statement with the back-end's names of types. */
static void localise(struct buf *out, const struct db_backend *backend, const char *sql)
{
    struct slice rest = slice_of(sql), serial = SLICE("SERIAL_KEY"), bytes = SLICE("BYTES");
    buf_reset(out);
    while (rest.len > 0) {
        size_t step = 1;
        if (slice_starts(rest, serial)) {
            buf_add_str(out, backend->serial_key);
            step = serial.len;
        } else if (slice_starts(rest, bytes)) {
            buf_add_str(out, backend->bytes);
            step = bytes.len;
        } else {
            buf_add_slice(out, (struct slice){ rest.ptr, 1 });
        }
        rest = (struct slice){ rest.ptr + step, rest.len - step };
    }
}

static int step(struct db *db, const struct migration *m, struct buf *sql, struct err *err)
{
    localise(sql, db->backend, m->sql);
    if (sql->failed) return err_set(err, ERR_NO_MEMORY, "no memory for the database's schema");
    TRY(db_begin(db, err));
    int rc = db->backend->script(db, buf_str(sql), err);
    if (rc == 0)
        rc = db_exec(db, "UPDATE schema_version SET number = ?1", DB_ARGS(DB_INT(m->number)), err);
    if (rc < 0) {
        db_rollback(db);
        return err_context(err, "step %d of the database's schema", m->number);
    }
    return db_commit(db, err);
}

static int current(int *ret, struct db *db, struct err *err)
{
    int64_t number;
    TRY(db->backend->script(db,
                            "CREATE TABLE IF NOT EXISTS schema_version (number BIGINT NOT NULL);"
                            "INSERT INTO schema_version(number) SELECT 0 WHERE NOT EXISTS "
                            "(SELECT 1 FROM schema_version);",
                            err));
    TRY(db_one_int(&number, 0, db, "SELECT number FROM schema_version", DB_NO_ARGS, err));
    if (number < 0 || number > NUMBER_MAX)
        return err_set(err, ERR_FORMAT, "the database's schema has no number that Tiro gives");
    *ret = (int)number;
    return 0;
}

int migration_run(struct db *db, const struct migration *const *steps, size_t n, struct err *err)
{
    int from, to = n ? steps[n - 1]->number : 0;
    TRY(current(&from, db, err));
    if (from > to)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "the database is of a newer Tiro (its schema is %d, this program's is %d): "
                       "run that version, or restore the backup it made",
                       from, to);
    if (from > 0 && from < to) TRY(db->backend->backup(db, from, err));
    struct buf sql;
    buf_init(&sql, SQL_MAX);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (steps[i]->number > from) rc = step(db, steps[i], &sql, err);
    buf_release(&sql);
    return rc;
}
