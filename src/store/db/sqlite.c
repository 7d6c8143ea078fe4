/* SQLite in write-ahead mode, each commit on the disk before it counts (synchronous FULL), deleted
 * rows overwritten with zeros (secure_delete). One connection, statements kept prepared; one server
 * at a time, while other programs may read. What it stands on is in sqlite_vfs.h. */
#include "base/log.h"
#include "base/seam.h"
#include "store/db.h"
#include "store/db/sqlite_vfs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    KEPT_MAX = 256,
    OWNER_AT = 0x40000000 + 1024,
    BUSY_MS = 1000,        /* How long another program may still have it. */
    LOG_FRAMES_MAX = 1000, /* Pages in the log before they are put in their places. */
};

struct sqlite_db {
    struct db db;
    sqlite3 *handle;  /* NULL after a failed recovery */
    const char *path; /* Within `url`. */
    char *url;
    int owner_fd;                 /* Holds the lock of the one server; -1: not held. */
    int log_frames;               /* Pages in the log that are not in their places. */
    bool log_is_used;             /* It has held something since it was emptied. */
    sqlite3_stmt *kept[KEPT_MAX]; /* A table by the text's hash. */
};

extern const struct db_backend db_backend_sqlite;

static struct sqlite_db *of(struct db *db)
{
    return (struct sqlite_db *)db;
}

static enum err_code code_of(int extended, int system)
{
    switch (extended & 0xff) {
    case SQLITE_FULL: return ERR_NO_SPACE;
    case SQLITE_NOMEM: return ERR_NO_MEMORY;
    case SQLITE_CONSTRAINT:
        return extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY
                   ? ERR_EXISTS
                   : ERR_INTERNAL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ERR_FORMAT;
    case SQLITE_BUSY: return ERR_BUSY;
    case SQLITE_IOERR:
        if (extended == SQLITE_IOERR_NOMEM) return ERR_NO_MEMORY;
        return system == ENOSPC || system == EDQUOT ? ERR_NO_SPACE : ERR_IO;
    default: return ERR_IO;
    }
}

/* A disk that failed may have dropped what it was given: what is in memory counts no more. */
static bool breaks(int extended)
{
    int code = extended & 0xff;
    return (code == SQLITE_IOERR && extended != SQLITE_IOERR_NOMEM) || code == SQLITE_CORRUPT ||
           code == SQLITE_NOTADB || code == SQLITE_CANTOPEN;
}

static int failed(struct sqlite_db *s, const char *doing, struct err *err)
{
    int extended = sqlite3_extended_errcode(s->handle);
    int system = breaks(extended) ? sqlite3_system_errno(s->handle) : 0;
    char why[128];
    if (breaks(extended)) s->db.broken = true;
    return err_set(err, code_of(extended, system), "the database could not %s: %s%s%s", doing,
                   sqlite3_errmsg(s->handle), system ? ": " : "",
                   system ? strerror_r(system, why, sizeof why) : "");
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

/* The first column of the first row of a statement that has one, as text; cut if it must be. */
static int one_text(char *ret, size_t size, struct sqlite_db *s, const char *sql, struct err *err)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(s->handle, sql, -1, &statement, NULL) != SQLITE_OK)
        return failed(s, "be read", err);
    int rc = 0;
    const char *text = NULL;
    if (sqlite3_step(statement) == SQLITE_ROW)
        text = (const char *)sqlite3_column_text(statement, 0);
    if (text) {
        (void)snprintf(ret, size, "%s", text);
    } else {
        rc = failed(s, "be read", err);
    }
    (void)sqlite3_finalize(statement); /* Says again what its step said. */
    return rc;
}

/* ---- Opening ---- */

static int on_commit(void *ctx, sqlite3 *handle, const char *name, int frames)
{
    struct sqlite_db *s = ctx;
    (void)handle;
    (void)name;
    s->log_frames = frames;
    s->log_is_used = true;
    return SQLITE_OK;
}

/* Whether a log was left behind, which holds what was committed last. */
static bool has_log(struct sqlite_db *s)
{
    struct stat st;
    const char *name = sqlite3_db_filename(s->handle, "main");
    return name && *name && seams.stat(sqlite3_filename_wal(name), &st) == 0 && st.st_size > 0;
}

/* A check that could not read a page says that in its finding, with SQLite's code. */
static enum err_code code_of_finding(const char *text)
{
    const char *number = strstr(text, "error code=");
    int64_t code = number ? strtoll(number + strlen("error code="), NULL, 10) & 0xff : 0;
    return code == SQLITE_NOMEM ? ERR_NO_MEMORY : code == SQLITE_IOERR ? ERR_IO : ERR_FORMAT;
}

/* Neither writes: what is not ours, or is damaged, stays as it was found. */
static int look(struct sqlite_db *s, const char *check, struct err *err)
{
    char text[256];
    TRY(one_text(text, sizeof text, s,
                 "SELECT count(*) > 0 AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE "
                 "name = 'schema_version') FROM sqlite_schema",
                 err));
    if (!slice_is(slice_of(text), "0"))
        return err_set(err, ERR_FORMAT, "it is a database of another program");
    TRY(one_text(text, sizeof text, s,
                 "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')", err));
    if (!slice_is(slice_of(text), "0"))
        return err_set(err, ERR_FORMAT, "another program put triggers or views into it");
    TRY(one_text(text, sizeof text, s, check, err));
    if (slice_is(slice_of(text), "ok")) return 0;
    s->db.broken = true;
    enum err_code code = code_of_finding(text);
    const char *line = strchr(text, '\n'); /* The first one only names the database. */
    return err_set(err, code, "the database %s: %s",
                   code == ERR_FORMAT ? "is damaged" : "could not be checked",
                   line ? line + 1 : text);
}

/* All that is said before the file is touched; what is in it is not trusted. */
static int connect(struct sqlite_db *s, struct err *err)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(s->path, &s->handle, flags, SQLITE_VFS) != SQLITE_OK)
        return failed(s, "be opened", err);
    /* These fail only on misuse. */
    (void)sqlite3_extended_result_codes(s->handle, 1);
    (void)sqlite3_busy_timeout(s->handle, BUSY_MS);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log(s), NULL);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return db_sqlite_script(&s->db,
                            "PRAGMA temp_store = MEMORY;"
                            "PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON;"
                            "PRAGMA secure_delete = ON;",
                            err);
}

/* Locks a byte of the page that SQLite leaves empty for locks; -ERR_BUSY: another server has. */
static int own(struct sqlite_db *s, struct err *err)
{
    const char *name = sqlite3_db_filename(s->handle, "main");
    if (!name || !*name) return 0; /* In memory. */
    s->owner_fd = seams.open(name, O_RDWR, 0);
    if (s->owner_fd < 0) return err_errno(err, errno, "the database could not be opened");
    if (seams.lock(s->owner_fd, F_WRLCK, OWNER_AT, 1) == 0) return 0;
    if (errno != EAGAIN && errno != EACCES)
        return err_errno(err, errno, "the database could not be locked");
    return err_set(err, ERR_BUSY, "another Tiro server uses this database; one at a time may");
}

/* What the log holds is written to its places anew: a disk that failed has perhaps kept less of it
 * than the system remembers, and what is committed from now on must not stand on that. */
static int empty_log(struct sqlite_db *s, struct err *err)
{
    int rc = sqlite3_wal_checkpoint_v2(s->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (rc != SQLITE_OK) return failed(s, "empty its log", err);
    s->log_frames = 0;
    s->log_is_used = false;
    return 0;
}

static int attach(struct sqlite_db *s, const char *check, struct err *err)
{
    char mode[16];
    TRY(connect(s, err));
    TRY(own(s, err));
    TRY(look(s, check, err));
    TRY(one_text(mode, sizeof mode, s, "PRAGMA journal_mode = WAL", err));
    if (!slice_is(slice_of(mode), "wal") && !slice_is(slice_of(mode), "memory"))
        return err_set(err, ERR_IO, "the database keeps no log (its mode is %s)", mode);
    TRY(db_sqlite_script(&s->db, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;", err));
    (void)sqlite3_wal_hook(s->handle, on_commit, s); /* Gives the one before: none. */
    TRY(empty_log(s, err));
    (void)sqlite3_db_config(s->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL); /* As above. */
    return 0;
}

static void detach(struct sqlite_db *s)
{
    for (size_t i = 0; i < KEPT_MAX; i++) {
        (void)sqlite3_finalize(s->kept[i]); /* Says again what its last step said. */
        s->kept[i] = NULL;
    }
    int rc = sqlite3_close(s->handle);
    assert(rc == SQLITE_OK); /* Every statement is finalised. */
    s->handle = NULL;
    if (s->owner_fd >= 0) (void)seams.close(s->owner_fd); /* Nothing was written through it. */
    s->owner_fd = -1;
}

static void db_sqlite_close(struct db *db)
{
    struct sqlite_db *s = of(db);
    detach(s);
    mem_free(s->url);
    mem_free(s);
}

static int make(struct sqlite_db **ret, const char *url, struct err *err)
{
    struct sqlite_db *s = mem_calloc(1, sizeof *s);
    char *copy = mem_strndup(url, strlen(url));
    if (!s || !copy) {
        mem_free(s);
        mem_free(copy);
        return err_set(err, ERR_NO_MEMORY, "no memory for the database");
    }
    s->db.backend = &db_backend_sqlite;
    s->owner_fd = -1;
    s->url = copy;
    s->path = copy + strlen(db_backend_sqlite.scheme);
    *ret = s;
    return 0;
}

static int explain(struct sqlite_db *s, int rc, struct err *err)
{
    const char *hint = "";
    if (rc == -ERR_FORMAT) hint = " (put a backup in its place, or move it away)";
    if (!err) return rc;
    char text[ERR_TEXT_MAX];
    (void)snprintf(text, sizeof text, "%s", err->text);
    return err_set(err, err->code, "%s: %s%s", s->path, text, hint);
}

static int db_sqlite_open(struct db **ret, const char *url, struct err *err)
{
    struct sqlite_db *s;
    TRY(sqlite_vfs_register(err));
    TRY(make(&s, url, err));
    int rc = attach(s, "PRAGMA quick_check(1)", err);
    if (rc < 0) {
        rc = explain(s, rc, err);
        db_sqlite_close(&s->db);
        return rc;
    }
    *ret = &s->db;
    return 0;
}

/* ---- After a failure, and beside the work ---- */

static bool db_sqlite_in_transaction(struct db *db)
{
    return sqlite3_get_autocommit(of(db)->handle) == 0;
}

/* Whether a commit that was under way came to its end is not to be known. */
static int db_sqlite_recover(struct db *db, enum db_outcome *ret, struct err *err)
{
    struct sqlite_db *s = of(db);
    *ret = DB_OUTCOME_UNKNOWN;
    detach(s);
    int rc = attach(s, "PRAGMA integrity_check(1)", err);
    if (rc == 0) return 0;
    rc = explain(s, rc, err);
    detach(s);
    return rc;
}

/* Deleted rows are zeros in the database's own file (secure_delete); older pages, with their text,
 * stand in the log until it is copied there and cut. */
static int db_sqlite_erase(struct db *db, struct err *err)
{
    struct sqlite_db *s = of(db);
    return s->log_is_used ? empty_log(s, err) : 0;
}

static int db_sqlite_tidy(struct db *db, struct err *err)
{
    struct sqlite_db *s = of(db);
    if (s->log_frames < LOG_FRAMES_MAX) return 0;
    int rc = sqlite3_wal_checkpoint_v2(s->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc != SQLITE_OK) return failed(s, "put its log in place", err);
    s->log_frames = 0;
    return 0;
}

static void backup_path(char *ret, size_t size, const struct sqlite_db *s, int from)
{
    int n = snprintf(ret, size, "%s.schema-%d.backup", s->path, from);
    assert(n > 0 && (size_t)n < size); /* SQLite opens no path of that length. */
}

/* VACUUM INTO writes a whole and consistent copy; under its name it is there when it lasts. */
static int write_backup(struct sqlite_db *s, const char *part, const char *path, struct err *err)
{
    struct db_value to = DB_TEXT(slice_of(part));
    TRY(db_sqlite_exec(&s->db, "VACUUM INTO ?1", &to, 1, err));
    int fd = seams.open(part, O_RDWR, 0);
    if (fd < 0) return err_errno(err, errno, "opening %s", part);
    int rc = seams.fsync(fd) < 0 ? err_errno(err, errno, "writing %s to disk", part) : 0;
    (void)seams.close(fd); /* It is on the disk, or the failure is told. */
    if (rc < 0) return rc;
    if (seams.rename(part, path) < 0 || sqlite_vfs_sync_folder(path) < 0)
        return err_errno(err, errno, "naming %s", path);
    return 0;
}

static int db_sqlite_backup(struct db *db, int from, struct err *err)
{
    struct sqlite_db *s = of(db);
    char path[PATH_MAX + 64], part[PATH_MAX + 80];
    backup_path(path, sizeof path, s, from);
    (void)snprintf(part, sizeof part, "%s.part", path); /* It has the room. */
    (void)seams.unlink(part); /* One of an upgrade that broke off; mostly there is none. */
    int rc = write_backup(s, part, path, err);
    if (rc == 0) return 0;
    (void)seams.unlink(part); /* The first failure is the one to report. */
    return err_context(err, "the backup before the upgrade, %s", path);
}

/* ---- For tiro doctor ---- */

static int examine(struct sqlite_db *s, struct db_report *ret, struct err *err)
{
    char number[24];
    int64_t schema;
    TRY(connect(s, err));
    int rc = own(s, err);
    if (rc < 0 && rc != -ERR_BUSY) return rc;
    ret->in_use = rc == -ERR_BUSY; /* Then its log must not be held by one who reads for long. */
    TRY(look(s, ret->in_use ? "SELECT 'ok'" : "PRAGMA integrity_check(1)", err));
    TRY(one_text(number, sizeof number, s, "SELECT number FROM schema_version", err));
    if (!slice_to_i64(&schema, slice_of(number)))
        return err_set(err, ERR_FORMAT, "the database's schema has the number '%s'", number);
    ret->schema = schema;
    return 0;
}

static int db_sqlite_examine(struct db_report *ret, const char *url, struct err *err)
{
    struct sqlite_db *s;
    struct stat st;
    TRY(sqlite_vfs_register(err));
    TRY(make(&s, url, err));
    *ret = (struct db_report){ 0 };
    int rc = 0;
    if (seams.stat(s->path, &st) == 0) {
        *ret = (struct db_report){ .exists = true, .bytes = (uint64_t)st.st_size };
        rc = examine(s, ret, err);
        if (rc < 0) rc = explain(s, rc, err);
    } else if (errno != ENOENT) {
        rc = err_errno(err, errno, "%s", s->path);
    }
    db_sqlite_close(&s->db);
    return rc;
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
    .in_transaction = db_sqlite_in_transaction,
    .recover = db_sqlite_recover,
    .tidy = db_sqlite_tidy,
    .erase = db_sqlite_erase,
    .examine = db_sqlite_examine,
};
