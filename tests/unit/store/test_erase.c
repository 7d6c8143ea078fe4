/* What a job deletes is in no file of the database when its `done` is called: not in its pages, its
 * indexes, nor its log; and not after a process died in between. */
#include "unit/test.h"

#include "base/json.h"
#include "base/seam.h"
#include "store/conversation_table.h"
#include "store/store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N_ITEMS = 300, TEXT_LEN = 9000 }; /* Rows of several pages. */

static const char canary[] = "canary-7f3a";
static const struct principal ann = { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static char folder[] = "/tmp/tiro-erase-XXXXXX";

/* In how many files of the folder the canary is. */
static int n_files_with_canary(void)
{
    DIR *dir = opendir(folder);
    int n = 0;
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char path[300], *text;
        size_t len;
        struct err err = { 0 };
        if (e->d_name[0] == '.') continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        assert_ok(file_read_all(&text, &len, path, 64 << 20, &err), &err);
        n += slice_find((struct slice){ text, len }, SLICE(canary)) < len;
        mem_free(text);
    }
    closedir(dir);
    return n;
}

static int add(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    char text[TEXT_LEN + 1];
    memset(text, 'x', sizeof text);
    memcpy(text + TEXT_LEN / 2, canary, strlen(canary));
    text[TEXT_LEN] = '\0';
    struct conversation_row row = { SLICE("conv_1"), 1, SLICE("{\"label\":\"canary-7f3a\"}") };
    TRY(conversation_add(db, &ann, &row, err));
    for (int i = 0; i < N_ITEMS; i++) {
        char id[40];
        (void)snprintf(id, sizeof id, "%s-%d", canary, i); /* Of the index, too. */
        json_t *items = json_pack("[{s:s,s:s}]", "id", id, "content", text);
        int rc = conversation_append(db, &ann, row.id, items, err);
        json_decref(items);
        TRY(rc);
    }
    return 0;
}

static int delete_all(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    return conversation_delete(db, &ann, SLICE("conv_1"), err);
}

static int nothing(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    (void)db;
    (void)err;
    return 0;
}

static void done(struct store_job *job, int rc, const struct err *err)
{
    (void)job;
    if (rc < 0) fail_msg("%s", err->text);
}

static void run(struct store *store, int (*what)(struct store_job *, struct db *, struct err *),
                bool erases)
{
    struct store_job job = { .run = what, .done = done, .erases = erases };
    store_submit(store, &job);
    store_wait(store);
}

static struct store *open_store(void)
{
    char url[300];
    struct store *store;
    struct err err = { 0 };
    (void)snprintf(url, sizeof url, "sqlite:%s/tiro.db", folder);
    /* It erases when it is told to, not when it has been idle. */
    struct store_options options = { .url = url, .idle_ms = 600000 };
    assert_ok(store_open(&store, &options, &err), &err);
    return store;
}

static int setup(void **state)
{
    (void)state;
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    static const char *const names[] = { "tiro.db", "tiro.db-wal", "tiro.db-shm" };
    for (int i = 0; i < 3; i++) {
        char path[300];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path); /* Some are gone. */
    }
    return rmdir(folder);
}

static void test_erased_when_done(void **state)
{
    (void)state;
    struct store *store = open_store();
    run(store, add, false);
    assert_true(n_files_with_canary() > 0); /* The search does find. */
    run(store, delete_all, true);
    assert_int_equal(n_files_with_canary(), 0);
    store_close(store);
    assert_int_equal(n_files_with_canary(), 0);
}

/* The same without a store, which would erase by itself when it is idle. */
static void without_erasing(struct db **ret)
{
    char url[300];
    struct err err = { 0 };
    (void)snprintf(url, sizeof url, "sqlite:%s/tiro.db", folder);
    assert_ok(db_open(ret, url, &err), &err);
    assert_ok(db_begin(*ret, &err), &err);
    assert_ok(add(NULL, *ret, &err), &err);
    assert_ok(db_commit(*ret, &err), &err);
    assert_ok(db_begin(*ret, &err), &err);
    assert_ok(delete_all(NULL, *ret, &err), &err);
    assert_ok(db_commit(*ret, &err), &err);
}

/* What erasing is for. */
static void test_the_log_still_has_it_without(void **state)
{
    (void)state;
    struct db *db;
    struct err err = { 0 };
    without_erasing(&db);
    assert_true(n_files_with_canary() > 0);
    assert_ok(db_erase(db, &err), &err);
    assert_int_equal(n_files_with_canary(), 0);
    db_close(db);
}

/* The log of a process that died after the deletion is erased by the next one. */
static void test_erased_after_a_crash(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct db *db;
        without_erasing(&db);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(n_files_with_canary() > 0);
    struct store *store = open_store();
    run(store, nothing, false);
    assert_int_equal(n_files_with_canary(), 0);
    store_close(store);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_erased_when_done, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_log_still_has_it_without, setup, teardown),
        cmocka_unit_test_setup_teardown(test_erased_after_a_crash, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
