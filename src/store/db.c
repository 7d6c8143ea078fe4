#include "store/db.h"

#include "store/migration.h"

#include <assert.h>

enum { QUOTE_MAX = 20 };

static int find(const struct db_backend **ret, const char *url, struct err *err)
{
    for (size_t i = 0; i < db_backend_registry_len; i++) {
        *ret = db_backend_registry[i];
        if (slice_starts(slice_of(url), slice_of((*ret)->scheme))) return 0;
    }
    size_t colon = slice_find(slice_of(url), SLICE(":"));
    /* Only its beginning: what follows may hold a password. */
    return err_set(err, ERR_INVALID_VALUE,
                   "'%.*s:...' is no database: it must be sqlite:PATH or postgres://HOST/NAME",
                   (int)(colon < QUOTE_MAX ? colon : QUOTE_MAX), url);
}

int db_open_to(struct db **ret, const char *url, const struct migration *const *steps, size_t n,
               struct err *err)
{
    const struct db_backend *backend;
    struct db *db;
    TRY(find(&backend, url, err));
    TRY(backend->open(&db, url, err));
    db->backend = backend;
    int rc = migration_run(db, steps, n, err);
    if (rc < 0)
        backend->close(db);
    else
        *ret = db;
    return rc;
}

int db_open(struct db **ret, const char *url, struct err *err)
{
    return db_open_to(ret, url, migration_registry, migration_registry_len, err);
}

int db_examine(struct db_report *ret, const char *url, struct err *err)
{
    const struct db_backend *backend;
    TRY(find(&backend, url, err));
    if (backend->examine) return backend->examine(ret, url, err);
    return err_set(err, ERR_UNSUPPORTED_FORMAT, "it is looked after by its own tools");
}

void db_close(struct db *db)
{
    if (db) db->backend->close(db);
}

int db_exec(struct db *db, const char *sql, const struct db_value *args, size_t n_args,
            struct err *err)
{
    return db->backend->exec(db, sql, args, n_args, err);
}

int db_query(struct db_rows *ret, struct db *db, const char *sql, const struct db_value *args,
             size_t n_args, struct err *err)
{
    *ret = (struct db_rows){ .db = db, .row = -1 };
    return db->backend->query(ret, db, sql, args, n_args, err);
}

int db_next(struct db_rows *rows, struct err *err)
{
    assert(rows->statement);
    int rc = rows->db->backend->next(rows, err);
    if (rc <= 0) db_rows_close(rows);
    return rc;
}

void db_rows_close(struct db_rows *rows)
{
    if (rows->statement) rows->db->backend->rows_close(rows);
    rows->statement = NULL;
}

bool db_is_null(const struct db_rows *rows, int column)
{
    return rows->db->backend->is_null(rows, column);
}

int64_t db_int(const struct db_rows *rows, int column)
{
    return rows->db->backend->integer(rows, column);
}

double db_real(const struct db_rows *rows, int column)
{
    return rows->db->backend->real(rows, column);
}

struct slice db_text(const struct db_rows *rows, int column)
{
    return rows->db->backend->text(rows, column);
}

int db_one_int(int64_t *ret, int64_t fallback, struct db *db, const char *sql,
               const struct db_value *args, size_t n_args, struct err *err)
{
    struct db_rows rows;
    TRY(db_query(&rows, db, sql, args, n_args, err));
    int rc = db_next(&rows, err);
    if (rc < 0) return rc;
    *ret = rc && !db_is_null(&rows, 0) ? db_int(&rows, 0) : fallback;
    db_rows_close(&rows);
    return 0;
}

/* ---- Transactions ---- */

static int statement(struct db *db, const char *sql, struct err *err)
{
    int rc = db_exec(db, sql, DB_NO_ARGS, err);
    return rc < 0 ? rc : 0;
}

int db_begin(struct db *db, struct err *err)
{
    return statement(db, "BEGIN", err);
}

int db_commit(struct db *db, struct err *err)
{
    int rc = db->backend->commit ? db->backend->commit(db, err) : statement(db, "COMMIT", err);
    if (rc < 0) db_rollback(db);
    return rc;
}

void db_rollback(struct db *db)
{
    const struct db_backend *b = db->backend;
    if (statement(db, "ROLLBACK", NULL) == 0) return;
    /* Mostly the failure has done it already. Without memory even this cannot be said: then only
     * another connection is out of the transaction. */
    if (b->in_transaction && b->in_transaction(db)) db->broken = true;
}

bool db_is_undone(struct db *db)
{
    return db->backend->in_transaction && !db->backend->in_transaction(db);
}

int db_mark(struct db *db, struct err *err)
{
    return statement(db, "SAVEPOINT mark", err);
}

int db_release_mark(struct db *db, struct err *err)
{
    return statement(db, "RELEASE SAVEPOINT mark", err);
}

int db_rollback_to_mark(struct db *db, struct err *err)
{
    TRY(statement(db, "ROLLBACK TO SAVEPOINT mark", err));
    return db_release_mark(db, err);
}

/* ---- Failures and upkeep ---- */

bool db_is_broken(const struct db *db)
{
    return db->broken;
}

int db_recover(struct db *db, enum db_outcome *ret, struct err *err)
{
    *ret = DB_OUTCOME_UNKNOWN;
    db->broken = false;
    int rc = db->backend->recover ? db->backend->recover(db, ret, err) : 0;
    if (rc < 0) db->broken = true;
    return rc;
}

int db_tidy(struct db *db, struct err *err)
{
    return db->backend->tidy ? db->backend->tidy(db, err) : 0;
}

int db_erase(struct db *db, struct err *err)
{
    return db->backend->erase ? db->backend->erase(db, err) : 0;
}
