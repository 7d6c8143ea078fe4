/* The tool by which a model remembers: what it keeps, tells and refuses, and that one which is
 * cancelled tells nobody. */
#include "unit/api/asking.h"

#include "api/server_tool.h"
#include "store/memory_table.h"

struct heard {
    int n;
    bool good;
    char text[200], item[400];
};

static bool replay;

static void on_done(void *user, const struct server_tool_result *result, const struct err *err)
{
    struct heard *h = user;
    h->n++;
    h->good = result != NULL;
    (void)snprintf(h->text, sizeof h->text, "%.*s", result ? (int)result->text.len : 199,
                   result ? result->text.ptr : err->text);
    if (!result) return;
    char *item = json_dumps(result->item, JSON_COMPACT);
    (void)snprintf(h->item, sizeof h->item, "%s", item);
    free(item);
}

static const struct server_tool *tool(void)
{
    const struct server_tool *found = server_tool_of_type(SLICE("tiro_memory"));
    assert_non_null(found);
    assert_ptr_equal(found, server_tool_of_item(SLICE("tiro_memory_call")));
    return found;
}

static int call(struct server_tool_call **ret, struct heard *h, const struct principal *who,
                const char *arguments)
{
    struct err err = { 0 };
    *h = (struct heard){ 0 };
    const struct server_tool_options options = {
        .service = &service.service,
        .principal = who,
        .arguments = slice_of(arguments),
        .replay = replay,
        .done = on_done,
        .user = h,
    };
    int rc = tool()->begin(ret, &options, &err);
    if (rc < 0) (void)snprintf(h->text, sizeof h->text, "%.199s", err.text);
    assert_int_equal(h->n, 0); /* Never from inside. */
    return rc;
}

static void test_remembers(void **state)
{
    (void)state;
    struct server_tool_call *c;
    struct heard h;
    assert_int_equal(call(&c, &h, &ann, "{\"text\":\"Likes tea.\"}"), 0);
    store_wait(service.service.store);
    assert_int_equal(h.n, 1);
    assert_true(h.good);
    assert_string_equal(h.text, "It is remembered.");
    assert_non_null(strstr(h.item, "\"memory_id\":\"mem_"));
    assert_non_null(strstr(h.item, "\"text\":\"Likes tea.\""));
    ask(&ann, "GET", "/v1/tiro/memory", "");
    says("\"text\":\"Likes tea.\",\"origin\":\"model\"");
    ask(&others[1], "GET", "/v1/tiro/memory", "");
    says("\"data\":[]");
    /* A response that is made again adds nothing. */
    char before[400], path[128];
    memcpy(before, h.item, sizeof before);
    assert_int_equal(call(&c, &h, &ann, "{\"text\":\"Likes tea.\"}"), 0);
    store_wait(service.service.store);
    assert_string_equal(h.item, before);
    replay = true; /* Nor does one that is read again. */
    assert_int_equal(call(&c, &h, &ann, "{\"text\":\"Likes tea.\"}"), 0);
    store_wait(service.service.store);
    assert_string_equal(h.item, before);
    char *at = strstr(before, "mem_");
    (void)snprintf(path, sizeof path, "/v1/tiro/memory/%.*s", (int)strcspn(at, "\""), at);
    ask(&ann, "DELETE", path, "");
    says("reply 200 ");
    assert_int_equal(call(&c, &h, &ann, "{\"text\":\"Likes tea.\"}"), 0);
    store_wait(service.service.store);
    assert_string_equal(h.item, "{\"memory_id\":null,\"text\":\"Likes tea.\"}");
    replay = false;
    ask(&ann, "GET", "/v1/tiro/memory", "");
    says("\"data\":[]");
}

static void test_refuses(void **state)
{
    (void)state;
    struct server_tool_call *c;
    struct heard h;
    char text[MEMORY_TEXT_MAX + 100];
    assert_true(call(&c, &h, &ann, "{\"text\":\"\"}") < 0);
    assert_string_equal(h.text, "What is to be remembered must have 1 to 500 bytes; this has 0.");
    assert_true(call(&c, &h, &ann, "{}") < 0);
    letters(text, sizeof text, "{\"text\":\"", MEMORY_TEXT_MAX + 1, "\"}");
    assert_true(call(&c, &h, &ann, text) < 0);
    letters(text, sizeof text, "{\"text\":\"", MEMORY_TEXT_MAX, "\"}");
    assert_int_equal(call(&c, &h, &ann, text), 0);
    store_wait(service.service.store);
    assert_true(h.good);
    ask(&ann, "POST", "/v1/tiro/preferences", "{\"memory\":false}");
    assert_int_equal(call(&c, &h, &ann, "{\"text\":\"x\"}"), 0);
    store_wait(service.service.store);
    assert_int_equal(h.n, 1);
    assert_false(h.good);
    assert_string_equal(h.text, "The user has switched the memory off.");
}

static void test_cancelled(void **state)
{
    (void)state;
    struct server_tool_call *c;
    struct heard h;
    assert_int_equal(call(&c, &h, &ann, "{\"text\":\"x\"}"), 0);
    tool()->cancel(c);
    store_wait(service.service.store);
    assert_int_equal(h.n, 0);
}

static void test_told_again(void **state)
{
    (void)state;
    struct arena arena;
    struct err err = { 0 };
    struct slice arguments, text;
    arena_init(&arena, 1 << 16);
    json_t *item = json_loads("{\"memory_id\":\"mem_1\",\"text\":\"Likes tea.\"}", 0, NULL);
    assert_int_equal(tool()->recall(&arguments, &text, item, &arena, &err), 0);
    assert_true(slice_is(arguments, "{\"text\":\"Likes tea.\"}"));
    assert_true(slice_is(text, "It is remembered."));
    json_decref(item);
    item = json_object(); /* As a client may send it. */
    assert_int_equal(tool()->recall(&arguments, &text, item, &arena, &err), 0);
    assert_true(slice_is(arguments, "{\"text\":\"\"}"));
    assert_true(slice_is(text, "It was not kept."));
    json_decref(item);
    arena_release(&arena);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_remembers, asking_setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_refuses, asking_setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_cancelled, asking_setup, asking_teardown),
        cmocka_unit_test_setup_teardown(test_told_again, asking_setup, asking_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
