/* db - one SQL database, whichever it is: statements, values, rows, transactions.
 *
 *     struct db_rows rows;
 *     TRY(db_query(&rows, db, "SELECT body FROM notes WHERE id = ?1", DB_ARGS(DB_TEXT(id)), err));
 *     while ((rc = db_next(&rows, err)) > 0) use(db_text(&rows, 0));
 *     db_rows_close(&rows);
 *     return rc;
 *
 * SQL is a literal that both SQLite and PostgreSQL understand; every value goes in as a parameter
 * ?1, ?2 ... Dialects differ only in what a back-end (src/store/db/NAME.c, a descriptor) replaces
 * in the statements of migrations: SERIAL_KEY (a column that counts by itself and is the primary
 * key) and BYTES (a column of bytes). Text is UTF-8 without NUL. There are no triggers and no
 * views: a file that says what is to be run is refused.
 *
 * Owner: one thread, the store's (store/store.h). A failed statement leaves the transaction to be
 * rolled back. -ERR_NO_SPACE: the disk is full; -ERR_IO: it fails, or the server is out of reach;
 * -ERR_EXISTS: a key is there already.
 */
#ifndef TIRO_STORE_DB_H
#define TIRO_STORE_DB_H

#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

struct db;

enum db_kind { DB_KIND_NULL, DB_KIND_INT, DB_KIND_REAL, DB_KIND_TEXT, DB_KIND_BYTES };

struct db_value {
    enum db_kind kind;
    int64_t integer;
    double real;
    struct slice text; /* Of TEXT and BYTES; lives until the call returns. */
};

#define DB_NULL     ((struct db_value){ .kind = DB_KIND_NULL })
#define DB_INT(i)   ((struct db_value){ .kind = DB_KIND_INT, .integer = (i) })
#define DB_REAL(r)  ((struct db_value){ .kind = DB_KIND_REAL, .real = (r) })
#define DB_TEXT(s)  ((struct db_value){ .kind = DB_KIND_TEXT, .text = (s) })
#define DB_BYTES(s) ((struct db_value){ .kind = DB_KIND_BYTES, .text = (s) })
/* NULL where the slice has no pointer. */
#define DB_TEXT_OR_NULL(s) \
    ((struct db_value){ .kind = (s).ptr ? DB_KIND_TEXT : DB_KIND_NULL, .text = (s) })
/* The last two arguments of a statement: its values and their number. */
#define DB_ARGS(...)                            \
    ((const struct db_value[]){ __VA_ARGS__ }), \
        sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value)
#define DB_NO_ARGS NULL, 0

struct db_rows {
    struct db *db;
    void *statement; /* The back-end's; NULL: closed. */
    int64_t row;     /* The back-end's: which one is current. */
};

/* `url`: "sqlite:PATH", or "postgres://USER@HOST/NAME" as libpq takes it. Brings the schema up to
 * date (store/migration.h). */
int db_open(struct db **ret, const char *url, struct err *err) MUST_USE;
void db_close(struct db *db); /* NULL is fine. */

struct db_report {
    bool exists, in_use; /* by a server */
    uint64_t bytes;
    int64_t schema; /* the number of its last migration */
};

/* Looks without changing anything, and reads all of it where no server has it: -ERR_FORMAT when it
 * is damaged, -ERR_UNSUPPORTED_FORMAT when that is the administrator's task. */
int db_examine(struct db_report *ret, const char *url, struct err *err) MUST_USE;

/* Runs a statement that gives no rows; returns how many it changed. */
int db_exec(struct db *db, const char *sql, const struct db_value *args, size_t n_args,
            struct err *err) MUST_USE;
int db_query(struct db_rows *ret, struct db *db, const char *sql, const struct db_value *args,
             size_t n_args, struct err *err) MUST_USE;
/* 1: a row is there; 0: no more, and the rows are closed; negative: failed, likewise. */
int db_next(struct db_rows *rows, struct err *err) MUST_USE;
void db_rows_close(struct db_rows *rows); /* Closed already is fine. */

/* Of the current row, until the next one; 0, 0.0 and an empty slice (ptr NULL) for NULL. */
bool db_is_null(const struct db_rows *rows, int column);
int64_t db_int(const struct db_rows *rows, int column);
double db_real(const struct db_rows *rows, int column);
struct slice db_text(const struct db_rows *rows, int column); /* And bytes. */

/* The first column of the first row as a number; `fallback` when there is none. */
int db_one_int(int64_t *ret, int64_t fallback, struct db *db, const char *sql,
               const struct db_value *args, size_t n_args, struct err *err) MUST_USE;

/* ---- For the store, which makes the transactions ---- */

int db_begin(struct db *db, struct err *err) MUST_USE;
/* Failed: nothing of the transaction counts as done, and it is over. */
int db_commit(struct db *db, struct err *err) MUST_USE;
void db_rollback(struct db *db);
/* Within a transaction: whether a failure has ended it by itself, as some do. All of it is undone
 * then. */
bool db_is_undone(struct db *db);
/* Within a transaction: what follows a mark can be undone alone. Marks do not nest. */
int db_mark(struct db *db, struct err *err) MUST_USE;
int db_release_mark(struct db *db, struct err *err) MUST_USE;
int db_rollback_to_mark(struct db *db, struct err *err) MUST_USE;
/* Whether the disk or the connection failed in a way after which nothing may be believed: not what
 * this connection reads, and not a commit that it would make. */
bool db_is_broken(const struct db *db);

/* What became of the transaction in which it broke. */
enum db_outcome {
    DB_OUTCOME_UNKNOWN,
    DB_OUTCOME_UNDONE, /* nothing of it is there: it may be run again */
    DB_OUTCOME_DONE,   /* it was committed */
};

/* Opens it anew and checks it, outside of transactions. As long as it fails, only this and db_close
 * may be called. */
int db_recover(struct db *db, enum db_outcome *ret, struct err *err) MUST_USE;
/* What is due beside the work, outside of transactions, when nobody waits. */
int db_tidy(struct db *db, struct err *err) MUST_USE;
/* Outside of transactions: what was deleted is in none of the database's files any more, its log
 * included. Of a server's files that is for its administrator to say: docs/how-to/retention.md. */
int db_erase(struct db *db, struct err *err) MUST_USE;

/* ---- For the back-ends ---- */

struct db {
    const struct db_backend *backend;
    bool broken; /* set by the back-end: see db_is_broken */
};

struct db_backend {
    const char *scheme;             /* "sqlite:" */
    const char *serial_key, *bytes; /* What SERIAL_KEY and BYTES are called. */
    int (*open)(struct db **ret, const char *url, struct err *err);
    void (*close)(struct db *db);
    int (*exec)(struct db *db, const char *sql, const struct db_value *args, size_t n_args,
                struct err *err);
    int (*query)(struct db_rows *ret, struct db *db, const char *sql, const struct db_value *args,
                 size_t n_args, struct err *err);
    int (*next)(struct db_rows *rows, struct err *err);
    void (*rows_close)(struct db_rows *rows);
    bool (*is_null)(const struct db_rows *rows, int column);
    int64_t (*integer)(const struct db_rows *rows, int column);
    double (*real)(const struct db_rows *rows, int column);
    struct slice (*text)(const struct db_rows *rows, int column);
    /* May be NULL: the statement. */
    int (*commit)(struct db *db, struct err *err);
    /* May be NULL: a transaction that cannot be left breaks the connection by itself. */
    bool (*in_transaction)(struct db *db);
    /* May be NULL: there is nothing to do. */
    int (*recover)(struct db *db, enum db_outcome *ret, struct err *err);
    /* Several statements at once, of a migration; the words are replaced already. */
    int (*script)(struct db *db, const char *sql, struct err *err);
    /* Puts a copy of the whole database beside it before its schema changes from version `from`;
     * where that is the administrator's task, nothing. */
    int (*backup)(struct db *db, int from, struct err *err);
    /* Likewise; may be NULL: there is nothing to do, or to see. */
    int (*tidy)(struct db *db, struct err *err);
    int (*erase)(struct db *db, struct err *err);
    int (*examine)(struct db_report *ret, const char *url, struct err *err);
};

extern const struct db_backend *const db_backend_registry[];
extern const size_t db_backend_registry_len;

#endif
