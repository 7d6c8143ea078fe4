/* The tools of a request: what is read, what is refused and by which name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "chat/tools.h"
#include "fault/fault.h"

static void read_all(void **state)
{
    (void)state;
    static const char json[] =
        "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"},"
        "\"strict\":true}},{\"function\":{\"name\":\"g-1\",\"parameters\":null,\"strict\":null}},"
        "{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}},{\"type\":\"custom\",\"custom\":{"
        "\"name\":"
        "\"r\",\"format\":{\"type\":\"grammar\",\"grammar\":{\"syntax\":\"regex\",\"definition\":"
        "\"a+\"}"
        "}}},{\"type\":\"custom\",\"custom\":{\"name\":\"l\",\"format\":{\"type\":\"grammar\","
        "\"syntax\":"
        "\"lark\",\"definition\":\"start: x\"}}}]";
    const struct slice names[] = { SLICE("c"), SLICE("f") };
    struct tool_list *list;
    struct err err;
    assert_int_equal(tool_list_open(&list, SLICE(json), NULL, 0, &err), 0);
    assert_int_equal(list->n, 5);
    for (size_t i = 0; i < 5; i++) assert_true(list->tools[i].callable);
    assert_true(list->tools[0].strict && list->tools[0].parameters && !list->tools[0].custom);
    assert_true(!list->tools[1].strict && !list->tools[1].parameters);
    assert_true(list->tools[2].custom && list->tools[2].input == TOOL_INPUT_TEXT);
    assert_int_equal(list->tools[3].input, TOOL_INPUT_REGEX);
    assert_true(slice_is(list->tools[3].pattern, "a+"));
    assert_int_equal(list->tools[4].input, TOOL_INPUT_GRAMMAR);
    assert_ptr_equal(tool_list_find(list, SLICE("g-1")), &list->tools[1]);
    assert_null(tool_list_find(list, SLICE("h")));
    assert_null(tool_list_find(NULL, SLICE("f")));
    tool_list_close(list);
    assert_int_equal(tool_list_open(&list, SLICE(json), names, 2, &err), 0);
    assert_true(list->tools[0].callable && list->tools[2].callable);
    assert_false(list->tools[1].callable || list->tools[3].callable || list->tools[4].callable);
    tool_list_close(list);
    list = (struct tool_list *)1;
    assert_int_equal(tool_list_open(&list, SLICE("[]"), NULL, 0, &err), 0);
    assert_null(list);
}

#define FUNCTION(body) "[{\"type\":\"function\",\"function\":{" body "}}]"
#define CUSTOM(body)   "[{\"type\":\"custom\",\"custom\":{" body "}}]"

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        enum err_code code;
        const char *param;
    } cases[] = {
        { "{}", ERR_INVALID_TYPE, "tools" },
        { "[", ERR_JSON, "" },
        { "[1]", ERR_INVALID_TYPE, "tools[0]" },
        { "[{}]", ERR_INVALID_VALUE, "tools[0].type" },
        { "[{\"type\":\"web_search\"}]", ERR_INVALID_VALUE, "tools[0].type" },
        { "[{\"type\":\"function\"}]", ERR_MISSING_PARAMETER, "tools[0].function" },
        { FUNCTION(""), ERR_MISSING_PARAMETER, "tools[0].function.name" },
        { FUNCTION("\"name\":\"\""), ERR_INVALID_VALUE, "tools[0].function.name" },
        { FUNCTION("\"name\":\"a b\""), ERR_INVALID_VALUE, "tools[0].function.name" },
        { FUNCTION("\"name\":\"f\",\"parameters\":[]"), ERR_INVALID_TYPE,
          "tools[0].function.parameters" },
        { FUNCTION("\"name\":\"f\",\"strict\":1"), ERR_INVALID_TYPE, "tools[0].function.strict" },
        { CUSTOM("\"name\":\"f\",\"format\":{\"type\":\"json\"}"), ERR_INVALID_VALUE,
          "tools[0].custom.format.type" },
        { CUSTOM(
              "\"name\":\"f\",\"format\":{\"type\":\"grammar\",\"grammar\":{\"syntax\":\"lark\"}}"),
          ERR_MISSING_PARAMETER, "tools[0].custom.format.grammar.definition" },
        { CUSTOM("\"name\":\"f\",\"format\":{\"type\":\"grammar\",\"grammar\":{\"syntax\":\"bnf\","
                 "\"definition\":\"x\"}}"),
          ERR_INVALID_VALUE, "tools[0].custom.format.grammar.syntax" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tool_list *list = NULL;
        struct err err = { 0 };
        assert_int_equal(tool_list_open(&list, slice_of(cases[i].json), NULL, 0, &err),
                         -(int)cases[i].code);
        assert_string_equal(err.param, cases[i].param);
        assert_null(list);
    }
    struct tool_list *list = NULL;
    struct err err;
    const struct slice name = SLICE("g");
    assert_int_equal(tool_list_open(&list, SLICE(FUNCTION("\"name\":\"f\"")), &name, 1, &err),
                     -ERR_INVALID_VALUE);
    assert_string_equal(err.param, "tool_choice");
}

static int open_n(int n, size_t name_len)
{
    struct buf b;
    struct tool_list *list = NULL;
    struct err err;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < n; i++) {
        buf_add_str(&b, i ? "," : "[");
        buf_add_str(&b, "{\"type\":\"function\",\"function\":{\"name\":\"");
        for (size_t k = 0; k < name_len; k++) buf_add_char(&b, 'n');
        buf_add_str(&b, "\"}}");
    }
    buf_add_char(&b, ']');
    int rc = tool_list_open(&list, buf_slice(&b), NULL, 0, &err);
    tool_list_close(list);
    buf_release(&b);
    return -rc;
}

static void limits(void **state)
{
    (void)state;
    assert_int_equal(open_n(TOOLS_MAX, 1), 0);
    assert_int_equal(open_n(TOOLS_MAX + 1, 1), ERR_ARRAY_TOO_LONG);
    assert_int_equal(open_n(1, TOOL_NAME_MAX), 0);
    assert_int_equal(open_n(1, TOOL_NAME_MAX + 1), ERR_STRING_TOO_LONG);
}

static void without_memory(void **state)
{
    (void)state;
    for (int n = 1;; n++) {
        struct tool_list *list = NULL;
        struct err err;
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = tool_list_open(&list, SLICE(FUNCTION("\"name\":\"f\"")), NULL, 0, &err);
        bool failed = fault_stop();
        if (rc < 0) assert_true(failed && rc == -ERR_NO_MEMORY && !list);
        tool_list_close(list);
        if (!failed) break;
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_all),
        cmocka_unit_test(refused),
        cmocka_unit_test(limits),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
