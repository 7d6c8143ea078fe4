/* What is due goes, in small jobs, and nothing else does; what others hold stays theirs. */
#include "unit/test.h"

#include "unit/api/fake_store.h"

#include "api/runner.h"
#include "store/completion_table.h"
#include "store/conversation_table.h"
#include "store/ledger.h"
#include "store/retention.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY = 24 * 60 * 60, NOW = 1700000000, N_CONVERSATIONS = 250 };

extern const struct runner runner_retention;

static const struct principal ann = { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static const struct principal bob = { SLICE("t2"), SLICE("p2"), SLICE("u2"), SLICE("k2") };

static struct fake_service service;
static int64_t days[RETENTION_KINDS_MAX];
static char folder[] = "/tmp/tiro-retention-XXXXXX";

static uint64_t fake_wall_ns(void)
{
    return (uint64_t)NOW * 1000000000u;
}

static void keep_for(const char *name, int64_t n)
{
    for (size_t i = 0; i < retention_registry_len; i++)
        if (strcmp(retention_registry[i]->name, name) == 0) {
            days[i] = n;
            return;
        }
    fail_msg("no kind %s", name);
}

static void check_done(struct store_job *job, int rc, const struct err *err)
{
    (void)job;
    if (rc < 0) fail_msg("%s", err->text);
}

static void in_store(int (*run)(struct store_job *job, struct db *db, struct err *err))
{
    struct store_job job = { .run = run, .done = check_done };
    store_submit(service.service.store, &job);
    store_wait(service.service.store);
}

static struct counting {
    struct store_job job;
    const char *sql;
    int64_t n;
} counting;

static int count_run(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    return db_one_int(&counting.n, -1, db, counting.sql, DB_NO_ARGS, err);
}

static int64_t count(const char *sql)
{
    counting.sql = sql;
    in_store(count_run);
    return counting.n;
}

/* Ages of 0 to N - 1 hours below and above the end of the tenth day, of two owners. */
static int fill(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    json_t *items = json_loads("[{\"id\":\"msg_1\"},{\"id\":\"msg_2\"}]", 0, NULL);
    for (int i = 0; i < N_CONVERSATIONS; i++) {
        char id[24];
        const struct principal *owner = i % 2 ? &ann : &bob;
        (void)snprintf(id, sizeof id, "conv_%d", i);
        struct conversation_row row = { slice_of(id), NOW - 10 * DAY - N_CONVERSATIONS + i + 1,
                                        SLICE("{}") };
        struct completion_row kept = { SLICE("c"), SLICE("m"), row.created_at,
                                       SLICE("{\"a\":\"b\"}"), SLICE("{\"id\":\"c\"}") };
        kept.id = slice_of(id + 1);
        struct items_list messages = completion_messages(kept.id);
        struct ledger_row used = { .id = slice_of(id),
                                   .endpoint = SLICE("e"),
                                   .model = SLICE("m"),
                                   .created_at = row.created_at };
        TRY(conversation_add(db, owner, &row, err));
        TRY(conversation_append(db, owner, row.id, items, err));
        TRY(completion_add(db, owner, &kept, err));
        TRY(items_append(db, owner, &messages, items, err));
        TRY(ledger_add(db, owner, &used, err));
    }
    json_decref(items);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    seams.wall_ns = fake_wall_ns;
    memset(days, 0, sizeof days);
    fake_service_open(&service);
    service.service.retention_days = days;
    in_store(fill);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    seams = seams_real;
    fake_service_close(&service);
    return 0;
}

static void *start(void)
{
    void *keeper = NULL;
    struct err err = { 0 };
    assert_ok(runner_retention.start(&service.service, &keeper, &err), &err);
    return keeper;
}

/* One pass over all kinds. */
static void sweep(void)
{
    void *keeper = start();
    assert_int_equal(fake_fire(&service), 1);
    store_wait(service.service.store);
    runner_retention.stop(keeper);
    assert_int_equal(fake_fire(&service), 0);
}

static void test_what_is_due_goes(void **state)
{
    (void)state;
    keep_for("conversations", 10);
    sweep(); /* Those made before the tenth day: all but the last, which is not older than that. */
    assert_int_equal(count("SELECT COUNT(*) FROM conversations"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM conversations WHERE id = 'conv_249'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM items WHERE part = 0"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM completions"), N_CONVERSATIONS);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), N_CONVERSATIONS);
    keep_for("completions", 9);
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM completions"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM completion_labels"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM items"), 2);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), N_CONVERSATIONS);
    keep_for("ledger", 11);
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), N_CONVERSATIONS);
    keep_for("ledger", 9);
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), 0);
}

static void test_forever(void **state)
{
    (void)state;
    sweep();
    assert_int_equal(count("SELECT COUNT(*) FROM conversations"), N_CONVERSATIONS);
    service.service.retention_days = NULL;
    void *keeper = start();
    assert_null(keeper);
    assert_int_equal(fake_fire(&service), 0);
}

static int fill_conversation(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    struct conversation_row row = { SLICE("conv_new"), NOW - 20 * DAY, SLICE("{}") };
    return conversation_add(db, &ann, &row, err);
}

static void test_sweeps_again(void **state)
{
    (void)state;
    keep_for("conversations", 9);
    void *keeper = start();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fake_fire(&service), 1);
        store_wait(service.service.store);
        assert_int_equal(count("SELECT COUNT(*) FROM conversations"), 0);
        in_store(fill_conversation);
        assert_int_equal(count("SELECT COUNT(*) FROM conversations"), 1);
    }
    runner_retention.stop(keeper);
}

static void test_stopped_in_the_middle(void **state)
{
    (void)state;
    keep_for("conversations", 9);
    void *keeper = start();
    assert_int_equal(fake_fire(&service), 1);
    runner_retention.stop(keeper); /* Its first job is with the store. */
    store_wait(service.service.store);
    int64_t left = count("SELECT COUNT(*) FROM conversations");
    assert_int_equal(left, N_CONVERSATIONS - RETENTION_ROWS_AT_ONCE);
}

static void make_file(const char *name, int64_t made)
{
    char path[200];
    struct timespec times[2] = { { .tv_sec = made }, { .tv_sec = made } };
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(futimens(fd, times), 0);
    (void)close(fd);
}

static bool is_there(const char *name)
{
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

static void test_backups(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    make_file("tiro.db.schema-3.backup", NOW - 7 * DAY - 1);
    make_file("tiro.db.schema-4.backup", NOW - 7 * DAY);
    make_file("tiro.db", NOW - 100 * DAY);
    make_file("notes.backup", NOW - 100 * DAY);
    service.service.data_dir = folder;
    keep_for("backups", 7);
    sweep();
    assert_false(is_there("tiro.db.schema-3.backup"));
    assert_true(is_there("tiro.db.schema-4.backup"));
    assert_true(is_there("tiro.db"));
    assert_true(is_there("notes.backup"));
    static const char *const left[] = { "tiro.db.schema-4.backup", "tiro.db", "notes.backup" };
    for (int i = 0; i < 3; i++) {
        char path[200];
        (void)snprintf(path, sizeof path, "%s/%s", folder, left[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void test_days(void **state)
{
    (void)state;
    int64_t n;
    assert_true(retention_days_of(&n, "1") && n == 1);
    assert_true(retention_days_of(&n, "36500") && n == RETENTION_DAYS_MAX);
    assert_true(retention_days_of(&n, "forever") && n == RETENTION_FOREVER);
    static const char *const wrong[] = { "0", "36501", "-1", "", "30d", "Forever", "never" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(retention_days_of(&n, wrong[i]));
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_due_goes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forever, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sweeps_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stopped_in_the_middle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_backups, setup, teardown),
        cmocka_unit_test(test_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
