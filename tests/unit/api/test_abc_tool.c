/* tiro_abc_check: what the model is told, what the item says, and that nothing is left behind. */
#include "unit/test.h"

#include "api/server_tool.h"
#include "fault/fault.h"
#include "unit/api/fake_store.h"

#include <stdio.h>

#define BAD  "X:1\\nT:t\\nM:4/4\\nL:1/8\\nK:C\\nC8|D9|E8|]\\n"
#define GOOD "X:1\\nT:t\\nM:4/4\\nL:1/8\\nK:C\\nC8|D8|]\\n"

struct told {
    int n;
    bool failed;
    char text[2000], item[4000];
};

static struct fake_service fake;
static struct principal principal;

static const struct server_tool *tool(void)
{
    const struct server_tool *found = server_tool_of_type(SLICE("tiro_abc_check"));
    assert_non_null(found);
    assert_ptr_equal(found, server_tool_of_item(SLICE("tiro_abc_check_call")));
    return found;
}

static void on_done(void *user, const struct server_tool_result *result, const struct err *err)
{
    struct told *told = user;
    told->n++;
    told->failed = !result;
    struct slice text = result ? result->text : slice_of(err->text);
    (void)snprintf(told->text, sizeof told->text, "%.*s", SLICE_FMT(text));
    if (!result) return;
    char *item = json_dumps(result->item, JSON_COMPACT);
    assert_non_null(item);
    (void)snprintf(told->item, sizeof told->item, "%s", item);
    free(item);
}

static int begin(struct server_tool_call **ret, struct told *told, const char *arguments,
                 struct err *err)
{
    const struct server_tool_options options = {
        .service = &fake.service,
        .principal = &principal,
        .arguments = slice_of(arguments),
        .done = on_done,
        .user = told,
    };
    return tool()->begin(ret, &options, err);
}

static struct told run(const char *arguments)
{
    struct told told = { 0 };
    struct server_tool_call *call;
    struct err err = { 0 };
    assert_int_equal(begin(&call, &told, arguments, &err), 0);
    assert_int_equal(told.n, 0); /* Not from inside begin. */
    assert_int_equal(fake_fire(&fake), 1);
    assert_int_equal(told.n, 1);
    return told;
}

static void test_what_it_says(void **state)
{
    (void)state;
    struct told bad = run("{\"abc\":\"" BAD "\"}");
    assert_false(bad.failed);
    assert_string_equal(bad.text, "line 6, column 4, bar 2: Bar 2 holds 9/8 where the metre wants "
                                  "4/4: 1/8 too much.\n");
    assert_non_null(strstr(bad.item, "\"ok\":false"));
    assert_non_null(strstr(bad.item, "\"line\":6,\"column\":4,\"bar\":2"));
    assert_non_null(strstr(bad.item, "\"abc\":\"X:1\\nT:t"));
    struct told good = run("{\"abc\":\"" GOOD "\"}");
    assert_string_equal(good.text, "Nothing is wrong: all 2 bars add up.\n");
    assert_non_null(strstr(good.item, "\"issues\":[]"));
}

static void test_what_cannot_be_checked(void **state)
{
    (void)state;
    struct told told = { 0 };
    struct server_tool_call *call;
    static const char *const wrong[] = { "", "[", "{}", "{\"abc\":\"\"}", "{\"abc\":1}" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = { 0 };
        assert_true(begin(&call, &told, wrong[i], &err) < 0);
        assert_true(err.text[0] != '\0');
    }
    assert_int_equal(told.n, 0);
    assert_int_equal(fake_fire(&fake), 0);
}

static void test_cancelled(void **state)
{
    (void)state;
    struct told told = { 0 };
    struct server_tool_call *call;
    struct err err = { 0 };
    assert_int_equal(begin(&call, &told, "{\"abc\":\"" BAD "\"}", &err), 0);
    tool()->cancel(call);
    assert_int_equal(fake_fire(&fake), 0);
    assert_int_equal(told.n, 0);
}

static void test_told_again(void **state)
{
    (void)state;
    struct arena arena;
    struct slice arguments, text;
    struct err err = { 0 };
    arena_init(&arena, 1 << 20);
    json_t *item = json_pack("{s:s}", "abc", "X:1\nT:t\nM:4/4\nL:1/8\nK:C\nC8|D9|E8|]\n");
    assert_int_equal(tool()->recall(&arguments, &text, item, &arena, &err), 0);
    assert_true(slice_is(arguments, "{\"abc\":\"" BAD "\"}"));
    assert_true(slice_starts(text, SLICE("line 6, column 4, bar 2: Bar 2 holds 9/8")));
    json_decref(item);
    /* One that failed has no music in it. */
    item = json_pack("{s:n}", "abc");
    assert_int_equal(tool()->recall(&arguments, &text, item, &arena, &err), 0);
    assert_true(slice_is(arguments, "{\"abc\":\"\"}"));
    json_decref(item);
    arena_release(&arena);
}

static void test_no_memory_is_told(void **state)
{
    (void)state;
    bool hit = true;
    for (int n = 1; hit; n++) {
        assert_true(n < 1000);
        struct told told = { 0 };
        struct server_tool_call *call;
        struct err err = { 0 };
        fault_start(FAULT_ALLOC, n, ENOMEM);
        if (begin(&call, &told, "{\"abc\":\"" BAD "\"}", &err) == 0) {
            assert_int_equal(fake_fire(&fake), 1);
            assert_int_equal(told.n, 1);
        }
        hit = fault_stop();
    }
}

int main(void)
{
    fake.service.ops = &fake_service_ops;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_says),      cmocka_unit_test(test_what_cannot_be_checked),
        cmocka_unit_test(test_cancelled),         cmocka_unit_test(test_told_again),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
