/* The cache of grammars: whole keys, the oldest go first, memory is bounded. */
#include "unit/grammar/grammars.h"

#include "fault/fault.h"
#include "grammar/cache.h"

static struct grammar_cache *cache;
static struct err err;

static void open_cache(size_t bytes)
{
    assert_ok(grammar_cache_open(&cache, bytes, &err), &err);
}

static void put(int32_t kind, const char *text, struct grammar *g)
{
    grammar_cache_put(cache, kind, slice_of(text), g);
}

static bool has(int32_t kind, const char *text, const struct grammar *g)
{
    struct grammar *found = grammar_cache_get(cache, kind, slice_of(text));
    bool same = found == g;
    grammar_unref(found);
    return found && same;
}

static void test_keys(void **state)
{
    (void)state;
    open_cache(0);
    struct grammar *a = compiled(fixed), *b = compiled(fixed);
    assert_null(grammar_cache_get(cache, 1, SLICE("x")));
    put(1, "x", a);
    put(2, "x", b);
    assert_true(has(1, "x", a));
    assert_true(has(2, "x", b));
    assert_null(grammar_cache_get(cache, 3, SLICE("x")));
    assert_null(grammar_cache_get(cache, 1, SLICE("")));
    assert_null(grammar_cache_get(cache, 1, SLICE("xx")));
    put(1, "x", b); /* Replaced. */
    assert_true(has(1, "x", b));
    assert_int_equal(grammar_cache_len(cache), 2);
    put(1, "", a);
    assert_true(has(1, "", a));
    grammar_unref(a);
    grammar_unref(b);
    assert_true(has(1, "", a)); /* The cache has its own reference. */
    grammar_cache_close(cache);
    grammar_cache_close(NULL);
}

static void test_the_oldest_goes(void **state)
{
    (void)state;
    char text[16];
    struct grammar *g = compiled(fixed);
    open_cache(0);
    for (int i = 0; i < GRAMMAR_CACHE_MAX; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        put(0, text, g);
    }
    assert_int_equal(grammar_cache_len(cache), GRAMMAR_CACHE_MAX);
    assert_true(has(0, "0", g)); /* Used: now "1" is the oldest. */
    put(0, "one more", g);
    assert_int_equal(grammar_cache_len(cache), GRAMMAR_CACHE_MAX);
    assert_true(has(0, "0", g));
    assert_false(has(0, "1", g));
    assert_true(has(0, "2", g));
    assert_true(has(0, "one more", g));
    grammar_cache_close(cache);
    grammar_unref(g);
}

static void test_bytes_are_bounded(void **state)
{
    (void)state;
    struct grammar *g = compiled(fixed);
    size_t each = grammar_bytes(g) + 1;
    open_cache(each * 3);
    put(0, "a", g);
    put(0, "b", g);
    put(0, "c", g);
    assert_int_equal(grammar_cache_len(cache), 3);
    put(0, "d", g);
    assert_int_equal(grammar_cache_len(cache), 3);
    assert_false(has(0, "a", g));
    assert_true(has(0, "d", g));
    grammar_cache_close(cache);
    open_cache(each - 1);
    put(0, "a", g);
    assert_int_equal(grammar_cache_len(cache), 0);
    grammar_cache_close(cache);
    grammar_unref(g);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct grammar *g = compiled(fixed);
    fault_start(FAULT_ALLOC, 1, ENOMEM);
    assert_fails(grammar_cache_open(&cache, 0, &err), ERR_NO_MEMORY, &err, "memory");
    assert_true(fault_stop());
    open_cache(0);
    fault_start(FAULT_ALLOC, 1, ENOMEM);
    put(0, "a", g);
    assert_true(fault_stop());
    assert_int_equal(grammar_cache_len(cache), 0);
    put(0, "a", g);
    assert_true(has(0, "a", g));
    grammar_cache_close(cache);
    grammar_unref(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_the_oldest_goes),
        cmocka_unit_test(test_bytes_are_bounded),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
