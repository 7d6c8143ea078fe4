/* Each call that the store makes of its disk fails, once or from then on, in each way it can: it
 * never crashes, leaks or loses what it acknowledged, and works again when the disk does.
 *
 * Every 7th of them by default, every n-th with TIRO_DISK_FAULTS=n. Counts are printed. */
#include "base/log.h"
#include "fault/disk.h"
#include "fault/power_cut.h"
#include "unit/store/book.h"

#include <stdatomic.h>

static const char url[] = "sqlite:/sim/tiro.db";
enum { JOBS_BEFORE = 20, JOBS_FAULT = 60, JOBS_LEFT = 61, JOBS = 71 };

static const struct {
    enum disk_call call;
    int error;
    bool once_only; /* a call that is repeated until it works, or waits */
} faults[] = {
    { DISK_OPEN, EIO, false },    { DISK_OPEN, ENOSPC, false },  { DISK_OPEN, EMFILE, false },
    { DISK_OPEN, EINTR, true },   { DISK_READ, EIO, false },     { DISK_READ, EINTR, true },
    { DISK_READ, 0, false },      { DISK_WRITE, EIO, false },    { DISK_WRITE, ENOSPC, false },
    { DISK_WRITE, EINTR, true },  { DISK_WRITE, 0, false },      { DISK_SYNC, EIO, false },
    { DISK_SYNC, ENOSPC, false }, { DISK_TRUNCATE, EIO, false }, { DISK_TRUNCATE, EINTR, true },
    { DISK_UNLINK, EIO, false },  { DISK_STAT, EIO, false },     { DISK_STAT, EACCES, false },
    { DISK_LOCK, EIO, false },    { DISK_LOCK, EAGAIN, true },   { DISK_RENAME, EIO, false },
};

struct given {
    struct store_job job;
    int n, rc;
    bool done;
};

static size_t n_runs, n_failed_jobs;
static _Atomic uint64_t clock_s;

/* Time goes by seconds, so that neither a recovery nor the minute's tidying is waited for. */
static uint64_t clock_of_seconds(void)
{
    return ++clock_s * 1000000000u;
}

static int run_given(struct store_job *job, struct db *db, struct err *err)
{
    return book_run(db, ((struct given *)job)->n, err);
}

static void done_given(struct store_job *job, int rc, const struct err *err)
{
    struct given *g = (struct given *)job;
    assert_false(g->done);
    assert_true(rc >= 0 || err->text[0]);
    /* Nobody is told of another's failure. */
    assert_true(rc != -ERR_INVALID_VALUE || book_kind_of(g->n) == BOOK_BAD);
    g->done = true;
    g->rc = rc;
}

static void give(struct store *s, struct given *given, int from, int to)
{
    for (int n = from; n < to; n++) {
        given[n] = (struct given){ .job = { .run = run_given, .done = done_given }, .n = n };
        store_submit(s, &given[n].job);
        if (n % 3 == 0) store_wait(s);
    }
    store_wait(s);
}

static void begin(const struct disk_image *image)
{
    disk_begin(image);
    seams.now_ns = clock_of_seconds;
}

/* A database with some jobs done, left as by a crash: its log is there. */
static void make_start(struct disk_image *start)
{
    struct db *db;
    struct err err = { 0 };
    begin(NULL);
    assert_ok(db_open(&db, url, &err), &err);
    for (int n = 0; n < JOBS_BEFORE; n++) {
        assert_ok(db_begin(db, &err), &err);
        if (book_run(db, n, &err) == 0) {
            assert_ok(db_commit(db, &err), &err);
        } else {
            db_rollback(db);
        }
    }
    disk_image_copy(start, &disk.now);
    db_close(db);
    assert_true(disk_end());
}

/* The disk after a power cut at operation `k` that keeps little but what was synced: does it hold
 * all it should? */
static void check_after_cut(const struct disk_image *start, const struct given *given, size_t k)
{
    static struct power_cut cut;
    struct disk_image after;
    bool acked[BOOK_MAX] = { false };
    struct err err = { 0 };
    struct db *db;
    power_cut_begin(&cut, start);
    power_cut_to(&cut, disk.ops, k);
    power_cut_image(&after, &cut, disk.ops, n_runs % 3 ? POWER_CUT_NOTHING : POWER_CUT_TORN,
                    n_runs);
    power_cut_end(&cut);
    assert_true(disk_end());
    begin(&after);
    for (int n = 0; n < JOBS; n++)
        acked[n] = n < JOBS_BEFORE ? book_kind_of(n) != BOOK_BAD : given[n].rc >= 0;
    assert_ok(db_open(&db, url, &err), &err);
    book_check(db, JOBS, acked);
    db_close(db);
    assert_true(disk_end());
    disk_image_release(&after);
}

static size_t ops_at_wake;

static void on_wake(void *ctx)
{
    (void)ctx;
    ops_at_wake = disk.n_ops;
}

/* Whether the fault came. */
static bool run_with(const struct disk_image *start, struct disk_fault fault)
{
    static struct given given[BOOK_MAX];
    struct store_options options = { .url = url, .wake = on_wake, .idle_ms = 600000 };
    struct store *s;
    struct err err = { 0 };
    begin(start);
    disk.fault = fault;
    if (store_open(&s, &options, &err) < 0) {
        assert_true(err.text[0] != '\0');
        disk.is_well = true;
        assert_ok(store_open(&s, &options, &err), &err);
    }
    give(s, given, JOBS_BEFORE, JOBS_FAULT);
    disk.is_well = true;
    /* The store's thread may still tidy up on the bad disk, after which it pauses: what is given
     * now ends behind that, and the clock goes on beyond the longest pause. */
    give(s, given, JOBS_FAULT, JOBS_LEFT);
    clock_s += 1000;
    give(s, given, JOBS_LEFT, JOBS);
    size_t ops = ops_at_wake;
    store_close(s);
    bool hit = disk.fault.hits > 0;
    for (int n = JOBS_BEFORE; n < JOBS; n++) {
        bool failed = given[n].rc < 0 && given[n].rc != -ERR_INVALID_VALUE;
        if (failed && n >= JOBS_LEFT) fail_msg("job %d failed after all was well", n);
        n_failed_jobs += failed;
    }
    check_after_cut(start, given, n_runs % 2 ? ops : disk.n_ops);
    n_runs++;
    return hit;
}

static void each_call_fails(void **state)
{
    struct disk_image start;
    const char *every = getenv("TIRO_DISK_FAULTS");
    int step = every ? (int)strtol(every, NULL, 10) : 7;
    (void)state;
    assert_true(step > 0);
    make_start(&start);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        for (int forever = 0; forever <= !faults[i].once_only; forever++)
            for (int k = 1;; k += step) {
                struct disk_fault fault = { .call = faults[i].call,
                                            .countdown = k,
                                            .forever = forever,
                                            .error = faults[i].error };
                if (!run_with(&start, fault)) break;
            }
    disk_image_release(&start);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_call_fails),
    };
    log_setup(LOG_OFF, LOG_TEXT, "test");
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    printf("disk faults: %zu runs, %zu jobs failed by them\n", n_runs, n_failed_jobs);
    return rc;
}
