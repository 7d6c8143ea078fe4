/* What only a server can do to us: break connections at any moment, be held by another, be away. */
#include "unit/store/backend.h"

#include "base/log.h"
#include "fault/fault.h"
#include "store/db/postgres_conn.h"
#include "store/store.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct err err;

/* ---- A wire that can be cut ---- */

enum cut { CUT_NONE, CUT_BEFORE, CUT_AFTER };

/* Between Tiro and the server, one connection at a time. It is cut at what Tiro sends for the n-th
 * time from now: before the server gets it, or when the server has answered. */
static struct wire {
    char dir[64], server[108];
    pthread_t thread;
    int listener;
    atomic_int cut, countdown;
    atomic_bool stop;
    int n_cut;
} wire;

static int unix_socket(struct sockaddr_un *address, const char *path)
{
    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    (void)snprintf(address->sun_path, sizeof address->sun_path, "%s", path);
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* False: the connection is over. */
static bool forward(int from, int to)
{
    static char bytes[1 << 16];
    ssize_t n = read(from, bytes, sizeof bytes);
    return n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool is_cut_now(void)
{
    return wire.cut != CUT_NONE && --wire.countdown == 0;
}

static void carry(int client, int server)
{
    bool last = false; /* Cut when the server has answered. */
    for (;;) {
        struct pollfd p[2] = { { client, POLLIN, 0 }, { server, POLLIN, 0 } };
        if (poll(p, 2, 20) < 0 || wire.stop) return;
        if (p[0].revents && !last && is_cut_now()) {
            wire.n_cut++;
            last = wire.cut == CUT_AFTER;
            wire.cut = CUT_NONE;
            if (!last) return;
        }
        if (p[0].revents && !forward(client, server)) return;
        if (p[1].revents && last) return;
        if (p[1].revents && !forward(server, client)) return;
    }
}

static void *wire_main(void *arg)
{
    (void)arg;
    while (!wire.stop) {
        struct sockaddr_un address;
        struct pollfd p = { wire.listener, POLLIN, 0 };
        if (poll(&p, 1, 20) <= 0) continue;
        int client = accept(wire.listener, NULL, NULL);
        int server = unix_socket(&address, wire.server);
        if (connect(server, (struct sockaddr *)&address, sizeof address) == 0)
            carry(client, server);
        close(client);
        close(server);
    }
    return NULL;
}

/* backend_url leads through the wire afterwards. */
static int wire_setup(void **state)
{
    char path[100], *host;
    struct sockaddr_un address;
    if (backend_setup(state) < 0) return -1;
    host = strstr(backend_url, "host=") + strlen("host=");
    (void)snprintf(wire.server, sizeof wire.server, "%.*s/.s.PGSQL.5432", (int)strcspn(host, "&"),
                   host);
    (void)snprintf(wire.dir, sizeof wire.dir, "/tmp/tiro-wire-XXXXXX");
    if (!mkdtemp(wire.dir)) return -1;
    (void)snprintf(path, sizeof path, "%s/.s.PGSQL.5432", wire.dir);
    (void)snprintf(backend_url, sizeof backend_url,
                   "postgres://tiro@/postgres?host=%s&options=-csearch_path%%3D%s"
                   "&application_name=%s",
                   wire.dir, backend_schema, backend_schema);
    wire.listener = unix_socket(&address, path);
    if (bind(wire.listener, (struct sockaddr *)&address, sizeof address) < 0) return -1;
    if (listen(wire.listener, 4) < 0) return -1;
    wire.stop = false;
    wire.cut = CUT_NONE;
    wire.n_cut = 0;
    return pthread_create(&wire.thread, NULL, wire_main, NULL);
}

static int wire_teardown(void **state)
{
    char path[128];
    wire.stop = true;
    (void)pthread_join(wire.thread, NULL);
    close(wire.listener);
    (void)snprintf(path, sizeof path, "%s/.s.PGSQL.5432", wire.dir);
    (void)unlink(path);
    (void)rmdir(wire.dir);
    return backend_teardown(state);
}

static void cut_at(enum cut cut, int n)
{
    wire.countdown = n;
    wire.cut = cut;
}

/* ---- Jobs over it ---- */

struct note {
    struct store_job job;
    int64_t n;
    int rc, n_done;
};

static int write_note(struct store_job *job, struct db *db, struct err *e)
{
    struct note *note = (struct note *)job;
    int rc = db_exec(db, "INSERT INTO notes(n) VALUES (?1)", DB_ARGS(DB_INT(note->n)), e);
    return rc < 0 ? rc : 0;
}

static int read_note(struct store_job *job, struct db *db, struct err *e)
{
    struct note *note = (struct note *)job;
    return db_one_int(&note->n, -1, db, "SELECT COUNT(*) FROM notes WHERE n > ?1",
                      DB_ARGS(DB_INT(0)), e);
}

static void note_done(struct store_job *job, int rc, const struct err *e)
{
    struct note *note = (struct note *)job;
    note->rc = rc;
    note->n_done++;
    if (rc < 0) print_message("%s\n", e->text);
}

static struct store *open_store(void)
{
    char sql[256];
    struct store *store;
    struct store_options o = { .url = backend_url };
    (void)snprintf(sql, sizeof sql, "CREATE TABLE IF NOT EXISTS %s.notes (n BIGINT)",
                   backend_schema);
    backend_aside(sql);
    assert_ok(store_open(&store, &o, &err), &err);
    return store;
}

static struct note one(struct store *store, int64_t n, bool reads)
{
    struct note note = { .n = n };
    note.job = (struct store_job){ .run = reads ? read_note : write_note, .done = note_done };
    store_submit(store, &note.job);
    store_wait(store);
    assert_int_equal(note.n_done, 1);
    return note;
}

/* Wherever the wire is cut, a batch that is acknowledged is there once. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    struct store *store = open_store();
    int64_t n = 0;
    assert_int_equal(one(store, ++n, false).rc, 0); /* Statements are prepared. */
    for (enum cut cut = CUT_BEFORE; cut <= CUT_AFTER; cut++) {
        int at = 1;
        for (;; at++) {
            int before = wire.n_cut;
            cut_at(cut, at);
            struct note note = one(store, ++n, false);
            assert_int_equal(note.rc, 0);
            assert_int_equal(one(store, 0, true).n, n);
            if (wire.n_cut == before) break;
        }
        wire.cut = CUT_NONE;
        assert_true(at > 5); /* BEGIN, mark, statement, release, commit: all of them. */
    }
    store_close(store);
}

/* Cut in reading, too: nothing fails. */
static void test_cut_while_reading(void **state)
{
    (void)state;
    struct store *store = open_store();
    assert_int_equal(one(store, 1, false).rc, 0);
    for (int at = 1; at <= 6; at++) {
        cut_at(at % 2 ? CUT_BEFORE : CUT_AFTER, at);
        struct note note = one(store, 0, true);
        assert_int_equal(note.rc, 0);
        assert_int_equal(note.n, 1);
    }
    store_close(store);
}

/* Each of the statements of connecting, and each of the schema's. */
static void test_cut_while_opening(void **state)
{
    (void)state;
    int failed = 0;
    struct db *db;
    for (int at = 1; at < 100; at++) {
        int before = wire.n_cut;
        cut_at(CUT_BEFORE, at);
        if (db_open(&db, backend_url, &err) < 0)
            failed++;
        else
            db_close(db);
        if (wire.n_cut == before) break;
    }
    wire.cut = CUT_NONE;
    assert_true(failed > 5);
    assert_ok(db_open(&db, backend_url, &err), &err);
    db_close(db);
}

static void test_the_administrator_ends_it(void **state)
{
    (void)state;
    char sql[256];
    struct store *store = open_store();
    /* Those of this test, for others run beside it; one at least. */
    (void)snprintf(sql, sizeof sql,
                   "SELECT 1 / COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity "
                   "WHERE application_name = '%s'",
                   backend_schema);
    for (int64_t n = 1; n <= 5; n++) {
        assert_int_equal(one(store, n, false).rc, 0);
        backend_aside(sql);
        assert_int_equal(one(store, 0, true).n, n);
    }
    store_close(store);
}

/* ---- A server that is not there, or is another's ---- */

static uint64_t hasty(void)
{
    static uint64_t now;
    return now += UINT64_C(500000000);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    struct db *first, *second;
    assert_ok(db_open(&first, backend_url, &err), &err);
    seams.now_ns = hasty;
    assert_fails(db_open(&second, backend_url, &err), ERR_BUSY, &err, "another Tiro server");
    seams = seams_real;
    db_close(first);
    assert_ok(db_open(&second, backend_url, &err), &err);
    db_close(second);
}

/* Jobs fail, and at once when it has not come back before; later it is there again. */
static void test_away_and_back(void **state)
{
    (void)state;
    char path[128], away[140];
    struct store *store = open_store();
    (void)snprintf(path, sizeof path, "%s/.s.PGSQL.5432", wire.dir);
    (void)snprintf(away, sizeof away, "%s.away", path);
    assert_int_equal(one(store, 1, false).rc, 0);
    assert_int_equal(rename(path, away), 0);
    seams.now_ns = hasty;
    cut_at(CUT_BEFORE, 1);
    assert_int_equal(one(store, 2, false).rc, -ERR_IO);
    assert_int_equal(one(store, 3, false).rc, -ERR_IO);
    seams = seams_real;
    assert_int_equal(one(store, 4, false).rc, -ERR_IO);
    assert_int_equal(rename(away, path), 0);
    int rc = -1; /* Between attempts there is a pause, of ten times what one took: at most 60 s. */
    for (int i = 0; rc < 0 && i < 7000; i++) {
        rc = one(store, 5, false).rc;
        if (rc < 0) (void)usleep(10000);
    }
    assert_int_equal(rc, 0);
    assert_int_equal(one(store, 0, true).n, 2);
    store_close(store);
}

static void test_urls(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        int code;
        const char *says;
    } cases[] = {
        { "postgres://u:s3cret@/x?host=/nowhere", ERR_IO, "could not be reached" },
        { "postgresql://u:s3cret@/x?host=/nowhere", ERR_IO, "could not be reached" },
        { "postgres://u:s3cret@[::1/x", ERR_INVALID_VALUE, "is not understood" },
        { "postgres://u:s3cret@h/x?nonsense=1", ERR_INVALID_VALUE, "is not understood" },
        { "postgres:s3cret", ERR_INVALID_VALUE, "is not understood" },
        { "mysql://u:s3cret@h/x", ERR_INVALID_VALUE, "'mysql:...' is no database" },
        { "s3cret-without-any-colon-at-all", ERR_INVALID_VALUE, "is no database" },
    };
    struct db *db;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_fails(db_open(&db, cases[i].url, &err), cases[i].code, &err, cases[i].says);
        if (strchr(cases[i].url, ':')) assert_null(strstr(err.text, "s3cret"));
    }
}

/* A value that the server cannot have is refused, and the connection lives on. */
static void test_refusals(void **state)
{
    (void)state;
    struct db *db;
    int64_t n;
    assert_ok(db_open(&db, backend_url, &err), &err);
    assert_fails(db_exec(db, "UPDATE schema_version SET number = ?1 WHERE 1 = 0",
                         DB_ARGS(DB_TEXT(SLICE("a")), DB_INT(1)), &err),
                 ERR_IO, &err, "understand a statement");
    assert_fails(db_one_int(&n, 0, db, "SELECT length(?1)", DB_ARGS(DB_TEXT(SLICE("\xff"))), &err),
                 ERR_IO, &err, "could not read");
    assert_ok(db_one_int(&n, 0, db, "SELECT length(?1)", DB_ARGS(DB_TEXT(SLICE("ab"))), &err),
              &err);
    assert_int_equal(n, 2);
    assert_false(db_is_broken(db));
    db_close(db);
}

/* Wherever memory ends, the statement fails and the connection lives on. */
static void test_memory_runs_out(void **state)
{
    (void)state;
    struct db *db;
    struct db_rows rows;
    assert_ok(db_open(&db, backend_url, &err), &err);
    for (int n = 1, rc = -1; rc < 0; n++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "SELECT ?1, %d", n); /* One that is not kept yet. */
        fault_start(FAULT_ALLOC, n, ENOMEM);
        rc = db_query(&rows, db, sql, DB_ARGS(DB_BYTES(SLICE("abc"))), &err);
        if (rc == 0) rc = db_next(&rows, &err);
        bool hit = fault_stop();
        if (rc > 0) {
            assert_true(n > 3 && !hit);
            assert_true(slice_is(db_text(&rows, 0), "abc"));
            db_rows_close(&rows);
        } else {
            assert_int_equal(rc, -ERR_NO_MEMORY);
        }
        assert_false(db_is_broken(db));
    }
    db_close(db);
    for (int n = 1, rc = -1; rc < 0; n++) {
        fault_start(FAULT_ALLOC, n, ENOMEM);
        rc = db_open(&db, backend_url, &err);
        bool hit = fault_stop();
        if (rc < 0) assert_int_equal(rc, -ERR_NO_MEMORY);
        if (rc == 0) assert_false(hit);
    }
    db_close(db);
}

#define WIRE_TEST(f) cmocka_unit_test_setup_teardown(f, wire_setup, wire_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WIRE_TEST(test_cut_anywhere),
        WIRE_TEST(test_cut_while_reading),
        WIRE_TEST(test_cut_while_opening),
        WIRE_TEST(test_the_administrator_ends_it),
        WIRE_TEST(test_away_and_back),
        BACKEND_TEST(test_one_at_a_time),
        BACKEND_TEST(test_urls),
        BACKEND_TEST(test_refusals),
        BACKEND_TEST(test_memory_runs_out),
    };
    log_setup(LOG_OFF, LOG_TEXT, "test");
    return backend_run_postgres(tests, sizeof tests / sizeof *tests);
}
