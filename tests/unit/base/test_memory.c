/* Arenas, buffers, maps: contents, limits on both sides, and every failed allocation. */
#include "unit/test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "fault/fault.h"

#include <stdio.h>
#include <string.h>

static void test_arena_cap_on_both_sides(void **state)
{
    (void)state;
    struct arena a;
    struct err err;
    arena_init(&a, 64);
    assert_non_null(arena_alloc(&a, 48));
    assert_non_null(arena_alloc(&a, 16));
    assert_int_equal(arena_check(&a, "it", &err), 0);
    assert_null(arena_alloc(&a, 1));
    assert_fails(arena_check(&a, "it", &err), ERR_LIMIT, &err, "64 bytes");
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 64));
    arena_release(&a);
}

static void test_arena_memory_is_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    unsigned char *last = NULL;
    for (size_t size = 1; size < 3000; size += 97) {
        unsigned char *p = arena_alloc(&a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++) assert_int_equal(p[i], 0);
        memset(p, 0xAB, size);
        assert_ptr_not_equal(p, last);
        last = p;
    }
    arena_release(&a);
}

static void test_arena_mark_forgets_only_what_follows(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    char *kept = arena_strdup(&a, "kept");
    size_t used = a.used;
    struct arena_mark mark = arena_mark(&a);
    for (int i = 0; i < 100; i++) assert_non_null(arena_alloc(&a, 1000));
    arena_reset_to(&a, mark);
    assert_int_equal(a.used, used);
    assert_string_equal(kept, "kept");
    assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
    arena_release(&a);
}

static void test_arena_products_are_checked(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, SIZE_MAX);
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_strndup(&a, "", SIZE_MAX));
    assert_true(a.failed);
    arena_release(&a);
}

static void test_buf_limit_on_both_sides(void **state)
{
    (void)state;
    struct buf b;
    struct err err;
    buf_init(&b, 10);
    buf_add_str(&b, "01234");
    buf_printf(&b, "%05d", 56789);
    assert_string_equal(buf_str(&b), "0123456789");
    assert_int_equal(buf_check(&b, "it", &err), 0);
    buf_add_char(&b, '!');
    assert_string_equal(buf_str(&b), "0123456789");
    assert_fails(buf_check(&b, "it", &err), ERR_LIMIT, &err, "10 bytes");
    buf_add_str(&b, "");
    assert_true(b.failed);
    buf_reset(&b);
    assert_string_equal(buf_str(&b), "");
    buf_add_str(&b, "abcdef");
    buf_consume(&b, 4);
    assert_string_equal(buf_str(&b), "ef");
    buf_release(&b);
}

static void test_map_finds_what_was_put(void **state)
{
    (void)state;
    enum { N = 20000, LEN = 12 };
    static char keys[N][LEN];
    struct map m;
    uint32_t v;
    map_init(&m);
    assert_false(map_get(&m, SLICE("0"), &v));
    for (uint32_t i = 0; i < N; i++) {
        snprintf(keys[i], LEN, "%u", i);
        assert_int_equal(map_put(&m, slice_of(keys[i]), i), 0);
    }
    assert_int_equal(m.len, N);
    for (uint32_t i = 0; i < N; i++) {
        assert_true(map_get(&m, slice_of(keys[i]), &v));
        assert_int_equal(v, i);
    }
    assert_false(map_get(&m, SLICE("20000"), &v));
    assert_int_equal(map_put(&m, SLICE("17"), 99), 0);
    assert_int_equal(m.len, N);
    assert_true(map_get(&m, SLICE("17"), &v));
    assert_int_equal(v, 99);
    /* A key may be empty and may hold NUL. */
    assert_int_equal(map_put(&m, SLICE(""), 5), 0);
    assert_int_equal(map_put(&m, SLICE("a\0b"), 6), 0);
    assert_true(map_get(&m, SLICE(""), &v) && v == 5);
    assert_true(map_get(&m, SLICE("a\0b"), &v) && v == 6);
    assert_false(map_get(&m, SLICE("a"), &v));
    map_release(&m);
}

static int build_all(void)
{
    struct arena a;
    struct buf b;
    struct map m;
    struct err err;
    static char keys[100][12];
    int rc = 0;
    arena_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    map_init(&m);
    for (int i = 0; i < 100 && rc == 0; i++) {
        snprintf(keys[i], sizeof keys[i], "%d", i);
        rc = map_put(&m, slice_of(keys[i]), 1);
        (void)arena_alloc(&a, 3000);
        buf_add_str(&b, "some text that makes it grow");
    }
    if (rc == 0) rc = arena_check(&a, "arena", &err);
    if (rc == 0) rc = buf_check(&b, "buf", &err);
    arena_release(&a);
    buf_release(&b);
    map_release(&m);
    return rc;
}

static void test_every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    int n = 1;
    for (;; n++) {
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = build_all();
        if (!fault_stop()) {
            assert_int_equal(rc, 0);
            break;
        }
        assert_true(rc < 0);
    }
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena_cap_on_both_sides),
        cmocka_unit_test(test_arena_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(test_arena_mark_forgets_only_what_follows),
        cmocka_unit_test(test_arena_products_are_checked),
        cmocka_unit_test(test_buf_limit_on_both_sides),
        cmocka_unit_test(test_map_finds_what_was_put),
        cmocka_unit_test(test_every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
