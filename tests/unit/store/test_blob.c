/* Blobs: the same bytes once, nothing half written in place, holders against removers; each call
 * into the system failing, and a process that ends at each of them. */
#include "unit/test.h"

#include "base/seam.h"
#include "fault/fault.h"
#include "store/blob.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* printf 'hello' | sha256sum */
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static char dir[] = "/tmp/tiro_blob_XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[64];
    (void)snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static int write_blob(struct blob *ret, const char *first, const char *second, struct err *err)
{
    struct blob_writer *w;
    TRY(blob_open(&w, dir, err));
    int rc = blob_write(w, slice_of(first), err);
    if (rc == 0) rc = blob_write(w, slice_of(second), err);
    if (rc < 0) {
        blob_abort(w);
        return rc;
    }
    return blob_finish(ret, w, err);
}

static bool is_there(const char *sha256)
{
    char path[BLOB_PATH_SIZE];
    blob_path(path, dir, slice_of(sha256));
    return access(path, F_OK) == 0;
}

static int n_in(const char *folder)
{
    char path[BLOB_PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/files/%s", dir, folder);
    DIR *d = opendir(path);
    int n = 0;
    if (!d) return 0;
    for (const struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    (void)closedir(d);
    return n;
}

static void expect_hello(void)
{
    struct err err = { 0 };
    char text[16];
    int fd;
    assert_ok(blob_read(&fd, dir, SLICE(HELLO), &err), &err);
    assert_int_equal(read(fd, text, sizeof text), 5);
    assert_memory_equal(text, "hello", 5);
    (void)close(fd);
}

static int count(void *ctx, struct slice sha256, struct err *err)
{
    (void)err;
    (void)sha256;
    ++*(int *)ctx;
    return 0;
}

static void test_bytes_are_there_once(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct blob one, two;
    int n = 0;
    assert_ok(write_blob(&one, "hel", "lo", &err), &err);
    assert_ok(write_blob(&two, "", "hello", &err), &err);
    assert_string_equal(one.sha256, HELLO);
    assert_string_equal(two.sha256, HELLO);
    assert_int_equal(one.bytes, 5);
    expect_hello();
    assert_int_equal(n_in("2c"), 1);
    assert_int_equal(n_in("part"), 0);
    assert_ok(blob_walk(dir, count, &n, &err), &err);
    assert_int_equal(n, 1);
    blob_let_go(&one);
    blob_let_go(&two);
}

static void test_what_is_held_is_not_removed(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct blob one, two;
    assert_ok(write_blob(&one, "hello", "", &err), &err);
    assert_ok(write_blob(&two, "hello", "", &err), &err);
    blob_let_go(&one);
    assert_ok(blob_remove(dir, SLICE(HELLO), &err), &err);
    expect_hello();
    blob_let_go(&two);
    assert_ok(blob_remove(dir, SLICE(HELLO), &err), &err);
    assert_false(is_there(HELLO));
    assert_int_equal(n_in("gone"), 1);
    assert_ok(blob_empty(dir, &err), &err);
    assert_int_equal(n_in("gone"), 0);
    assert_ok(blob_remove(dir, SLICE(HELLO), &err), &err); /* Not there: fine. */
    int fd;
    assert_fails(blob_read(&fd, dir, SLICE(HELLO), &err), ERR_NOT_FOUND, &err, "opening");
}

static void test_start_removes_what_was_left(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct blob_writer *w;
    assert_ok(blob_open(&w, dir, &err), &err);
    assert_ok(blob_write(w, SLICE("half"), &err), &err);
    assert_int_equal(blob_written(w), 4);
    assert_int_equal(n_in("part"), 1);
    assert_ok(blob_clean(dir, &err), &err);
    assert_int_equal(n_in("part"), 0);
    blob_abort(w);
}

static void test_each_call_fails(void **state)
{
    (void)state;
    static const enum fault_kind kinds[] = { FAULT_ALLOC, FAULT_OPEN, FAULT_WRITE, FAULT_FSYNC,
                                             FAULT_RENAME };
    struct err err = { 0 };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int n = 1;
        for (;; n++) {
            struct blob blob;
            int error = kinds[k] == FAULT_ALLOC ? ENOMEM : n % 2 ? ENOSPC : EIO;
            fault_start(kinds[k], n, error);
            int rc = write_blob(&blob, "hel", "lo", &err);
            bool hit = fault_stop();
            if (rc == 0) blob_let_go(&blob);
            if (!hit) break;
            assert_true(rc < 0);
            if (error == ENOSPC) assert_int_equal(err.code, ERR_NO_SPACE);
            assert_int_equal(n_in("part"), 0);
            if (is_there(HELLO)) expect_hello(); /* Whole, and nobody's: the next start's. */
            assert_ok(blob_remove(dir, SLICE(HELLO), &err), &err); /* Nothing is held. */
            assert_false(is_there(HELLO));
        }
        assert_true(n > 1);
    }
}

/* ---- A process that ends in the middle ---- */

static int calls_left;

static void step(void)
{
    if (--calls_left == 0) _exit(7);
}

static int dying_open(const char *path, int flags, mode_t mode)
{
    step();
    return seams_real.open(path, flags, mode);
}

/* Half of it, and then the end. */
static ssize_t dying_write(int fd, const void *buf, size_t len)
{
    if (calls_left == 1) (void)!seams_real.write(fd, buf, len / 2);
    step();
    return seams_real.write(fd, buf, len);
}

static int dying_fsync(int fd)
{
    step();
    return seams_real.fsync(fd);
}

static int dying_rename(const char *from, const char *to)
{
    step();
    return seams_real.rename(from, to);
}

static int dying_close(int fd)
{
    step();
    return seams_real.close(fd);
}

static int write_and_die(int at)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct blob blob;
        calls_left = at;
        seams.open = dying_open;
        seams.write = dying_write;
        seams.fsync = dying_fsync;
        seams.rename = dying_rename;
        seams.close = dying_close;
        _exit(write_blob(&blob, "hel", "lo", NULL) == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_an_end_at_each_call_leaves_only_unnamed_bytes(void **state)
{
    (void)state;
    struct err err = { 0 };
    int at = 1, code;
    while ((code = write_and_die(at)) != 0) {
        assert_int_equal(code, 7);
        assert_ok(blob_clean(dir, &err), &err);
        assert_int_equal(n_in("part"), 0);
        if (is_there(HELLO)) expect_hello();
        assert_ok(blob_remove(dir, SLICE(HELLO), &err), &err);
        assert_ok(blob_empty(dir, &err), &err);
        at++;
    }
    assert_true(at > 8);
    expect_hello();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_there_once),
        cmocka_unit_test(test_what_is_held_is_not_removed),
        cmocka_unit_test(test_start_removes_what_was_left),
        cmocka_unit_test(test_each_call_fails),
        cmocka_unit_test(test_an_end_at_each_call_leaves_only_unnamed_bytes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
