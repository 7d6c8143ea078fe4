/* What is sealed opens for its key and context, and for nothing else. */
#include "unit/test.h"

#include "base/seam.h"
#include "fault/fault.h"
#include "store/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct seal_key key = { "one key", }, other = { "other" };

static struct slice seal(struct arena *arena, struct slice plain)
{
    struct slice sealed;
    struct err err = { 0 };
    assert_ok(seal_close(&sealed, &key, SLICE("what"), plain, arena, &err), &err);
    return sealed;
}

static void test_opens_what_it_closed(void **state)
{
    struct arena arena;
    struct err err = { 0 };
    struct slice plain;
    (void)state;
    arena_init(&arena, 1 << 20);
    const struct slice texts[] = { SLICE(""), SLICE("a"), SLICE("[{\"type\":\"message\"}]") };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct slice sealed = seal(&arena, texts[i]);
        assert_ok(seal_open(&plain, &key, SLICE("what"), sealed, &arena, &err), &err);
        assert_true(slice_eq(plain, texts[i]));
        /* Each time it looks different. */
        assert_false(slice_eq(sealed, seal(&arena, texts[i])));
    }
    arena_release(&arena);
}

static void test_refuses_everything_else(void **state)
{
    struct arena arena;
    struct err err = { 0 };
    struct slice plain;
    (void)state;
    arena_init(&arena, 4 << 20);
    struct slice sealed = seal(&arena, SLICE("secret"));
    assert_fails(seal_open(&plain, &other, SLICE("what"), sealed, &arena, &err), ERR_INVALID_VALUE,
                 &err, "could not be verified");
    assert_fails(seal_open(&plain, &key, SLICE("else"), sealed, &arena, &err), ERR_INVALID_VALUE,
                 &err, "could not be verified");
    for (size_t len = 0; len < sealed.len; len++)
        assert_fails(
            seal_open(&plain, &key, SLICE("what"), (struct slice){ sealed.ptr, len }, &arena, &err),
            ERR_INVALID_VALUE, &err, "could not be verified");
    for (size_t i = 0; i < sealed.len; i++) {
        char *changed = arena_strndup(&arena, sealed.ptr, sealed.len);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_fails(seal_open(&plain, &key, SLICE("what"), (struct slice){ changed, sealed.len },
                               &arena, &err),
                     ERR_INVALID_VALUE, &err, "could not be verified");
    }
    assert_fails(
        seal_open(&plain, &key, SLICE("what"), SLICE("not base64 at all, is it?"), &arena, &err),
        ERR_INVALID_VALUE, &err, "could not be verified");
    arena_release(&arena);
}

static void test_limit_of_size(void **state)
{
    struct arena arena;
    struct err err = { 0 };
    struct slice sealed;
    char *text = calloc(1, SEAL_TEXT_MAX + 1);
    (void)state;
    arena_init(&arena, 128 << 20);
    assert_ok(
        seal_close(&sealed, &key, SLICE(""), (struct slice){ text, SEAL_TEXT_MAX }, &arena, &err),
        &err);
    assert_fails(seal_close(&sealed, &key, SLICE(""), (struct slice){ text, SEAL_TEXT_MAX + 1 },
                            &arena, &err),
                 ERR_LIMIT, &err, "more than");
    arena_release(&arena);
    free(text);
}

static void test_the_key_stays(void **state)
{
    char dir[] = "/tmp/tiro-seal-XXXXXX", path[128];
    struct seal_key first, again;
    struct err err = { 0 };
    struct stat st;
    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_ok(seal_open_key(&first, dir, &err), &err);
    assert_ok(seal_open_key(&again, dir, &err), &err);
    assert_memory_equal(&first, &again, sizeof first);
    (void)snprintf(path, sizeof path, "%s/seal.key", dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(truncate(path, 5), 0);
    assert_fails(seal_open_key(&again, dir, &err), ERR_FORMAT, &err, "a key has 32");
    assert_int_equal(unlink(path), 0);
    fault_start(FAULT_FSYNC, 1, ENOSPC);
    int rc = seal_open_key(&again, dir, &err);
    assert_true(fault_stop());
    assert_int_equal(rc, -ERR_NO_SPACE);
    assert_int_equal(stat(path, &st), -1);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_what_it_closed),
        cmocka_unit_test(test_refuses_everything_else),
        cmocka_unit_test(test_limit_of_size),
        cmocka_unit_test(test_the_key_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
