/* PostgreSQL by its URL, through libpq. Results are whole in memory; numbers come as text.
 *
 * A connection may break while a commit is on its way. So each transaction that wrote leaves a
 * number of its own in a table of one row: whoever connects again, and has the lock of the session
 * before, reads there whether it was committed. (Transaction ids would not say: after a crash the
 * server gives those it had not yet written to its log to others.) */
#include "base/seam.h"
#include "store/db/postgres_conn.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PATIENCE_MS = 10000, COLUMNS_MAX = 64, OID_BOOL = 16, OID_BYTEA = 17 };

struct postgres_db {
    struct db db; /* first */
    struct postgres_conn conn;
    bool wrote;    /* The open transaction did. */
    int64_t mark;  /* Of the commit being made; 0: none. */
    bool given_up; /* The last time to recover was in vain: wait no more, only try. */
};

/* struct db_rows.statement */
struct rows {
    PGresult *result;
    char *bytes; /* Of the current row: its columns of bytes, owned. */
    struct slice decoded[COLUMNS_MAX];
};

static struct postgres_db *of(struct db *db)
{
    return (struct postgres_db *)db;
}

static int run(PGresult **ret, struct postgres_db *s, const char *sql, const struct db_value *args,
               size_t n_args, const char *doing, struct err *err)
{
    int rc = postgres_run(ret, &s->conn, sql, args, n_args, doing, err);
    s->db.broken = s->conn.lost;
    if (rc < 0) return rc;
    const char *did = PQcmdStatus(*ret);
    if (strcmp(did, "BEGIN") == 0) s->wrote = false;
    if (strncmp(did, "INSERT", 6) == 0 || strncmp(did, "UPDATE", 6) == 0 ||
        strncmp(did, "DELETE", 6) == 0)
        s->wrote = true;
    return 0;
}

static int db_postgres_exec(struct db *db, const char *sql, const struct db_value *args,
                            size_t n_args, struct err *err)
{
    PGresult *result;
    TRY(run(&result, of(db), sql, args, n_args, "write", err));
    long n = strtol(PQcmdTuples(result), NULL, 10); /* "" where nothing is counted. */
    PQclear(result);
    return n < INT32_MAX ? (int)n : INT32_MAX;
}

/* ---- Rows ---- */

static int db_postgres_query(struct db_rows *ret, struct db *db, const char *sql,
                             const struct db_value *args, size_t n_args, struct err *err)
{
    struct rows *rows = mem_calloc(1, sizeof *rows);
    if (!rows) return err_set(err, ERR_NO_MEMORY, "no memory for the database's rows");
    int rc = run(&rows->result, of(db), sql, args, n_args, "read", err);
    if (rc < 0) {
        mem_free(rows);
        return rc;
    }
    assert(PQnfields(rows->result) <= COLUMNS_MAX);
    ret->statement = rows;
    return 0;
}

static int nibble(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* "\x00ff" as two bytes; what is something else as none. */
static size_t decode(char *out, const char *text, size_t len)
{
    size_t n = 0;
    if (len < 2 || text[0] != '\\' || text[1] != 'x') return 0;
    for (size_t i = 2; i + 1 < len; i += 2)
        out[n++] = (char)(nibble(text[i]) << 4 | nibble(text[i + 1]));
    return n;
}

static int decode_row(struct rows *rows, int row, struct err *err)
{
    size_t size = 0, at = 0;
    int n = PQnfields(rows->result);
    for (int i = 0; i < n; i++)
        if (PQftype(rows->result, i) == OID_BYTEA)
            size += (size_t)PQgetlength(rows->result, row, i) / 2;
    mem_free(rows->bytes);
    rows->bytes = size ? mem_alloc(size) : NULL;
    if (size && !rows->bytes) return err_set(err, ERR_NO_MEMORY, "no memory for a row's bytes");
    for (int i = 0; i < n; i++) {
        if (PQftype(rows->result, i) != OID_BYTEA || PQgetisnull(rows->result, row, i)) continue;
        char *to = rows->bytes ? rows->bytes + at : NULL;
        const char *text = PQgetvalue(rows->result, row, i);
        size_t len = decode(to, text, (size_t)PQgetlength(rows->result, row, i));
        rows->decoded[i] = (struct slice){ to ? to : "", len };
        at += len;
    }
    return 0;
}

static int db_postgres_next(struct db_rows *ret, struct err *err)
{
    struct rows *rows = ret->statement;
    if (ret->row + 1 >= PQntuples(rows->result)) return 0;
    ret->row++;
    TRY(decode_row(rows, (int)ret->row, err));
    return 1;
}

static void db_postgres_rows_close(struct db_rows *ret)
{
    struct rows *rows = ret->statement;
    PQclear(rows->result);
    mem_free(rows->bytes);
    mem_free(rows);
}

static bool db_postgres_is_null(const struct db_rows *ret, int column)
{
    const struct rows *rows = ret->statement;
    return PQgetisnull(rows->result, (int)ret->row, column);
}

static const char *value(const struct db_rows *ret, int column)
{
    const struct rows *rows = ret->statement;
    return PQgetvalue(rows->result, (int)ret->row, column);
}

static int64_t db_postgres_integer(const struct db_rows *ret, int column)
{
    const struct rows *rows = ret->statement;
    if (PQftype(rows->result, column) == OID_BOOL) return value(ret, column)[0] == 't';
    return strtoll(value(ret, column), NULL, 10); /* "" for NULL: 0 */
}

static double db_postgres_real(const struct db_rows *ret, int column)
{
    return strtod(value(ret, column), NULL);
}

static struct slice db_postgres_text(const struct db_rows *ret, int column)
{
    const struct rows *rows = ret->statement;
    if (db_postgres_is_null(ret, column)) return (struct slice){ 0 };
    if (PQftype(rows->result, column) == OID_BYTEA) return rows->decoded[column];
    return (struct slice){ value(ret, column),
                           (size_t)PQgetlength(rows->result, (int)ret->row, column) };
}

/* ---- Commits, and what became of them ---- */

/* The number and the commit go together: one way to the server and back. */
static int commit_marked(PGresult **ret, struct postgres_db *s, struct err *err)
{
    char sql[96];
    random_bytes_fill(&s->mark, sizeof s->mark);
    s->mark = (int64_t)((uint64_t)s->mark >> 1 | 1);
    (void)snprintf(sql, sizeof sql, "UPDATE store_commit SET mark = %" PRId64 "; COMMIT",
                   s->mark); /* It has the room. */
    return run(ret, s, sql, DB_NO_ARGS, "commit", err);
}

static int db_postgres_commit(struct db *db, struct err *err)
{
    struct postgres_db *s = of(db);
    PGresult *result;
    s->mark = 0;
    TRY(s->wrote ? commit_marked(&result, s, err)
                 : run(&result, s, "COMMIT", DB_NO_ARGS, "commit", err));
    /* A transaction in which something failed answers so, and that is no error. */
    bool done = strcmp(PQcmdStatus(result), "COMMIT") == 0;
    PQclear(result);
    s->mark = 0;
    return done ? 0 : err_set(err, ERR_INTERNAL, "the database undid a transaction");
}

static int read_outcome(struct postgres_db *s, enum db_outcome *ret, struct err *err)
{
    int64_t mark;
    TRY(db_one_int(&mark, 0, &s->db, "SELECT mark FROM store_commit", DB_NO_ARGS, err));
    *ret = s->mark && mark == s->mark ? DB_OUTCOME_DONE : DB_OUTCOME_UNDONE;
    return 0;
}

static int recover_once(struct postgres_db *s, enum db_outcome *ret, struct err *err)
{
    TRY(postgres_connect(&s->conn, err));
    return read_outcome(s, ret, err);
}

/* A server that starts again is there in a moment. */
static int db_postgres_recover(struct db *db, enum db_outcome *ret, struct err *err)
{
    struct postgres_db *s = of(db);
    uint64_t deadline = now_ns() + (s->given_up ? 0 : PATIENCE_MS * UINT64_C(1000000));
    for (;;) {
        int rc = recover_once(s, ret, err);
        s->given_up = rc < 0 && now_ns() >= deadline;
        if (rc == 0 || s->given_up) {
            s->mark = 0; /* If it was in vain the transaction is given up, too. */
            return rc;
        }
        (void)nanosleep(&(struct timespec){ .tv_nsec = POSTGRES_RETRY_MS * 1000000L }, NULL);
    }
}

/* ---- Life ---- */

static int db_postgres_script(struct db *db, const char *sql, struct err *err)
{
    struct postgres_db *s = of(db);
    int rc = postgres_script(&s->conn, sql, "change its schema", err);
    s->db.broken = s->conn.lost;
    return rc;
}

static int db_postgres_backup(struct db *db, int from, struct err *err)
{
    (void)db; /* The administrator's: docs/how-to/postgresql.md. Steps are transactions. */
    (void)from;
    (void)err;
    return 0;
}

static void db_postgres_close(struct db *db)
{
    struct postgres_db *s = of(db);
    postgres_conn_release(&s->conn);
    mem_free(s);
}

static int open_parts(struct postgres_db *s, const char *url, struct err *err)
{
    TRY(postgres_conn_init(&s->conn, url, err));
    TRY(postgres_connect(&s->conn, err));
    return db_postgres_script(&s->db,
                              "CREATE TABLE IF NOT EXISTS store_commit (mark BIGINT NOT NULL);"
                              "INSERT INTO store_commit(mark) SELECT 0 WHERE NOT EXISTS "
                              "(SELECT 1 FROM store_commit)",
                              err);
}

static int db_postgres_open(struct db **ret, const char *url, struct err *err)
{
    struct postgres_db *s = mem_calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NO_MEMORY, "no memory for the database");
    int rc = open_parts(s, url, err);
    if (rc < 0)
        db_postgres_close(&s->db);
    else
        *ret = &s->db;
    return rc;
}

const struct db_backend db_backend_postgres = {
    .scheme = "postgres", /* Also postgresql:// */
    .serial_key = "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
    .bytes = "BYTEA",
    .open = db_postgres_open,
    .close = db_postgres_close,
    .exec = db_postgres_exec,
    .query = db_postgres_query,
    .next = db_postgres_next,
    .rows_close = db_postgres_rows_close,
    .is_null = db_postgres_is_null,
    .integer = db_postgres_integer,
    .real = db_postgres_real,
    .text = db_postgres_text,
    .commit = db_postgres_commit,
    .recover = db_postgres_recover,
    .script = db_postgres_script,
    .backup = db_postgres_backup,
};
