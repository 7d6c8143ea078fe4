/* The power goes at every operation of the disk while the store works, and again while it recovers:
 * whatever was acknowledged is there once, and nothing else is half there.
 *
 * A slice of all points by default; TIRO_POWER_CUTS=N takes every one of them with N throws of the
 * dice for each way to lose what was not synced, and prints the counts:
 *
 *     TIRO_POWER_CUTS=4 build/tests/store_test_power_cut
 */
#include "fault/disk.h"
#include "fault/power_cut.h"
#include "unit/store/book.h"

#include <semaphore.h>

static const char url[] = "sqlite:/sim/tiro.db";

static int throws = 1;
static size_t step = 23, again_step = 199; /* every how many points are looked at */
static size_t n_points, n_images, n_again;

/* A record of operations, and when each job was acknowledged in it. */
struct history {
    struct disk_image start;
    struct disk_op *ops;
    size_t n_ops;
    int n_jobs;
    size_t acked_at[BOOK_MAX]; /* operations there were; SIZE_MAX: it failed */
};

static void dice(void *buf, size_t len)
{
    static uint64_t n;
    unsigned char *p = buf;
    for (size_t i = 0; i < len; i++) p[i] = (unsigned char)power_cut_hash(n++, 7, 7);
}

static void begin(const struct disk_image *image)
{
    disk_begin(image);
    seams.random = dice;
}

/* What was recorded since begin, and the end of the simulation. */
static void take_ops(struct history *h)
{
    h->ops = disk.ops;
    h->n_ops = disk.n_ops;
    disk.ops = NULL;
    disk.n_ops = 0;
    assert_true(disk_end());
}

/* ---- Scenarios ---- */

static struct db *opened(void)
{
    struct db *db;
    struct err err = { 0 };
    assert_ok(db_open(&db, url, &err), &err);
    return db;
}

/* Jobs up to `end`, `batch` in a transaction. */
static void commit(struct history *h, struct db *db, int end, int batch)
{
    struct err err = { 0 };
    while (h->n_jobs < end) {
        int first = h->n_jobs;
        assert_ok(db_begin(db, &err), &err);
        for (; h->n_jobs < end && h->n_jobs < first + batch; h->n_jobs++) {
            int n = h->n_jobs;
            assert_ok(db_mark(db, &err), &err);
            int rc = book_run(db, n, &err);
            assert_ok(rc < 0 ? db_rollback_to_mark(db, &err) : db_release_mark(db, &err), &err);
            h->acked_at[n] = rc < 0 ? SIZE_MAX : 0;
        }
        assert_ok(db_commit(db, &err), &err);
        for (int n = first; n < h->n_jobs; n++)
            if (h->acked_at[n] == 0) h->acked_at[n] = disk.n_ops;
    }
}

/* A database is made; its log is put in place by parts and in whole and begins anew; it is closed
 * and opened. */
static void play_database(struct history *h)
{
    enum db_outcome outcome;
    struct err err = { 0 };
    struct db *db = opened();
    commit(h, db, 12, 1);
    commit(h, db, 40, 7);
    assert_ok(db_exec(db, "PRAGMA wal_checkpoint(PASSIVE)", DB_NO_ARGS, &err), &err);
    commit(h, db, 52, 3); /* over the log's beginning */
    assert_ok(db_erase(db, &err), &err);
    commit(h, db, 70, 5);
    db_close(db);
    db = opened();
    commit(h, db, 80, 2);
    assert_ok(db_recover(db, &outcome, &err), &err);
    commit(h, db, 90, 4);
    db_close(db);
}

struct given {
    struct store_job job;
    int n;
    struct history *h;
};

static sem_t taken, go;
static size_t ops_at_wake;

static int run_hold(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    (void)db;
    (void)err;
    sem_post(&taken);
    sem_wait(&go);
    return 0;
}

static int run_given(struct store_job *job, struct db *db, struct err *err)
{
    return book_run(db, ((struct given *)job)->n, err);
}

static void done_given(struct store_job *job, int rc, const struct err *err)
{
    struct given *g = (struct given *)job;
    (void)err;
    if (g->h) g->h->acked_at[g->n] = rc < 0 ? SIZE_MAX : ops_at_wake;
}

static void on_wake(void *ctx)
{
    (void)ctx;
    ops_at_wake = disk.n_ops; /* Nothing is acknowledged before. */
}

/* Through the store's thread: a job holds it until all others wait, so that they share one
 * transaction. */
static void play_store(struct history *h)
{
    static struct given given[BOOK_MAX];
    struct given hold = { .job = { .run = run_hold, .done = done_given } };
    struct store *store;
    struct err err = { 0 };
    struct store_options options = { .url = url, .wake = on_wake, .idle_ms = 600000 };
    assert_ok(store_open(&store, &options, &err), &err);
    while (h->n_jobs < 80) {
        store_submit(store, &hold.job);
        sem_wait(&taken);
        int batch = 1 + h->n_jobs % 11;
        for (int i = 0; i < batch; i++) {
            struct given *g = &given[h->n_jobs];
            *g = (struct given){ .job = { .run = run_given, .done = done_given }, h->n_jobs++, h };
            store_submit(store, &g->job);
        }
        sem_post(&go);
        store_wait(store);
    }
    store_close(store);
}

/* ---- Crashes ---- */

static void check(const struct history *h, size_t k)
{
    bool acked[BOOK_MAX];
    for (int n = 0; n < h->n_jobs; n++) acked[n] = h->acked_at[n] <= k;
    struct db *db = opened();
    book_check(db, h->n_jobs, acked);
    db_close(db);
}

/* The power goes once more while the database is opened after the first time. */
static void cut_again(const struct history *h, size_t k, const struct disk_image *image,
                      uint64_t seed)
{
    static struct power_cut cut;
    struct history second = { 0 };
    begin(image);
    db_close(opened());
    take_ops(&second);
    power_cut_begin(&cut, image);
    for (size_t i = 0; i <= second.n_ops; i++) {
        struct disk_image after;
        power_cut_to(&cut, second.ops, i);
        power_cut_image(&after, &cut, second.ops, i % 2 ? POWER_CUT_TORN : POWER_CUT_SOME,
                        seed + i);
        begin(&after);
        check(h, k);
        assert_true(disk_end());
        disk_image_release(&after);
        n_again++;
    }
    power_cut_end(&cut);
    disk_forget(second.ops, second.n_ops);
}

static void cut_at(const struct history *h, size_t k, struct power_cut *cut)
{
    for (int mode = POWER_CUT_NOTHING; mode <= POWER_CUT_TORN; mode++)
        for (int i = 0; i < (mode < POWER_CUT_SOME ? 1 : throws); i++) {
            struct disk_image after;
            uint64_t seed = k * 31 + (uint64_t)i;
            power_cut_image(&after, cut, h->ops, mode, seed);
            begin(&after);
            check(h, k);
            assert_true(disk_end());
            if (n_images++ % again_step == 0) cut_again(h, k, &after, seed);
            disk_image_release(&after);
        }
}

static void cut_everywhere(struct history *h)
{
    static struct power_cut cut;
    power_cut_begin(&cut, &h->start);
    for (size_t k = 0; k <= h->n_ops; k += step, n_points++) {
        power_cut_to(&cut, h->ops, k);
        cut_at(h, k, &cut);
    }
    power_cut_end(&cut);
    disk_forget(h->ops, h->n_ops);
}

static void of_a_database(void **state)
{
    static struct history h;
    (void)state;
    begin(NULL);
    play_database(&h);
    take_ops(&h);
    cut_everywhere(&h);
}

static void of_a_store(void **state)
{
    static struct history h;
    (void)state;
    sem_init(&taken, 0, 0);
    sem_init(&go, 0, 0);
    begin(NULL);
    play_store(&h);
    take_ops(&h);
    cut_everywhere(&h);
}

/* The check can fail: a disk that forgets what it said is synced loses what was acknowledged. */
static void of_a_disk_that_lies(void **state)
{
    static struct history h;
    static struct power_cut cut;
    static struct book_found f;
    struct disk_image after;
    int lost = 0, n_lies = 0;
    (void)state;
    begin(NULL);
    struct db *db = opened();
    commit(&h, db, 24, 1);
    size_t end = disk.n_ops;
    db_close(db);
    take_ops(&h);
    for (size_t k = end; k-- > 0 && n_lies < 10;)
        if (h.ops[k].change == DISK_SYNCED) {
            h.ops[k].change = DISK_LOST;
            n_lies++;
        }
    power_cut_begin(&cut, &h.start);
    power_cut_to(&cut, h.ops, end);
    power_cut_image(&after, &cut, h.ops, POWER_CUT_NOTHING, 0);
    begin(&after);
    db = opened();
    assert_true(book_find(&f, db));
    for (int n = 0; n < h.n_jobs; n++) lost += h.acked_at[n] <= end && !f.mark[n];
    db_close(db);
    assert_true(disk_end());
    disk_image_release(&after);
    power_cut_end(&cut);
    disk_forget(h.ops, h.n_ops);
    assert_true(lost > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_disk_that_lies),
        cmocka_unit_test(of_a_database),
        cmocka_unit_test(of_a_store),
    };
    const char *all = getenv("TIRO_POWER_CUTS");
    if (all) {
        step = 1;
        again_step = 97;
        throws = atoi(all);
    }
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    printf("power cuts: %zu points, %zu disks, and %zu in the middle of recovery\n", n_points,
           n_images, n_again);
    return rc;
}
