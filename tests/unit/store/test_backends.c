/* What store/db.h, store/store.h, store/listing.h and store/ledger.h promise, on every database. */
#include "unit/store/backend.h"

#include "base/buf.h"
#include "base/log.h"
#include "store/ledger.h"
#include "store/listing.h"
#include "store/store.h"

#include <inttypes.h>
#include <math.h>

static struct db *db;
static struct err err;

static void open_db(void)
{
    assert_ok(db_open(&db, backend_url, &err), &err);
}

static void script(const char *sql)
{
    assert_ok(db->backend->script(db, sql, &err), &err);
}

static int64_t number(const char *sql)
{
    int64_t n;
    assert_ok(db_one_int(&n, -1, db, sql, DB_NO_ARGS, &err), &err);
    return n;
}

/* ---- Values ---- */

static void open_things(void)
{
    open_db();
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE things (seq %s, id TEXT UNIQUE, i BIGINT, r DOUBLE PRECISION, "
                   "t TEXT, b %s);",
                   db->backend->serial_key, db->backend->bytes);
    script(sql);
}

static void put(struct db_value i, struct db_value r, struct db_value t, struct db_value b)
{
    assert_ok(db_exec(db, "DELETE FROM things", DB_NO_ARGS, &err), &err);
    assert_int_equal(db_exec(db, "INSERT INTO things(i, r, t, b) VALUES (?1, ?2, ?3, ?4)",
                             DB_ARGS(i, r, t, b), &err),
                     1);
}

static struct db_rows first_row(void)
{
    struct db_rows rows;
    assert_ok(db_query(&rows, db, "SELECT i, r, t, b FROM things", DB_NO_ARGS, &err), &err);
    assert_int_equal(db_next(&rows, &err), 1);
    return rows;
}

static void test_values(void **state)
{
    (void)state;
    static const int64_t ints[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 4294967296 };
    static const double reals[] = { 0, 1.5, -2.25e-300, 1e300, 0.1, 1.0 / 3 };
    static const char *const texts[] = { "", "a", "it's a '?1' \"$1\" \\ %", "żółw 🐢",
                                         "two\nlines" };
    char all[256];
    for (int i = 0; i < 256; i++) all[i] = (char)i;
    open_things();
    for (size_t k = 0; k < 6; k++) {
        struct slice text = slice_of(texts[k % 5]), bytes = { all, k == 0 ? 0 : 256 >> (k - 1) };
        put(DB_INT(ints[k]), DB_REAL(reals[k]), DB_TEXT(text), DB_BYTES(bytes));
        struct db_rows rows = first_row();
        assert_true(db_int(&rows, 0) == ints[k]);
        assert_true(db_real(&rows, 1) == reals[k]);
        assert_true(slice_eq(db_text(&rows, 2), text));
        assert_non_null(db_text(&rows, 2).ptr);
        assert_int_equal(db_text(&rows, 3).len, bytes.len);
        assert_memory_equal(db_text(&rows, 3).ptr, bytes.ptr, bytes.len);
        assert_false(db_is_null(&rows, 3));
        db_rows_close(&rows);
        db_rows_close(&rows); /* Closed already is fine. */
    }
    db_close(db);
}

static void test_null(void **state)
{
    (void)state;
    open_things();
    put(DB_NULL, DB_NULL, DB_TEXT_OR_NULL(((struct slice){ 0 })), DB_NULL);
    struct db_rows rows = first_row();
    for (int i = 0; i < 4; i++) {
        assert_true(db_is_null(&rows, i));
        assert_true(db_int(&rows, i) == 0 && db_real(&rows, i) == 0);
        assert_null(db_text(&rows, i).ptr);
    }
    assert_int_equal(db_next(&rows, &err), 0);
    /* The same statement, values of other kinds. */
    put(DB_INT(1), DB_REAL(2), DB_TEXT(SLICE("x")), DB_BYTES(SLICE("y")));
    put(DB_NULL, DB_INT(2), DB_NULL, DB_BYTES(SLICE("y")));
    rows = first_row();
    assert_true(db_real(&rows, 1) == 2 && db_is_null(&rows, 2));
    db_rows_close(&rows);
    int64_t n;
    assert_ok(db_one_int(&n, 7, db, "SELECT i FROM things", DB_NO_ARGS, &err), &err);
    assert_int_equal(n, 7); /* NULL, */
    assert_ok(db_one_int(&n, 8, db, "SELECT i FROM things WHERE r = ?1", DB_ARGS(DB_INT(9)), &err),
              &err);
    assert_int_equal(n, 8); /* or no row. */
    db_close(db);
}

static void test_large_values(void **state)
{
    (void)state;
    enum { LARGE = 5 << 20 };
    char *text = malloc(LARGE);
    open_things();
    memset(text, 'x', LARGE);
    put(DB_INT(1), DB_NULL, DB_TEXT(((struct slice){ text, LARGE })),
        DB_BYTES(((struct slice){ text, LARGE })));
    struct db_rows rows = first_row();
    for (int i = 2; i < 4; i++) {
        assert_int_equal(db_text(&rows, i).len, LARGE);
        assert_memory_equal(db_text(&rows, i).ptr, text, LARGE);
    }
    db_rows_close(&rows);
    free(text);
    db_close(db);
}

/* ---- Statements ---- */

static void test_rows_within_rows(void **state)
{
    (void)state;
    struct db_rows outer, inner;
    int64_t sum = 0;
    open_things();
    for (int i = 1; i <= 20; i++)
        assert_int_equal(db_exec(db, "INSERT INTO things(i) VALUES (?1)", DB_ARGS(DB_INT(i)), &err),
                         1);
    assert_ok(db_query(&outer, db, "SELECT i FROM things ORDER BY i", DB_NO_ARGS, &err), &err);
    while (db_next(&outer, &err) > 0) {
        int64_t i = db_int(&outer, 0);
        assert_ok(db_query(&inner, db, "SELECT i FROM things WHERE i <= ?1 ORDER BY i",
                           DB_ARGS(DB_INT(i)), &err),
                  &err);
        while (db_next(&inner, &err) > 0) sum += db_int(&inner, 0);
        assert_int_equal(db_exec(db, "UPDATE things SET r = ?1 WHERE i = ?2",
                                 DB_ARGS(DB_REAL(1), DB_INT(i)), &err),
                         1);
    }
    assert_int_equal(sum, 1540);
    assert_int_equal(number("SELECT COUNT(*) FROM things WHERE r = 1"), 20);
    assert_int_equal(number("SELECT SUM(i) FROM things"), 210);
    db_close(db);
}

static void test_counts_and_returning(void **state)
{
    (void)state;
    struct db_rows rows;
    static const char insert[] = "INSERT INTO things(id) VALUES (?1) ON CONFLICT (id) DO NOTHING";
    open_things();
    assert_int_equal(db_exec(db, insert, DB_ARGS(DB_TEXT(SLICE("a"))), &err), 1);
    assert_int_equal(db_exec(db, insert, DB_ARGS(DB_TEXT(SLICE("a"))), &err), 0);
    assert_int_equal(db_exec(db, insert, DB_ARGS(DB_TEXT(SLICE("b"))), &err), 1);
    assert_fails(
        db_exec(db, "INSERT INTO things(id) VALUES (?1)", DB_ARGS(DB_TEXT(SLICE("a"))), &err),
        ERR_EXISTS, &err, "the database could not write");
    assert_int_equal(db_exec(db, "UPDATE things SET i = 5", DB_NO_ARGS, &err), 2);
    assert_ok(db_query(&rows, db, "INSERT INTO things(id) VALUES (?1) RETURNING seq",
                       DB_ARGS(DB_TEXT(SLICE("c"))), &err),
              &err);
    assert_int_equal(db_next(&rows, &err), 1);
    assert_true(db_int(&rows, 0) >= 3);
    assert_int_equal(db_next(&rows, &err), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM things"), 3);
    assert_int_equal(number("SELECT EXISTS(SELECT 1 FROM things WHERE id = 'c')"), 1);
    assert_int_equal(number("SELECT EXISTS(SELECT 1 FROM things WHERE id = 'd')"), 0);
    assert_fails(db_exec(db, "NONSENSE", DB_NO_ARGS, &err), ERR_IO, &err, "the database could not");
    db_close(db);
}

/* More than are kept prepared, each of them twice. */
static void test_many_statements(void **state)
{
    (void)state;
    open_things();
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 600; i++) {
            char sql[64];
            int64_t n;
            (void)snprintf(sql, sizeof sql, "SELECT ?1 + %d", i);
            assert_ok(db_one_int(&n, -1, db, sql, DB_ARGS(DB_INT(1000)), &err), &err);
            assert_int_equal(n, 1000 + i);
        }
    db_close(db);
}

/* ---- Transactions ---- */

static int add(const char *id)
{
    return db_exec(db, "INSERT INTO things(id) VALUES (?1)", DB_ARGS(DB_TEXT(slice_of(id))), &err);
}

static void test_transactions(void **state)
{
    (void)state;
    open_things();
    assert_ok(db_begin(db, &err), &err);
    assert_int_equal(add("a"), 1);
    db_rollback(db);
    assert_int_equal(number("SELECT COUNT(*) FROM things"), 0);
    assert_ok(db_begin(db, &err), &err);
    assert_ok(db_mark(db, &err), &err);
    assert_int_equal(add("a"), 1);
    assert_ok(db_release_mark(db, &err), &err);
    assert_ok(db_mark(db, &err), &err);
    assert_int_equal(add("b"), 1);
    assert_int_equal(add("a"), -ERR_EXISTS); /* What this part did is undone, alone. */
    assert_ok(db_rollback_to_mark(db, &err), &err);
    assert_ok(db_mark(db, &err), &err);
    assert_int_equal(add("c"), 1);
    assert_ok(db_release_mark(db, &err), &err);
    assert_ok(db_commit(db, &err), &err);
    assert_false(db_is_broken(db));
    db_close(db);
    open_db();
    assert_int_equal(number("SELECT COUNT(*) FROM things WHERE id IN ('a', 'c')"), 2);
    assert_int_equal(number("SELECT COUNT(*) FROM things"), 2);
    db_close(db);
}

static void test_the_schema(void **state)
{
    (void)state;
    open_db();
    int64_t version = number("SELECT number FROM schema_version");
    assert_true(version >= 2);
    db_close(db);
    open_db(); /* Again: nothing to do. */
    assert_int_equal(number("SELECT number FROM schema_version"), version);
    assert_int_equal(number("SELECT COUNT(*) FROM schema_version"), 1);
    script("UPDATE schema_version SET number = 9000;");
    db_close(db);
    assert_fails(db_open(&db, backend_url, &err), ERR_UNSUPPORTED_FORMAT, &err, "newer Tiro");
}

/* ---- The store ---- */

struct note {
    struct store_job job;
    char id[16];
    int fail, n_run, rc, order;
};

static int n_done;

static int write_note(struct store_job *job, struct db *in, struct err *e)
{
    struct note *note = (struct note *)job;
    note->n_run++;
    int rc = db_exec(in, "INSERT INTO things(id) VALUES (?1)", DB_ARGS(DB_TEXT(slice_of(note->id))),
                     e);
    if (rc < 0) return rc;
    return note->fail ? err_set(e, ERR_INTERNAL, "on purpose") : 0;
}

static void note_done(struct store_job *job, int rc, const struct err *e)
{
    struct note *note = (struct note *)job;
    assert_int_equal(rc < 0, e->code != 0);
    note->rc = rc;
    note->order = n_done++;
}

static void test_jobs(void **state)
{
    (void)state;
    enum { JOBS = 600 };
    static struct note notes[JOBS];
    struct store *store;
    open_things();
    db_close(db);
    struct store_options o = { .url = backend_url };
    assert_ok(store_open(&store, &o, &err), &err);
    memset(notes, 0, sizeof notes);
    n_done = 0;
    for (int i = 0; i < JOBS; i++) {
        struct note *note = &notes[i];
        note->job = (struct store_job){ .run = write_note, .done = note_done };
        note->fail = i % 7 == 3;
        /* Every 50th is one that is there. */
        (void)snprintf(note->id, sizeof note->id, "n%d", i % 50 == 49 ? i - 1 : i);
        store_submit(store, &note->job);
    }
    store_wait(store);
    int64_t expected = 0;
    for (int i = 0; i < JOBS; i++) {
        bool twice = i % 50 == 49 && !notes[i - 1].fail;
        int rc = twice ? -ERR_EXISTS : notes[i].fail ? -ERR_INTERNAL : 0;
        assert_int_equal(notes[i].rc, rc);
        assert_int_equal(notes[i].order, i);
        assert_int_equal(notes[i].n_run, 1);
        expected += rc == 0;
    }
    store_close(store);
    open_db();
    assert_int_equal(number("SELECT COUNT(*) FROM things"), expected);
    db_close(db);
}

/* ---- What stands on it ---- */

static void page(const char *expected, struct listing listing)
{
    struct db_rows rows;
    char got[128] = "";
    listing.table = "things";
    listing.columns = "id";
    listing.where = "i >= ?1";
    assert_ok(listing_query(&rows, db, &listing, DB_ARGS(DB_INT(10)), &err), &err);
    while (db_next(&rows, &err) > 0) {
        size_t n = strlen(got);
        (void)snprintf(got + n, sizeof got - n, "%.*s ", SLICE_FMT(db_text(&rows, 0)));
    }
    assert_string_equal(got, expected);
}

static void test_listing(void **state)
{
    (void)state;
    open_things();
    for (int i = 1; i <= 8; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "t%d", i);
        assert_int_equal(db_exec(db, "INSERT INTO things(id, i) VALUES (?1, ?2)",
                                 DB_ARGS(DB_TEXT(slice_of(id)), DB_INT(i == 4 ? 1 : 10)), &err),
                         1);
    }
    page("t8 t7 t6 ", (struct listing){ .limit = 2 }); /* One more says that there are more. */
    page("t1 t2 t3 t5 t6 t7 t8 ", (struct listing){ .limit = 100, .ascending = true });
    page("t5 t3 t2 ", (struct listing){ .limit = 2, .after = SLICE("t6") });
    page("t7 t8 ", (struct listing){ .limit = 2, .after = SLICE("t6"), .ascending = true });
    page("t8 t7 ", (struct listing){ .limit = 9, .before = SLICE("t6") });
    page("t3 ", (struct listing){ .limit = 9, .after = SLICE("t5"), .before = SLICE("t2") });
    struct db_rows rows;
    struct listing bad = { .table = "things", .columns = "id", .where = "i >= ?1", .limit = 1 };
    bad.after = SLICE("t4"); /* There, but not in this list. */
    assert_fails(listing_query(&rows, db, &bad, DB_ARGS(DB_INT(10)), &err), ERR_INVALID_VALUE, &err,
                 "'t4'");
    assert_string_equal(err.param, "after");
    db_close(db);
}

static void test_ledger(void **state)
{
    (void)state;
    const struct principal owner = { SLICE("t"), SLICE("p"), SLICE("u"), SLICE("k") };
    struct ledger_row row = { .id = SLICE("req_1"),
                              .endpoint = SLICE("/v1/embeddings"),
                              .model = SLICE("m"),
                              .created_at = 1700000000,
                              .status = 200,
                              .prompt_tokens = UINT64_C(1) << 40,
                              .core_us = UINT64_C(1) << 53 };
    open_db();
    assert_ok(ledger_add(db, &owner, &row, &err), &err);
    row.prompt_tokens = 7;
    assert_ok(ledger_add(db, &owner, &row, &err), &err); /* It is there already. */
    assert_int_equal(number("SELECT COUNT(*) FROM ledger"), 1);
    assert_int_equal(number("SELECT prompt_tokens FROM ledger"), INT64_C(1) << 40);
    assert_int_equal(number("SELECT core_us FROM ledger"), INT64_C(1) << 53);
    db_close(db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(test_values),
        BACKEND_TEST(test_null),
        BACKEND_TEST(test_large_values),
        BACKEND_TEST(test_rows_within_rows),
        BACKEND_TEST(test_counts_and_returning),
        BACKEND_TEST(test_many_statements),
        BACKEND_TEST(test_transactions),
        BACKEND_TEST(test_the_schema),
        BACKEND_TEST(test_jobs),
        BACKEND_TEST(test_listing),
        BACKEND_TEST(test_ledger),
    };
    log_setup(LOG_OFF, LOG_TEXT, "test");
    return backend_run(tests, sizeof tests / sizeof *tests);
}
