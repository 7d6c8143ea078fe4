/* Each allocation of the store and of SQLite under it fails, once or from then on: an error with
 * words, nothing acknowledged is lost, nothing leaks (ASan), and it works again with memory.
 *
 * Every 5th of them by default; TIRO_ALLOC_FAULTS=1 takes each. */
#include "base/log.h"
#include "fault/disk.h"
#include "fault/memory.h"
#include "unit/store/book.h"

static const char url[] = "sqlite:/sim/tiro.db";
enum { JOBS = 16 };

struct given {
    struct store_job job;
    int n, rc;
};

static int run_given(struct store_job *job, struct db *db, struct err *err)
{
    return book_run(db, ((struct given *)job)->n, err);
}

static void done_given(struct store_job *job, int rc, const struct err *err)
{
    assert_true(rc >= 0 || err->text[0]);
    /* Nobody is told of another's failure. */
    assert_true(rc != -ERR_INVALID_VALUE || book_kind_of(((struct given *)job)->n) == BOOK_BAD);
    ((struct given *)job)->rc = rc;
}

static void give(struct store *s, struct given *given, int from, int to)
{
    for (int n = from; n < to; n++) {
        given[n] = (struct given){ .job = { .run = run_given, .done = done_given }, .n = n };
        store_submit(s, &given[n].job);
        if (n % 4 == 0) store_wait(s);
    }
    store_wait(s);
}

static void check(const struct given *given)
{
    bool acked[BOOK_MAX] = { false };
    struct err err = { 0 };
    struct db *db;
    for (int n = 0; n < JOBS; n++) acked[n] = given[n].rc >= 0;
    assert_ok(db_open(&db, url, &err), &err);
    book_check(db, JOBS, acked);
    db_close(db);
}

static void start_disk(struct disk_image *start)
{
    struct store_options options = { .url = url };
    struct given first[1];
    struct store *s;
    struct err err = { 0 };
    disk_begin(NULL);
    assert_ok(store_open(&s, &options, &err), &err);
    give(s, first, 0, 1);
    assert_int_equal(first[0].rc, 0);
    store_close(s);
    disk_image_copy(start, &disk.now);
    assert_true(disk_end());
}

static bool run_with(const struct disk_image *start, int k, bool from_then_on)
{
    struct given given[JOBS] = { { .rc = 0 } };
    struct store_options options = { .url = url, .idle_ms = 600000 };
    struct store *s;
    struct err err = { 0 };
    disk_begin(start);
    seams.now_ns = memory_clock;
    seams.alloc = memory_alloc;
    seams.realloc = memory_realloc;
    atomic_store(&memory_hit, false);
    atomic_store(&memory_forever, from_then_on);
    atomic_store(&memory_left, k);
    int rc = store_open(&s, &options, &err);
    if (rc < 0) {
        if (rc != -ERR_NO_MEMORY) fail_msg("%s", err.text);
        atomic_store(&memory_left, -1);
        assert_ok(store_open(&s, &options, &err), &err);
    }
    give(s, given, 1, JOBS - 5);
    atomic_store(&memory_left, -1);
    /* The store's thread may still tidy up without memory, after which it pauses: what is given now
     * ends behind that, and the clock goes on beyond the longest pause. */
    give(s, given, JOBS - 5, JOBS - 4);
    atomic_fetch_add(&memory_clock_s, 3600);
    give(s, given, JOBS - 4, JOBS);
    for (int n = JOBS - 4; n < JOBS; n++)
        assert_int_equal(given[n].rc, book_kind_of(n) == BOOK_BAD ? -ERR_INVALID_VALUE : 0);
    store_close(s);
    check(given);
    assert_true(disk_end());
    return atomic_load(&memory_hit);
}

static void each_allocation_fails(void **state)
{
    struct disk_image start;
    int step = getenv("TIRO_ALLOC_FAULTS") ? 1 : 5, n = 0;
    (void)state;
    start_disk(&start);
    for (int forever_too = 0; forever_too < 2; forever_too++)
        for (int k = 0; run_with(&start, k, forever_too); k += step) n++;
    disk_image_release(&start);
    printf("allocations: %d runs\n", n);
    assert_true(n > 100);
}

/* ---- What is told ---- */

struct sorted {
    struct store_job job; /* first */
    int rc;
    char text[ERR_TEXT_MAX];
};

/* What is sorted is read with allocations between its rows. */
static int run_sorted(struct store_job *job, struct db *db, struct err *err)
{
    int64_t n;
    (void)job;
    return db_one_int(&n, 0, db,
                      "SELECT COUNT(*) FROM (SELECT DISTINCT type FROM sqlite_master ORDER BY 1)",
                      DB_NO_ARGS, err);
}

static void done_sorted(struct store_job *job, int rc, const struct err *err)
{
    struct sorted *q = (struct sorted *)job;
    q->rc = rc;
    (void)snprintf(q->text, sizeof q->text, "%s", err->text);
}

/* A job that is alone in its transaction: SQLite ends that by itself when memory does, and the
 * savepoint is gone. */
static void its_own_failure_is_told(void **state)
{
    struct store_options options = { .url = url, .idle_ms = 600000 };
    struct store *s;
    struct err err = { 0 };
    int failed = 0;
    (void)state;
    disk_begin(NULL);
    seams.now_ns = memory_clock;
    assert_ok(store_open(&s, &options, &err), &err);
    seams.alloc = memory_alloc;
    seams.realloc = memory_realloc;
    atomic_store(&memory_forever, false);
    atomic_store(&memory_hit, true);
    for (int k = 0; atomic_load(&memory_hit); k++) {
        struct sorted q = { .job = { .run = run_sorted, .done = done_sorted } };
        atomic_store(&memory_hit, false);
        atomic_store(&memory_left, k);
        store_submit(s, &q.job);
        store_wait(s);
        atomic_store(&memory_left, -1);
        if (q.rc == 0) continue;
        assert_int_equal(q.rc, -ERR_NO_MEMORY);
        if (!strstr(q.text, "out of memory")) fail_msg("allocation %d: %s", k, q.text);
        failed++;
    }
    assert_true(failed > 3);
    store_close(s);
    assert_true(disk_end());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails),
        cmocka_unit_test(its_own_failure_is_told),
    };
    atomic_store(&memory_left, -1);
    log_setup(LOG_OFF, LOG_TEXT, "test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
