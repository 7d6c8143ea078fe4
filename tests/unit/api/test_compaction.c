/* What a compaction keeps, for whom, and that it comes back word for word. */
#include "unit/test.h"

#include "api/compaction.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

static const struct seal_key key = { "a key" };
static const struct principal owner = { SLICE("t"), SLICE("p"), SLICE("u"), SLICE("k") };

static json_t *message(const char *role, int n, size_t len)
{
    char text[4096];
    int at = snprintf(text, sizeof text, "%d ", n);
    memset(text + at, 'x', len);
    return json_pack("{s:s, s:s, s:s%}", "type", "message", "role", role, "content", text,
                     (size_t)at + len);
}

/* The items that come back, of what was kept within `room`. */
static json_t *round_trip(const json_t *items, size_t room)
{
    struct arena arena;
    struct err err = { 0 };
    json_t *item, *back = json_array();
    arena_init(&arena, 64 << 20);
    assert_ok(compaction_make(&item, items, room, &key, &owner, &arena, &err), &err);
    assert_true(compaction_is(item));
    assert_non_null(strstr(json_string_value(json_object_get(item, "id")), "cmp_"));
    assert_ok(compaction_open(back, item, &key, &owner, &arena, &err), &err);
    json_decref(item);
    arena_release(&arena);
    return back;
}

static void test_what_fits_comes_back_whole(void **state)
{
    json_t *items = json_array();
    (void)state;
    for (int i = 0; i < 5; i++) json_array_append_new(items, message("user", i, 100));
    json_t *back = round_trip(items, 100000);
    assert_true(json_equal(items, back));
    json_decref(back);
    json_decref(items);
}

static void test_the_newest_stay_and_the_standing(void **state)
{
    json_t *items = json_array();
    (void)state;
    json_array_append_new(items, message("developer", 0, 10));
    for (int i = 1; i < 20; i++) json_array_append_new(items, message("user", i, 100));
    json_t *back = round_trip(items, 1000);
    size_t n = json_array_size(back);
    assert_in_range(n, 4, 8);
    assert_true(json_equal(json_array_get(back, 0), json_array_get(items, 0)));
    for (size_t i = 1; i < n; i++)
        assert_true(json_equal(json_array_get(back, i), json_array_get(items, 20 - n + i)));
    json_decref(back);
    back = round_trip(items, 0); /* The newest always. */
    assert_int_equal(json_array_size(back), 2);
    assert_true(json_equal(json_array_get(back, 1), json_array_get(items, 19)));
    json_decref(back);
    json_decref(items);
}

static void test_calls_are_not_torn_and_thoughts_go(void **state)
{
    (void)state;
    json_t *items = json_array();
    json_array_append_new(items, json_pack("{s:s, s:s, s:s}", "type", "function_call", "call_id",
                                           "c1", "arguments", "{}"));
    json_array_append_new(items, message("user", 1, 400));
    json_array_append_new(items, json_pack("{s:s, s:s, s:s}", "type", "function_call_output",
                                           "call_id", "c1", "output", "1"));
    json_array_append_new(items, json_pack("{s:s, s:s}", "type", "reasoning", "id", "rs_1"));
    json_array_append_new(items, message("user", 2, 100));
    json_t *back = round_trip(items, 300); /* The call is before the cut, its output behind it. */
    assert_int_equal(json_array_size(back), 1);
    json_decref(back);
    back = round_trip(items, 10000);
    assert_int_equal(json_array_size(back), 4); /* All but the thoughts. */
    json_decref(back);
    json_decref(items);
}

static void test_is_good_for_its_project_only(void **state)
{
    const struct principal others[] = {
        { SLICE("t"), SLICE("q"), SLICE("u"), SLICE("k") },
        { SLICE("x"), SLICE("p"), SLICE("u"), SLICE("k") },
        { SLICE("t\np"), SLICE(""), SLICE("u"), SLICE("k") },
    };
    struct arena arena;
    struct err err = { 0 };
    (void)state;
    json_t *items = json_array(), *item, *back = json_array();
    json_array_append_new(items, message("user", 1, 10));
    arena_init(&arena, 1 << 20);
    assert_ok(compaction_make(&item, items, 1000, &key, &owner, &arena, &err), &err);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_fails(compaction_open(back, item, &key, &others[i], &arena, &err), ERR_INVALID_VALUE,
                     &err, "could not be verified");
        assert_string_equal(err.param, "input");
    }
    json_object_del(item, "encrypted_content");
    assert_fails(compaction_open(back, item, &key, &owner, &arena, &err), ERR_MISSING_PARAMETER,
                 &err, "encrypted_content");
    assert_int_equal(json_array_size(back), 0);
    json_decref(item);
    json_decref(items);
    json_decref(back);
    arena_release(&arena);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_fits_comes_back_whole),
        cmocka_unit_test(test_the_newest_stay_and_the_standing),
        cmocka_unit_test(test_calls_are_not_torn_and_thoughts_go),
        cmocka_unit_test(test_is_good_for_its_project_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
