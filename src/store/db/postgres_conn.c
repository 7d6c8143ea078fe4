#include "store/db/postgres_conn.h"

#include "base/log.h"
#include "base/seam.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NAME_MAX_LEN = 16, NUMBER_MAX_LEN = 32, SQL_BYTES_MAX = 1 << 20 };

#define NS_PER_MS UINT64_C(1000000)

/* PostgreSQL's numbers of types, which are for ever. */
enum { OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25, OID_FLOAT8 = 701 };

/* ---- Failures ---- */

static enum err_code code_of(const char *state)
{
    static const struct {
        const char *state; /* Or its class, the first two. */
        enum err_code code;
    } codes[] = {
        { "53100", ERR_NO_SPACE }, { "53200", ERR_NO_MEMORY },  { "23", ERR_EXISTS },
        { "28", ERR_PERMISSION },  { "42501", ERR_PERMISSION }, { "XX001", ERR_FORMAT },
        { "XX002", ERR_FORMAT },
    };
    for (size_t i = 0; state && i < sizeof codes / sizeof *codes; i++)
        if (strncmp(state, codes[i].state, strlen(codes[i].state)) == 0) return codes[i].code;
    return ERR_IO;
}

static struct slice first_line(const char *text)
{
    struct slice all = slice_of(text);
    all.len = slice_find(all, SLICE("\n"));
    return all;
}

static int lost(struct postgres_conn *c, const char *doing, const char *why, struct err *err)
{
    struct slice text = first_line(why ? why : PQerrorMessage(c->pg));
    c->lost = true;
    return err_set(err, ERR_IO, "the database could not %s: %.*s", doing, SLICE_FMT(text));
}

/* Of what the server said only the sentence: its details quote values. */
static int refused(const PGresult *result, const char *doing, struct err *err)
{
    const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return err_set(err, code_of(PQresultErrorField(result, PG_DIAG_SQLSTATE)),
                   "the database could not %s: %s", doing, why ? why : "no reason is given");
}

/* ---- Sending and awaiting ---- */

/* Until the socket has something, or takes something; false: not by the deadline. */
static bool await_socket(struct postgres_conn *c, short events, uint64_t deadline)
{
    for (;;) {
        uint64_t now = now_ns();
        if (now >= deadline) return false;
        uint64_t ms = (deadline - now) / NS_PER_MS + 1;
        struct pollfd p = { .fd = PQsocket(c->pg), .events = events };
        int n = poll(&p, 1, ms < INT_MAX ? (int)ms : INT_MAX);
        if (n > 0) return true;
        if (n < 0 && errno != EINTR) return false;
    }
}

/* NULL: the connection is lost, with *why a text, or NULL where libpq has one. */
static PGresult *await_results(struct postgres_conn *c, uint64_t deadline, const char **why)
{
    PGresult *last = NULL;
    int unsent = 1;
    *why = NULL;
    for (;;) {
        while (unsent || PQisBusy(c->pg)) {
            unsent = PQflush(c->pg);
            if (unsent == 0 && !PQisBusy(c->pg)) break;
            short events = unsent ? POLLIN | POLLOUT : POLLIN;
            if (unsent >= 0 && !await_socket(c, events, deadline)) {
                *why = "it does not answer";
                unsent = -1;
            }
            if (unsent < 0 || !PQconsumeInput(c->pg)) {
                PQclear(last);
                return NULL;
            }
        }
        PGresult *next = PQgetResult(c->pg);
        if (!next) return last;
        PQclear(last);
        last = next;
    }
}

static int finish(PGresult **ret, struct postgres_conn *c, int sent, uint64_t ms, const char *doing,
                  struct err *err)
{
    const char *why = NULL;
    uint64_t deadline = ms ? now_ns() + ms * NS_PER_MS : UINT64_MAX;
    PGresult *result = sent ? await_results(c, deadline, &why) : NULL;
    if (!result || PQstatus(c->pg) == CONNECTION_BAD) {
        int rc = lost(c, doing, why, err);
        PQclear(result);
        return rc;
    }
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
        *ret = result;
        return 0;
    }
    int rc = refused(result, doing, err);
    PQclear(result);
    return rc;
}

static int simple(PGresult **ret, struct postgres_conn *c, const char *sql, uint64_t ms,
                  const char *doing, struct err *err)
{
    return finish(ret, c, PQsendQuery(c->pg, sql), ms, doing, err);
}

/* ---- Prepared statements ---- */

static void forget(struct postgres_kept *kept)
{
    mem_free(kept->key);
    *kept = (struct postgres_kept){ 0 };
}

/* "TIN" and the statement: the server fixes the types when it prepares one. */
static const char *key_of(struct postgres_conn *c, const char *sql, const struct db_value *args,
                          size_t n)
{
    static const char letters[] = { [DB_KIND_NULL] = 'N',
                                    [DB_KIND_INT] = 'I',
                                    [DB_KIND_REAL] = 'R',
                                    [DB_KIND_TEXT] = 'T',
                                    [DB_KIND_BYTES] = 'B' };
    buf_reset(&c->text);
    for (size_t i = 0; i < n; i++) buf_add_char(&c->text, letters[args[i].kind]);
    buf_add_char(&c->text, ' ');
    buf_add_str(&c->text, sql);
    return c->text.failed ? NULL : buf_str(&c->text);
}

/* ?1 is $1 here, but not within a literal. */
static const char *translate(struct postgres_conn *c, const char *sql)
{
    bool quoted = false;
    buf_reset(&c->text);
    for (const char *p = sql; *p; p++) {
        if (*p == '\'') quoted = !quoted;
        buf_add_char(&c->text, *p == '?' && !quoted ? '$' : *p);
    }
    return c->text.failed ? NULL : buf_str(&c->text);
}

static void name_of(char ret[NAME_MAX_LEN], unsigned number)
{
    (void)snprintf(ret, NAME_MAX_LEN, "s%u", number); /* It has the room. */
}

/* Makes room where another statement is; the server's copy of it goes too. */
static void evict(struct postgres_conn *c, struct postgres_kept *kept)
{
    char sql[NAME_MAX_LEN + 16], name[NAME_MAX_LEN];
    PGresult *result;
    if (!kept->key) return;
    name_of(name, kept->number);
    (void)snprintf(sql, sizeof sql, "DEALLOCATE %s", name); /* It has the room. */
    if (simple(&result, c, sql, POSTGRES_ANSWER_MS, "forget a statement", NULL) == 0)
        PQclear(result); /* If not, the transaction is broken, and the next statement says so. */
    forget(kept);
}

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "no memory for the database");
}

static int prepare(char ret_name[NAME_MAX_LEN], struct postgres_conn *c, const char *sql,
                   const struct db_value *args, const Oid *types, size_t n, struct err *err)
{
    const char *key = key_of(c, sql, args, n);
    if (!key) return no_memory(err);
    struct postgres_kept *kept = &c->kept[slice_hash(slice_of(key)) % POSTGRES_KEPT_MAX];
    if (!kept->key || strcmp(kept->key, key) != 0) {
        char *copy = mem_strndup(key, strlen(key));
        const char *text = copy ? translate(c, sql) : NULL;
        PGresult *result;
        unsigned number = ++c->n_prepared;
        if (text) evict(c, kept);
        name_of(ret_name, number);
        int rc = !text ? no_memory(err)
                       : finish(&result, c, PQsendPrepare(c->pg, ret_name, text, (int)n, types),
                                POSTGRES_ANSWER_MS, "understand a statement", err);
        if (rc < 0) {
            mem_free(copy);
            return rc;
        }
        PQclear(result);
        *kept = (struct postgres_kept){ copy, number };
    }
    name_of(ret_name, kept->number);
    return 0;
}

/* ---- Statements ---- */

/* Numbers as text, bytes as they are. */
struct values {
    Oid types[POSTGRES_ARGS_MAX];
    const char *values[POSTGRES_ARGS_MAX];
    int lengths[POSTGRES_ARGS_MAX], formats[POSTGRES_ARGS_MAX];
    char numbers[POSTGRES_ARGS_MAX][NUMBER_MAX_LEN];
};

static int put_bytes(struct values *v, size_t i, Oid type, struct slice bytes, struct err *err)
{
    if (bytes.len > INT_MAX / 2)
        return err_set(err, ERR_LIMIT, "a value is too long for the database");
    v->types[i] = type;
    v->values[i] = bytes.ptr ? bytes.ptr : "";
    v->lengths[i] = (int)bytes.len;
    v->formats[i] = 1;
    return 0;
}

static int put(struct values *v, size_t i, const struct db_value *arg, struct err *err)
{
    char *number = v->numbers[i];
    v->values[i] = NULL;
    v->lengths[i] = v->formats[i] = 0;
    switch (arg->kind) {
    case DB_KIND_INT:
        v->types[i] = OID_INT8;
        v->values[i] = number;
        (void)snprintf(number, NUMBER_MAX_LEN, "%" PRId64, arg->integer); /* It has the room, */
        return 0;
    case DB_KIND_REAL:
        v->types[i] = OID_FLOAT8;
        v->values[i] = number;
        (void)snprintf(number, NUMBER_MAX_LEN, "%.17g", arg->real); /* as has this. */
        return 0;
    case DB_KIND_TEXT: return put_bytes(v, i, OID_TEXT, arg->text, err);
    case DB_KIND_BYTES: return put_bytes(v, i, OID_BYTEA, arg->text, err);
    case DB_KIND_NULL: break;
    }
    v->types[i] = 0; /* Whatever the place has. */
    return 0;
}

int postgres_run(PGresult **ret, struct postgres_conn *c, const char *sql,
                 const struct db_value *args, size_t n, const char *doing, struct err *err)
{
    struct values v;
    char name[NAME_MAX_LEN];
    assert(n <= POSTGRES_ARGS_MAX);
    if (c->lost) return err_set(err, ERR_IO, "the database is out of reach");
    if (n == 0) return simple(ret, c, sql, POSTGRES_ANSWER_MS, doing, err);
    for (size_t i = 0; i < n; i++) TRY(put(&v, i, &args[i], err));
    TRY(prepare(name, c, sql, args, v.types, n, err));
    int sent = PQsendQueryPrepared(c->pg, name, (int)n, v.values, v.lengths, v.formats, 0);
    return finish(ret, c, sent, POSTGRES_ANSWER_MS, doing, err);
}

static int set_timeout(struct postgres_conn *c, int ms, struct err *err)
{
    char sql[64];
    PGresult *result;
    (void)snprintf(sql, sizeof sql, "SET statement_timeout = %d", ms); /* It has the room. */
    TRY(simple(&result, c, sql, POSTGRES_ANSWER_MS, "set a deadline", err));
    PQclear(result);
    return 0;
}

int postgres_script(struct postgres_conn *c, const char *sql, const char *doing, struct err *err)
{
    PGresult *result;
    if (c->lost) return err_set(err, ERR_IO, "the database is out of reach");
    TRY(set_timeout(c, 0, err));
    int rc = simple(&result, c, sql, 0, doing, err);
    if (rc < 0) { /* To roll back sets it back, too. */
        (void)set_timeout(c, POSTGRES_STATEMENT_MS, NULL);
        return rc;
    }
    PQclear(result);
    return set_timeout(c, POSTGRES_STATEMENT_MS, err);
}

/* ---- Connecting ---- */

static void ignore_notice(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

static const struct {
    const char *keyword, *value;
} defaults[] = {
    { "connect_timeout", "5" },      { "fallback_application_name", "tiro" },
    { "client_encoding", "UTF8" },   { "keepalives_idle", "10" },
    { "keepalives_interval", "5" },  { "keepalives_count", "3" },
    { "tcp_user_timeout", "15000" },
};

enum { KEYWORDS_MAX = 96, DEFAULTS = sizeof defaults / sizeof *defaults };

/* What the URL says, and our defaults where it says nothing. */
static PGconn *open_session(const char *url)
{
    const char *keywords[KEYWORDS_MAX], *values[KEYWORDS_MAX];
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    size_t n = 0;
    if (!options) return NULL;
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (!o->val || n + DEFAULTS + 1 >= KEYWORDS_MAX) continue;
        keywords[n] = o->keyword;
        values[n++] = o->val;
    }
    size_t given = n;
    for (size_t i = 0; i < DEFAULTS; i++) {
        bool found = false;
        for (size_t k = 0; k < given; k++)
            found = found || strcmp(keywords[k], defaults[i].keyword) == 0;
        if (found) continue;
        keywords[n] = defaults[i].keyword;
        values[n++] = defaults[i].value;
    }
    keywords[n] = values[n] = NULL;
    PGconn *pg = PQconnectdbParams(keywords, values, 0);
    PQconninfoFree(options);
    return pg;
}

/* Asks one row of one text. */
static int ask(char *ret, size_t size, struct postgres_conn *c, const char *sql, struct err *err)
{
    PGresult *result;
    TRY(simple(&result, c, sql, POSTGRES_ANSWER_MS, "say how it is set up", err));
    bool there = PQntuples(result) == 1 && PQnfields(result) == 1;
    (void)snprintf(ret, size, "%s", there ? PQgetvalue(result, 0, 0) : ""); /* Short, or wrong. */
    PQclear(result);
    return 0;
}

static int check_server(struct postgres_conn *c, struct err *err)
{
    char text[32];
    const char *encoding = PQparameterStatus(c->pg, "server_encoding");
    if (PQserverVersion(c->pg) < POSTGRES_VERSION_MIN)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "the database's server is PostgreSQL %d; it must be 13 or newer",
                       PQserverVersion(c->pg) / 10000);
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "the database's encoding is %s; make one with ENCODING 'UTF8'",
                       encoding ? encoding : "unknown");
    TRY(ask(text, sizeof text, c, "SHOW fsync", err));
    if (strcmp(text, "off") == 0)
        log_warn("the database's server has fsync off: it may lose what it acknowledged");
    return 0;
}

/* A session that broke has the lock until the server has noticed. */
static int take_lock(struct postgres_conn *c, struct err *err)
{
    uint64_t deadline = now_ns() + POSTGRES_LOCK_MS * NS_PER_MS;
    char got[8];
    for (;;) {
        /* "tiro" in ASCII, and the schema: others of one database are independent. */
        TRY(ask(got, sizeof got, c,
                "SELECT pg_try_advisory_lock(1953067631, hashtext(coalesce(current_schema()::text, "
                "'')))",
                err));
        if (strcmp(got, "t") == 0) return 0;
        if (now_ns() >= deadline)
            return err_set(err, ERR_BUSY,
                           "another Tiro server uses this database; one at a time may");
        (void)nanosleep(&(struct timespec){ .tv_nsec = POSTGRES_RETRY_MS * 1000000L }, NULL);
    }
}

static int set_up(struct postgres_conn *c, struct err *err)
{
    char settings[512];
    PGresult *result;
    (void)snprintf(settings, sizeof settings,
                   "SET client_min_messages = warning; SET statement_timeout = %d;"
                   "SET lock_timeout = %d; SET idle_in_transaction_session_timeout = 60000;"
                   "SET default_transaction_isolation = 'read committed';"
                   "SELECT set_config('synchronous_commit', 'on', false) "
                   "WHERE current_setting('synchronous_commit') = 'off'",
                   POSTGRES_STATEMENT_MS, POSTGRES_STATEMENT_MS / 3); /* It has the room. */
    TRY(simple(&result, c, settings, POSTGRES_ANSWER_MS, "be set up", err));
    PQclear(result);
    TRY(check_server(c, err));
    return take_lock(c, err);
}

int postgres_connect(struct postgres_conn *c, struct err *err)
{
    for (size_t i = 0; i < POSTGRES_KEPT_MAX; i++) forget(&c->kept[i]);
    if (c->pg) PQfinish(c->pg);
    c->pg = open_session(c->url);
    c->lost = true;
    if (!c->pg)
        return err_set(err, ERR_INVALID_VALUE,
                       "the database's URL is not understood, or there is no memory for it; it is "
                       "written postgres://USER@HOST:PORT/NAME?sslmode=require");
    if (PQstatus(c->pg) != CONNECTION_OK) return lost(c, "be reached", NULL, err);
    (void)PQsetNoticeProcessor(c->pg, ignore_notice, NULL); /* Gives the one before. */
    if (PQsetnonblocking(c->pg, 1) != 0) return lost(c, "be reached", NULL, err);
    int rc = set_up(c, err);
    c->lost = rc < 0;
    return rc;
}

/* ---- Life ---- */

int postgres_conn_init(struct postgres_conn *c, const char *url, struct err *err)
{
    *c = (struct postgres_conn){ .url = mem_strndup(url, strlen(url)), .lost = true };
    buf_init(&c->text, SQL_BYTES_MAX);
    return c->url ? 0 : no_memory(err);
}

void postgres_conn_release(struct postgres_conn *c)
{
    for (size_t i = 0; i < POSTGRES_KEPT_MAX; i++) forget(&c->kept[i]);
    if (c->pg) PQfinish(c->pg);
    buf_release(&c->text);
    mem_free(c->url);
}
