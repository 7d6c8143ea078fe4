/* file_search's own words: what a text cites, what an earlier search is told again, filters. */
#include "unit/test.h"

#include "api/server_tool.h"
#include "base/json.h"

static const struct server_tool *tool(void)
{
    const struct server_tool *found = server_tool_of_type(SLICE("file_search"));
    assert_non_null(found);
    assert_ptr_equal(found, server_tool_of_item(SLICE("file_search_call")));
    return found;
}

static void test_citations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        int first_index, last_source;
    } cases[] = {
        { "", 0, 0, 0 },
        { "None.", 0, 0, 0 },
        { "So it is [1].", 1, 9, 1 },
        { "[2][1]", 2, 0, 1 },
        { "[3] [0] []", 0, 0, 0 },
        { "[", 0, 0, 0 },
        { "[1", 0, 0, 0 },
        { "[x1]", 0, 0, 0 },
        { "[99999999999]", 0, 0, 0 },
        { "\xc3\xa9\xe2\x82\xac [2]", 1, 3, 2 }, /* Characters are counted, not bytes. */
    };
    json_t *sources = json_loads(
        "[{\"number\":1,\"file_id\":\"f1\",\"filename\":\"a\",\"span\":{\"start_byte\":3,"
        "\"end_byte\":9}},{\"number\":2,\"file_id\":\"f2\",\"filename\":\"b\",\"span\":{"
        "\"start_byte\":0,\"end_byte\":5}}]",
        0, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = { 0 };
        json_t *to = json_array();
        assert_int_equal(tool()->annotate(to, slice_of(cases[i].text), sources, &err), 0);
        assert_int_equal(json_array_size(to), cases[i].n);
        if (cases[i].n) {
            const json_t *first = json_array_get(to, 0), *last = json_array_get(to, cases[i].n - 1);
            const json_t *source = json_array_get(sources, (size_t)cases[i].last_source - 1);
            assert_int_equal(json_integer_value(json_object_get(first, "index")),
                             cases[i].first_index);
            assert_string_equal(json_string_value(json_object_get(last, "type")), "file_citation");
            assert_true(
                json_equal(json_object_get(last, "file_id"), json_object_get(source, "file_id")));
            assert_true(json_equal(json_object_get(last, "span"), json_object_get(source, "span")));
        }
        json_decref(to);
    }
    json_decref(sources);
}

static void test_told_again(void **state)
{
    (void)state;
    struct arena arena;
    struct err err = { 0 };
    struct slice arguments, text;
    arena_init(&arena, 1 << 16);
    json_t *item = json_loads("{\"queries\":[\"q\"],\"results\":[{\"filename\":\"a.txt\",\"text\":"
                              "\"T\"}]}",
                              0, NULL);
    assert_int_equal(tool()->recall(&arguments, &text, item, &arena, &err), 0);
    assert_true(slice_is(arguments, "{\"queries\":[\"q\"]}"));
    assert_true(slice_is(text, "a.txt\nT\n\n"));
    json_object_set_new(item, "results", json_null());
    assert_int_equal(tool()->recall(&arguments, &text, item, &arena, &err), 0);
    assert_true(slice_is(text, "What this search found is not kept."));
    json_decref(item);
    item = json_object(); /* As a client may send it. */
    assert_int_equal(tool()->recall(&arguments, &text, item, &arena, &err), 0);
    json_decref(item);
    arena_release(&arena);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_citations),
        cmocka_unit_test(test_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
