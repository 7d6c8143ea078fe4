/* SQLite in write-ahead mode, each commit on the disk before it counts (synchronous FULL), deleted
 * rows overwritten with zeros (secure_delete). One connection, statements kept prepared. */
#include "store/db.h"

#include "base/log.h"
#include "base/seam.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>

enum { KEPT_MAX = 256, BUSY_MS = 5000 };

struct sqlite_db {
    struct db db;
    sqlite3 *handle;
    const char *path; /* Within `url`. */
    char *url;
    sqlite3_stmt *kept[KEPT_MAX]; /* A table by the text's hash. */
};

static struct sqlite_db *of(struct db *db)
{
    return (struct sqlite_db *)db;
}

static int failed(struct sqlite_db *s, const char *doing, struct err *err)
{
    enum err_code code = ERR_IO;
    switch (sqlite3_errcode(s->handle)) {
    case SQLITE_FULL: code = ERR_NO_SPACE; break;
    case SQLITE_NOMEM: code = ERR_NO_MEMORY; break;
    case SQLITE_CONSTRAINT: code = ERR_EXISTS; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: code = ERR_FORMAT; break;
    default: break;
    }
    return err_set(err, code, "the database could not %s: %s", doing, sqlite3_errmsg(s->handle));
}

/* ---- Statements ---- */

static int prepare(sqlite3_stmt **ret, struct sqlite_db *s, const char *sql, struct err *err)
{
    sqlite3_stmt **kept = &s->kept[slice_hash(slice_of(sql)) % KEPT_MAX];
    bool busy = *kept && sqlite3_stmt_busy(*kept);
    if (*kept && !busy && strcmp(sqlite3_sql(*kept), sql) == 0) {
        *ret = *kept;
        return 0;
    }
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(s->handle, sql, -1, &statement, NULL) != SQLITE_OK)
        return err_negative(failed(s, "understand a statement", err));
    *ret = statement;
    if (busy) return 0;            /* This one is finalised after its use. */
    (void)sqlite3_finalize(*kept); /* Says again what its last step said. */
    *kept = statement;
    return 0;
}

static bool is_kept(struct sqlite_db *s, sqlite3_stmt *statement)
{
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (s->kept[i] == statement) return true;
    return false;
}

static void put_back(struct sqlite_db *s, sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement); /* Says again what its last step said. */
    (void)sqlite3_clear_bindings(statement);
    if (!is_kept(s, statement)) (void)sqlite3_finalize(statement);
}

static int bind(sqlite3_stmt *statement, int i, const struct db_value *v)
{
    sqlite3_uint64 len = v->text.len;
    const char *text = v->text.ptr ? v->text.ptr : "";
    switch (v->kind) {
    case DB_KIND_INT: return sqlite3_bind_int64(statement, i, v->integer);
    case DB_KIND_REAL: return sqlite3_bind_double(statement, i, v->real);
    case DB_KIND_TEXT:
        return sqlite3_bind_text64(statement, i, text, len, SQLITE_STATIC, SQLITE_UTF8);
    case DB_KIND_BYTES: return sqlite3_bind_blob64(statement, i, text, len, SQLITE_STATIC);
    case DB_KIND_NULL: break;
    }
    return sqlite3_bind_null(statement, i);
}

static int begin(sqlite3_stmt **ret, struct sqlite_db *s, const char *sql,
                 const struct db_value *args, size_t n_args, struct err *err)
{
    sqlite3_stmt *statement;
    TRY(prepare(&statement, s, sql, err));
    assert(sqlite3_bind_parameter_count(statement) == (int)n_args);
    for (size_t i = 0; i < n_args; i++) {
        if (bind(statement, (int)i + 1, &args[i]) == SQLITE_OK) continue;
        int rc = failed(s, "take a value", err);
        put_back(s, statement);
        return rc;
    }
    *ret = statement;
    return 0;
}

static int db_sqlite_exec(struct db *db, const char *sql, const struct db_value *args,
                          size_t n_args, struct err *err)
{
    struct sqlite_db *s = of(db);
    sqlite3_stmt *statement;
    TRY(begin(&statement, s, sql, args, n_args, err));
    int step = sqlite3_step(statement);
    int rc = step == SQLITE_DONE || step == SQLITE_ROW ? sqlite3_changes(s->handle)
                                                       : failed(s, "write", err);
    put_back(s, statement);
    return rc;
}

static int db_sqlite_query(struct db_rows *ret, struct db *db, const char *sql,
                           const struct db_value *args, size_t n_args, struct err *err)
{
    sqlite3_stmt *statement;
    TRY(begin(&statement, of(db), sql, args, n_args, err));
    ret->statement = statement;
    return 0;
}

static int db_sqlite_next(struct db_rows *rows, struct err *err)
{
    switch (sqlite3_step(rows->statement)) {
    case SQLITE_ROW: return 1;
    case SQLITE_DONE: return 0;
    default: return failed(of(rows->db), "read", err);
    }
}

static void db_sqlite_rows_close(struct db_rows *rows)
{
    put_back(of(rows->db), rows->statement);
}

static bool db_sqlite_is_null(const struct db_rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

static int64_t db_sqlite_integer(const struct db_rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

static double db_sqlite_real(const struct db_rows *rows, int column)
{
    return sqlite3_column_double(rows->statement, column);
}

static struct slice db_sqlite_text(const struct db_rows *rows, int column)
{
    sqlite3_stmt *statement = rows->statement;
    if (db_sqlite_is_null(rows, column)) return (struct slice){ 0 };
    const void *bytes = sqlite3_column_blob(statement, column);
    return (struct slice){ bytes ? bytes : "", (size_t)sqlite3_column_bytes(statement, column) };
}

static int db_sqlite_script(struct db *db, const char *sql, struct err *err)
{
    struct sqlite_db *s = of(db);
    if (sqlite3_exec(s->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return failed(s, "change its schema", err);
    return 0;
}

/* ---- Life ---- */

static void db_sqlite_close(struct db *db)
{
    struct sqlite_db *s = of(db);
    for (size_t i = 0; i < KEPT_MAX; i++) (void)sqlite3_finalize(s->kept[i]); /* Likewise. */
    int rc = sqlite3_close(s->handle);
    assert(rc == SQLITE_OK); /* Every statement is finalised. */
    mem_free(s->url);
    mem_free(s);
}

/* VACUUM INTO writes a whole and consistent copy. */
static int db_sqlite_backup(struct db *db, int from, struct err *err)
{
    struct sqlite_db *s = of(db);
    char path[4096];
    int n = snprintf(path, sizeof path, "%s.schema-%d.backup", s->path, from);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, ERR_LIMIT, "the database's path is too long");
    (void)seams.unlink(path); /* One of an upgrade that broke off; mostly there is none. */
    struct db_value to = DB_TEXT(slice_of(path));
    int rc = db_sqlite_exec(db, "VACUUM INTO ?1", &to, 1, err);
    return rc < 0 ? err_context(err, "the backup before the upgrade, %s", path) : 0;
}

/* Deleted rows are zeros in the database's own file (secure_delete); older pages, with their text,
 * stand in the log until it is copied there and cut. */
static int db_sqlite_erase(struct db *db, struct err *err)
{
    struct sqlite_db *s = of(db);
    int rc = sqlite3_wal_checkpoint_v2(s->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc == SQLITE_BUSY) return err_set(err, ERR_BUSY, "another program is reading the database");
    return rc == SQLITE_OK ? 0 : failed(s, "empty its log", err);
}

static int settings(struct sqlite_db *s, struct err *err)
{
    (void)sqlite3_busy_timeout(s->handle, BUSY_MS); /* Fails only on misuse. */
    (void)sqlite3_extended_result_codes(s->handle, 0);
    return db_sqlite_script(&s->db,
                            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                            "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
                            "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;",
                            err);
}

static int db_sqlite_open(struct db **ret, const char *url, struct err *err)
{
    struct sqlite_db *s = mem_calloc(1, sizeof *s);
    char *copy = mem_strndup(url, strlen(url));
    if (!s || !copy) {
        mem_free(s);
        mem_free(copy);
        return err_set(err, ERR_NO_MEMORY, "no memory for the database");
    }
    s->url = copy;
    s->path = copy + strlen("sqlite:");
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int rc = sqlite3_open_v2(s->path, &s->handle, flags, NULL) == SQLITE_OK
                 ? settings(s, err)
                 : failed(s, "be opened", err);
    if (rc < 0) {
        (void)err_context(err, "%s", s->path);
        db_sqlite_close(&s->db);
        return err ? -(int)err->code : rc;
    }
    *ret = &s->db;
    return 0;
}

const struct db_backend db_backend_sqlite = {
    .scheme = "sqlite:",
    .serial_key = "INTEGER PRIMARY KEY AUTOINCREMENT",
    .bytes = "BLOB",
    .open = db_sqlite_open,
    .close = db_sqlite_close,
    .exec = db_sqlite_exec,
    .query = db_sqlite_query,
    .next = db_sqlite_next,
    .rows_close = db_sqlite_rows_close,
    .is_null = db_sqlite_is_null,
    .integer = db_sqlite_integer,
    .real = db_sqlite_real,
    .text = db_sqlite_text,
    .script = db_sqlite_script,
    .backup = db_sqlite_backup,
    .erase = db_sqlite_erase,
};
