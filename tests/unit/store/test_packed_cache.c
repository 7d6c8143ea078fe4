/* The folder of packed weights: names, room on both sides of its limit, what is removed first. */
#include "unit/test.h"

#include "base/seam.h"
#include "store/library.h"
#include "store/packed_cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 1000 };

static char root[] = "/tmp/tiro_packed_XXXXXX";
static char dir[PATH_MAX];

static void path_of(char *ret, const char *name)
{
    int n = snprintf(ret, PATH_MAX, "%s/%s", dir, name);
    assert_true(n > 0 && n < PATH_MAX);
}

/* Of SIZE bytes, used last so long ago. */
static void put(const char *name, int64_t seconds_ago)
{
    static const char bytes[SIZE];
    char path[PATH_MAX];
    struct err err = { 0 };
    struct timespec times[2] = { { .tv_sec = time(NULL) - seconds_ago },
                                 { .tv_sec = time(NULL) - seconds_ago } };
    path_of(path, name);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_ok(file_write_all(fd, bytes, SIZE, path, &err), &err);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static bool is_there(const char *name)
{
    char path[PATH_MAX];
    path_of(path, name);
    return access(path, F_OK) == 0;
}

static int room(const char *name, uint64_t bytes, uint64_t bytes_max, struct err *err)
{
    char path[PATH_MAX];
    path_of(path, name);
    return packed_cache_make_room(dir, path, bytes, bytes_max, err);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct err err;
    (void)state;
    return library_remove_tree(root, 8, &err);
}

static int fresh(void **state)
{
    struct err err = { 0 };
    (void)state;
    TRY(library_remove_tree(root, 8, &err));
    if (mkdir(root, 0700) < 0) return -1;
    (void)snprintf(dir, sizeof dir, "%s/cache", root);
    return packed_cache_make(dir, &err);
}

static void names(void **state)
{
    char path[PATH_MAX], part[PATH_MAX], small[24];
    struct err err = { 0 };
    (void)state;
    assert_ok(packed_cache_path(path, sizeof path, "/c", "/data/models/x.gguf", &err), &err);
    assert_string_equal(path, "/c/x.gguf.packed");
    assert_ok(packed_cache_path(path, sizeof path, "/c", "/data/models/folder/", &err), &err);
    assert_string_equal(path, "/c/folder.packed");
    assert_ok(packed_cache_path(path, sizeof path, "/c", "x", &err), &err);
    assert_string_equal(path, "/c/x.packed");
    assert_ok(packed_cache_path(small, 12, "/c", "x", &err), &err);
    assert_fails(packed_cache_path(small, 11, "/c", "x", &err), ERR_LIMIT, &err, "too long");
    assert_ok(packed_cache_part(part, sizeof part, path, 7, &err), &err);
    assert_true(strncmp(part, path, strlen(path)) == 0);
    assert_non_null(strstr(part, "-7.part"));
    assert_fails(packed_cache_part(small, 11, path, 7, &err), ERR_LIMIT, &err, "too long");
}

static void a_folder_that_cannot_be(void **state)
{
    struct err err = { 0 };
    char path[PATH_MAX];
    (void)state;
    assert_ok(packed_cache_make(dir, &err), &err); /* It is there. */
    put("file", 0);
    path_of(path, "file");
    assert_fails(packed_cache_make(path, &err), ERR_EXISTS, &err, "in the way");
    path_of(path, "no/where");
    assert_fails(packed_cache_make(path, &err), ERR_NOT_FOUND, &err, "no/where");
    assert_int_equal(packed_cache_measure(path).n_files, 0);
}

static void room_on_both_sides(void **state)
{
    struct err err = { 0 };
    (void)state;
    put("a.packed", 30);
    put("b.packed", 20);
    put("notes.txt", 90);
    struct packed_cache_use use = packed_cache_measure(dir);
    assert_int_equal(use.n_files, 2);
    assert_int_equal(use.bytes, 2 * SIZE);
    assert_ok(room("c.packed", SIZE, 3 * SIZE, &err), &err);
    assert_true(is_there("a.packed") && is_there("b.packed"));
    assert_ok(room("c.packed", SIZE, 3 * SIZE - 1, &err), &err);
    assert_true(!is_there("a.packed") && is_there("b.packed"));
    assert_ok(room("c.packed", SIZE, SIZE, &err), &err);
    assert_false(is_there("b.packed"));
    assert_true(is_there("notes.txt")); /* Not ours. */
    assert_fails(room("c.packed", SIZE + 1, SIZE, &err), ERR_NO_SPACE, &err, "cache_megabytes");
}

static void least_lately_used_goes_first(void **state)
{
    struct err err = { 0 };
    char path[PATH_MAX];
    (void)state;
    put("a.packed", 30);
    put("b.packed", 20);
    path_of(path, "a.packed");
    packed_cache_touch(path);
    assert_ok(room("c.packed", SIZE, 2 * SIZE, &err), &err);
    assert_true(is_there("a.packed") && !is_there("b.packed"));
}

/* What is about to be replaced neither counts nor goes: it may be mapped by the next start yet. */
static void the_replaced_one_stays(void **state)
{
    struct err err = { 0 };
    (void)state;
    put("a.packed", 30);
    put("b.packed", 20);
    assert_ok(room("a.packed", SIZE, 2 * SIZE, &err), &err);
    assert_true(is_there("a.packed") && is_there("b.packed"));
    assert_ok(room("a.packed", SIZE, SIZE, &err), &err);
    assert_true(is_there("a.packed") && !is_there("b.packed"));
}

static void old_parts_go(void **state)
{
    struct err err = { 0 };
    (void)state;
    put("a.packed.1-1.part", PACKED_CACHE_PART_AGE_S + 60);
    put("b.packed.1-2.part", PACKED_CACHE_PART_AGE_S - 60);
    assert_ok(room("c.packed", SIZE, 2 * SIZE, &err), &err);
    assert_false(is_there("a.packed.1-1.part"));
    assert_true(is_there("b.packed.1-2.part")); /* Someone may be writing it, so it counts, */
    assert_fails(room("c.packed", SIZE, 2 * SIZE - 1, &err), ERR_NO_SPACE, &err, "no room");
}

static void removing(void **state)
{
    (void)state;
    put("x.gguf.packed", 1);
    put("y.gguf.packed", 1);
    assert_int_equal(packed_cache_remove(dir, "/models/x.gguf"), SIZE);
    assert_int_equal(packed_cache_remove(dir, "/models/x.gguf"), 0);
    assert_true(!is_there("x.gguf.packed") && is_there("y.gguf.packed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test_setup(a_folder_that_cannot_be, fresh),
        cmocka_unit_test_setup(room_on_both_sides, fresh),
        cmocka_unit_test_setup(least_lately_used_goes_first, fresh),
        cmocka_unit_test_setup(the_replaced_one_stays, fresh),
        cmocka_unit_test_setup(old_parts_go, fresh),
        cmocka_unit_test_setup(removing, fresh),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
