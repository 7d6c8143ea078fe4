/* The store's thread: order, shared transactions, failures of one and of all, its limit and end. */
#include "base/log.h"
#include "fault/disk.h"
#include "unit/store/book.h"

#include <semaphore.h>
#include <unistd.h>

static const char url[] = "sqlite:/sim/tiro.db";

struct task {
    struct store_job job;
    const char *sql;
    int fails; /* with this, after its statement */
    int64_t read;
    int runs, dones, rc;
    struct err err;
};

static sem_t taken, go;

static int run_task(struct store_job *job, struct db *db, struct err *err)
{
    struct task *t = (struct task *)job;
    t->runs++;
    if (strncmp(t->sql, "SELECT", 6) == 0)
        return db_one_int(&t->read, -1, db, t->sql, DB_NO_ARGS, err);
    int rc = db_exec(db, t->sql, DB_NO_ARGS, err);
    if (rc < 0) return rc;
    return t->fails ? err_set(err, t->fails, "as told") : 0;
}

static void done_task(struct store_job *job, int rc, const struct err *err)
{
    struct task *t = (struct task *)job;
    t->dones++;
    t->rc = rc;
    if (rc < 0) t->err = *err;
}

static int run_hold(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    (void)db;
    (void)err;
    sem_post(&taken);
    sem_wait(&go);
    return 0;
}

static struct task *task(struct task *t, const char *sql)
{
    *t = (struct task){ .job = { .run = run_task, .done = done_task }, .sql = sql };
    return t;
}

static int do_one(struct store *s, struct task *t, const char *sql)
{
    store_submit(s, &task(t, sql)->job);
    store_wait(s);
    assert_int_equal(t->dones, 1);
    return t->rc;
}

/* Those that follow share a transaction. */
static void hold(struct store *s, struct task *t)
{
    *t = (struct task){ .job = { .run = run_hold, .done = done_task } };
    store_submit(s, &t->job);
    sem_wait(&taken);
}

static struct store *opened(uint32_t idle_ms)
{
    struct store *s;
    struct err err = { 0 };
    struct task t;
    struct store_options options = { .url = url, .idle_ms = idle_ms };
    assert_ok(store_open(&s, &options, &err), &err);
    assert_int_equal(do_one(s, &t, "CREATE TABLE IF NOT EXISTS n (i BIGINT UNIQUE, text TEXT)"), 0);
    return s;
}

static int64_t count(struct store *s, const char *sql)
{
    struct task t;
    assert_int_equal(do_one(s, &t, sql), 0);
    return t.read;
}

static int begin(void **state)
{
    (void)state;
    log_setup(LOG_OFF, LOG_TEXT, "test");
    sem_init(&taken, 0, 0);
    sem_init(&go, 0, 0);
    disk_begin(NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    return disk_end() ? 0 : -1;
}

static void jobs_share_a_sync(void **state)
{
    struct store *s = opened(600000);
    struct task held, tasks[100];
    char sql[100][64];
    (void)state;
    hold(s, &held);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(sql[i], sizeof sql[i], "INSERT INTO n(i) VALUES (%d)", i);
        store_submit(s, &task(&tasks[i], sql[i])->job);
    }
    size_t syncs = disk.calls[DISK_SYNC];
    sem_post(&go);
    store_wait(s);
    assert_true(disk.calls[DISK_SYNC] - syncs <= 2);
    for (int i = 0; i < 100; i++) assert_true(tasks[i].dones == 1 && tasks[i].rc == 0);
    assert_int_equal(count(s, "SELECT count(*) FROM n"), 100);
    store_close(s);
}

/* A job sees what those before it did, and nothing of those that failed. */
static void a_failed_job_undoes_its_own_work(void **state)
{
    struct store *s = opened(600000);
    struct task held, first, bad, twice, last;
    (void)state;
    hold(s, &held);
    store_submit(s, &task(&first, "INSERT INTO n(i) VALUES (1)")->job);
    store_submit(s, &task(&bad, "INSERT INTO n(i) VALUES (2)")->job);
    bad.fails = ERR_NOT_FOUND;
    store_submit(s, &task(&twice, "INSERT INTO n(i) VALUES (1)")->job);
    store_submit(s, &task(&last, "SELECT sum(i) FROM n")->job);
    sem_post(&go);
    store_wait(s);
    assert_int_equal(first.rc, 0);
    assert_int_equal(bad.rc, -ERR_NOT_FOUND);
    assert_string_equal(bad.err.text, "as told");
    assert_int_equal(twice.rc, -ERR_EXISTS);
    assert_int_equal(last.read, 1);
    store_close(s);
}

/* On a full disk reads go on, writes fail with words, and when there is room again all is well. */
static void a_full_disk(void **state)
{
    struct store *s = opened(600000);
    struct task held, before, read, write, after;
    (void)state;
    assert_int_equal(do_one(s, &before, "INSERT INTO n(i) VALUES (1)"), 0);
    disk.room = disk_used();
    hold(s, &held);
    store_submit(s, &task(&read, "SELECT count(*) FROM n")->job);
    store_submit(s, &task(&write, "INSERT INTO n(i) VALUES (2)")->job);
    store_submit(s, &task(&after, "SELECT count(*) FROM n")->job);
    sem_post(&go);
    store_wait(s);
    assert_int_equal(read.rc, 0);
    assert_int_equal(read.read, 1);
    assert_int_equal(after.read, 1);
    assert_int_equal(write.rc, -ERR_NO_SPACE);
    assert_non_null(strstr(write.err.text, "full"));
    assert_int_equal(err_http_status(write.err.code), 503);
    disk.room = 0;
    assert_int_equal(do_one(s, &write, "INSERT INTO n(i) VALUES (3)"), 0);
    assert_int_equal(count(s, "SELECT sum(i) FROM n"), 4);
    store_close(s);
}

/* One job that needs more than there is does not take the others with it. */
static void one_job_too_large(void **state)
{
    struct store *s = opened(600000);
    struct task held, small, large;
    (void)state;
    disk.room = disk_used() + (200 << 10);
    hold(s, &held);
    store_submit(s, &task(&large, "INSERT INTO n(text) SELECT hex(zeroblob(500000))")->job);
    store_submit(s, &task(&small, "INSERT INTO n(i) VALUES (1)")->job);
    sem_post(&go);
    store_wait(s);
    assert_int_equal(large.rc, -ERR_NO_SPACE);
    assert_int_equal(small.rc, 0);
    store_close(s);
}

static _Atomic uint64_t clock_ns;

static uint64_t clock_told(void)
{
    return clock_ns;
}

/* After a sync failed the job under way fails, and the next ones only succeed on a database that
 * was opened anew; while that fails, each says why. */
static void a_failed_sync(void **state)
{
    struct task t;
    (void)state;
    seams.now_ns = clock_told;
    clock_ns = 1000000000;
    struct store *s = opened(600000);
    assert_int_equal(do_one(s, &t, "INSERT INTO n(i) VALUES (1)"), 0);
    size_t opens = disk.calls[DISK_OPEN];
    disk.fault = (struct disk_fault){ .call = DISK_SYNC, .forever = true, .error = EIO };
    assert_int_equal(do_one(s, &t, "INSERT INTO n(i) VALUES (2)"), -ERR_IO);
    assert_int_equal(t.runs, 1); /* Whether it happened is not known: it is not done again. */
    assert_int_equal(do_one(s, &t, "SELECT count(*) FROM n"), -ERR_IO);
    assert_int_equal(t.runs, 0);
    assert_non_null(strstr(t.err.text, "Input/output error"));
    disk.is_well = true;
    clock_ns += 1000000000;
    assert_int_equal(do_one(s, &t, "INSERT INTO n(i) VALUES (3)"), 0);
    assert_true(disk.calls[DISK_OPEN] >= opens + 2); /* The database and its log. */
    assert_int_equal(count(s, "SELECT count(*) FROM n WHERE i <> 2"), 2);
    store_close(s);
}

static bool there(const char *words)
{
    for (int i = 0; i < DISK_NAMES_MAX; i++) {
        if (!disk.now.names[i].name[0]) continue;
        const struct disk_bytes *b = &disk.now.files[disk.now.names[i].file];
        if (memmem(b->ptr, b->len, words, strlen(words))) return true;
    }
    return false;
}

/* What was deleted is nowhere on the disk when the store has been idle: the thread empties its log
 * by itself. A job holds it while the disk is looked at. */
static void deleted_text_goes(void **state)
{
    static const char words[] = "a sentence that nobody else may read";
    struct store *s = opened(1);
    struct task t, held;
    char sql[128];
    bool gone = false;
    (void)state;
    (void)snprintf(sql, sizeof sql, "INSERT INTO n VALUES (1, '%s')", words);
    assert_int_equal(do_one(s, &t, sql), 0);
    hold(s, &held);
    assert_true(there(words)); /* In the log, or in its place. */
    sem_post(&go);
    store_wait(s);
    assert_int_equal(do_one(s, &t, "DELETE FROM n"), 0);
    for (int i = 0; i < 5000 && !gone; i++) {
        hold(s, &held);
        gone = !there(words);
        sem_post(&go);
        store_wait(s);
        usleep(2000);
    }
    assert_true(gone);
    store_close(s);
}

static void too_many_waiting(void **state)
{
    enum { MORE = 10, ALL = STORE_WAITING_MAX + MORE };
    struct store *s = opened(600000);
    struct task held;
    struct task *tasks = calloc(ALL, sizeof *tasks);
    (void)state;
    assert_non_null(tasks);
    hold(s, &held);
    for (int i = 0; i < ALL; i++) store_submit(s, &task(&tasks[i], "SELECT count(*) FROM n")->job);
    store_collect(s);
    for (int i = 0; i < ALL; i++) assert_int_equal(tasks[i].dones, i >= STORE_WAITING_MAX);
    assert_int_equal(tasks[ALL - 1].rc, -ERR_OVERLOADED);
    assert_int_equal(err_http_status(tasks[ALL - 1].err.code), 503);
    sem_post(&go);
    store_wait(s);
    for (int i = 0; i < STORE_WAITING_MAX; i++)
        assert_true(tasks[i].dones == 1 && tasks[i].rc == 0);
    store_close(s);
    free(tasks);
}

struct chain {
    struct store_job job;
    struct store *store;
    int left;
};

static int run_chain(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    int rc = db_exec(db, "INSERT INTO n VALUES (NULL, 'x')", DB_NO_ARGS, err);
    return rc < 0 ? rc : 0;
}

static void done_chain(struct store_job *job, int rc, const struct err *err)
{
    struct chain *c = (struct chain *)job;
    (void)err;
    assert_int_equal(rc, 0);
    if (--c->left > 0) store_submit(c->store, &c->job);
}

/* Closing does what was submitted first, and what that submits. */
static void closing_finishes(void **state)
{
    struct store *s = opened(600000);
    struct chain c = { .job = { .run = run_chain, .done = done_chain }, s, 20 };
    (void)state;
    store_submit(s, &c.job);
    store_close(s);
    assert_int_equal(c.left, 0);
    s = opened(600000);
    assert_int_equal(count(s, "SELECT count(*) FROM n"), 20);
    store_close(s);
    store_close(NULL);
}

static void an_unknown_database(void **state)
{
    struct store *s;
    struct err err = { 0 };
    struct store_options options = { .url = "mysql://x" };
    (void)state;
    assert_fails(store_open(&s, &options, &err), ERR_INVALID_VALUE, &err, "sqlite:PATH");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(jobs_share_a_sync, begin, end),
        cmocka_unit_test_setup_teardown(a_failed_job_undoes_its_own_work, begin, end),
        cmocka_unit_test_setup_teardown(a_full_disk, begin, end),
        cmocka_unit_test_setup_teardown(one_job_too_large, begin, end),
        cmocka_unit_test_setup_teardown(a_failed_sync, begin, end),
        cmocka_unit_test_setup_teardown(deleted_text_goes, begin, end),
        cmocka_unit_test_setup_teardown(too_many_waiting, begin, end),
        cmocka_unit_test_setup_teardown(closing_finishes, begin, end),
        cmocka_unit_test_setup_teardown(an_unknown_database, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
