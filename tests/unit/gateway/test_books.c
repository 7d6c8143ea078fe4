/* The ledger's rows of the gateway: written before anyone is told, owed while the disk is bad. */
#include "unit/test.h"

#include "fault/fault.h"

#include "base/log.h"
#include "gateway/books.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char dir[] = "/tmp/tiro-books-XXXXXX", url[64];
static const char *const path = url + sizeof "sqlite:" - 1;
static struct service service;
static struct metrics metrics;
static struct books *books;
static sqlite3 *beside; /* Another program's view: what is on the disk. */
static struct err err;
static int n_settled, n_failed;

static int setup(void **state)
{
    (void)state;
    memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
    if (!mkdtemp(dir)) return -1;
    (void)snprintf(url, sizeof url, "sqlite:%s/a.db", dir);
    struct store_options o = { .url = url };
    n_settled = n_failed = 0;
    metrics_init(&metrics);
    if (store_open(&service.store, &o, &err) < 0) return -1;
    if (sqlite3_open_v2(path, &beside, SQLITE_OPEN_READWRITE, "unix") != SQLITE_OK) return -1;
    (void)sqlite3_busy_timeout(beside, 60000); /* Fails only on misuse. */
    return books_open(&books, &service, &metrics, &err);
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = { "a.db", "a.db-wal", "a.db-shm" };
    char name[128];
    (void)sqlite3_close(beside); /* Without a statement open it does. */
    store_close(service.store);
    books_close(books);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(name, sizeof name, "%s/%s", dir, names[i]);
        (void)unlink(name); /* The database may have removed it. */
    }
    return rmdir(dir);
}

static void settled(void *user, const struct err *why)
{
    assert_ptr_equal(user, &n_settled);
    n_settled++;
    n_failed += why != NULL;
}

static struct call a_call(const char *id)
{
    return (struct call){
        .request_id = id,
        .principal = { SLICE("t"), SLICE("p"), SLICE("u"), SLICE("k") },
        .stats = { .model = "m",
                   .prompt_tokens = 5,
                   .cached_tokens = 2,
                   .completion_tokens = 3,
                   .core_us = 1234 },
    };
}

static struct books_entry *enter(const char *id, int status, bool waits)
{
    struct call call = a_call(id);
    return books_enter(books, &call, "/v1/x", status, waits ? settled : NULL, &n_settled);
}

static int64_t count(const char *where)
{
    char sql[512];
    sqlite3_stmt *statement;
    (void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM ledger WHERE %s", where);
    assert_int_equal(sqlite3_prepare_v2(beside, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(statement, 0);
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    return n;
}

static void disk(bool is_well)
{
    const char *sql = is_well ? "DROP TRIGGER bad"
                              : "CREATE TRIGGER bad BEFORE INSERT ON ledger BEGIN "
                                "SELECT RAISE(ABORT, 'the disk is bad'); END";
    assert_int_equal(sqlite3_exec(beside, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void test_what_wants_a_row(void **state)
{
    (void)state;
    struct call call = a_call("req_1");
    assert_true(books_wants(&call));
    call.books_itself = true;
    assert_false(books_wants(&call));
    call = a_call("req_1");
    call.stats.model = NULL;
    assert_false(books_wants(&call));
    call.stats = (struct call_stats){ .model = "m" };
    assert_false(books_wants(&call));
    call.stats.core_us = 1;
    assert_true(books_wants(&call));
    call.stats = (struct call_stats){ .model = "m", .completion_tokens = 1 };
    assert_true(books_wants(&call));
}

static void test_a_row_is_there_before_it_is_told(void **state)
{
    (void)state;
    char id[] = "req_1";
    struct call call = a_call(id);
    assert_non_null(books_enter(books, &call, "/v1/x", 200, settled, &n_settled));
    memset(id, 'z', sizeof id - 1);
    assert_int_equal(n_settled, 0);
    store_wait(service.store);
    assert_int_equal(n_settled, 1);
    assert_int_equal(n_failed, 0);
    assert_int_equal(count("id = 'req_1' AND tenant_id = 't' AND project_id = 'p' AND "
                           "user_id = 'u' AND key_id = 'k' AND endpoint = '/v1/x' AND "
                           "model = 'm' AND status = 200 AND prompt_tokens = 5 AND "
                           "cached_tokens = 2 AND completion_tokens = 3 AND core_us = 1234 AND "
                           "created_at > 1700000000"),
                     1);
    assert_int_equal(metrics.ledger_rows, 1);
    assert_int_equal(metrics.ledger.count, 1);
    /* The same request again is counted once. */
    assert_non_null(enter("req_1", 200, true));
    store_wait(service.store);
    assert_int_equal(n_settled, 2);
    assert_int_equal(count("1 = 1"), 1);
}

static void test_who_left_is_written_and_not_told(void **state)
{
    (void)state;
    books_leave(enter("req_1", 200, true));
    (void)enter("req_2", 499, false);
    books_leave(NULL);
    store_wait(service.store);
    assert_int_equal(n_settled, 0);
    assert_int_equal(count("status IN (200, 499)"), 2);
}

static void test_rows_are_owed(void **state)
{
    (void)state;
    disk(false);
    (void)enter("told", 200, true);
    (void)enter("left", 499, false);
    store_wait(service.store);
    assert_int_equal(n_settled, 1);
    assert_int_equal(n_failed, 1);
    assert_int_equal(count("1 = 1"), 0);
    assert_int_equal(metrics.ledger_owed, 2);
    assert_int_equal(metrics.ledger_failures, 2);
    disk(true);
    assert_int_equal(count("1 = 1"), 0); /* Nothing tries by itself. */
    (void)enter("next", 200, true);
    store_wait(service.store);
    assert_int_equal(n_settled, 2);
    assert_int_equal(n_failed, 1);
    assert_int_equal(metrics.ledger_owed, 0);
    assert_int_equal(count("id = 'next' AND status = 200"), 1);
    assert_int_equal(count("id = 'told' AND status = 503"), 1); /* As its client was told. */
    assert_int_equal(count("id = 'left' AND status = 499"), 1);
}

static void test_most_that_is_owed(void **state)
{
    (void)state;
    char id[32];
    disk(false);
    for (int i = 0; i < BOOKS_OWED_MAX + 1; i++) {
        (void)snprintf(id, sizeof id, "req_%d", i);
        (void)enter(id, 200, false);
        if (i == BOOKS_OWED_MAX - 1) store_wait(service.store);
    }
    assert_int_equal(metrics.ledger_owed, BOOKS_OWED_MAX);
    store_wait(service.store);
    assert_int_equal(metrics.ledger_owed, BOOKS_OWED_MAX);
    disk(true);
    (void)enter("next", 200, false);
    store_wait(service.store);
    assert_int_equal(count("1 = 1"), BOOKS_OWED_MAX + 1); /* All but the last, and this one. */
}

static void test_what_cannot_begin(void **state)
{
    (void)state;
    fault_start(FAULT_ALLOC, 1, ENOMEM);
    assert_null(enter("req_1", 200, true));
    assert_true(fault_stop());
    struct store *store = service.store;
    service.store = NULL;
    assert_null(enter("req_2", 200, true));
    service.store = store;
    assert_int_equal(metrics.ledger_failures, 2);
    assert_int_equal(n_settled, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_wants_a_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_row_is_there_before_it_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_left_is_written_and_not_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_are_owed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_most_that_is_owed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_begin, setup, teardown),
    };
    log_setup(LOG_OFF, LOG_TEXT, "test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
