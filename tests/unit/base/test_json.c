/* json.h: what is accepted, what is refused and why, and that what is written reads back.
 *
 * The lists follow the classes of the public JSONTestSuite: must accept, must refuse, and the free
 * ones, where our answer is part of the contract. */
#include "unit/test.h"

#include "base/json.h"
#include "base/seam.h"
#include "fault/fault.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

static int try_read(struct slice text, struct err *err)
{
    json_t *root = NULL;
    /* A copy that ends exactly where the text does, so that ASan sees a read past it. */
    char *copy = mem_alloc(text.len ? text.len : 1);
    assert_non_null(copy);
    if (text.len) memcpy(copy, text.ptr, text.len);
    struct slice exact = { .ptr = copy, .len = text.len };
    int result = json_read(&root, exact, &json_limits_request, "the test", err);
    assert_true((result == 0) == (root != NULL));
    json_decref(root);
    mem_free(copy);
    return result;
}

static const struct slice accepted[] = {
    TEXT("null"),
    TEXT("true"),
    TEXT("false"),
    TEXT("0"),
    TEXT("-0"),
    TEXT("-1"),
    TEXT("1.5"),
    TEXT("1e5"),
    TEXT("1E+5"),
    TEXT("1e-5"),
    TEXT("-0.0"),
    TEXT("1e308"),
    TEXT("4.9e-324"),
    TEXT("1e-400"), /* underflows to 0: no harm */
    TEXT("9223372036854775807"),
    TEXT("-9223372036854775808"),
    TEXT("\"\""),
    TEXT("\"a\""),
    TEXT("[]"),
    TEXT("[ ]"),
    TEXT("{}"),
    TEXT("{ }"),
    TEXT("[1,2]"),
    TEXT("[[],[[]]]"),
    TEXT("{\"\":0}"),
    TEXT("{\"a\":{\"a\":{}}}"),
    TEXT("{\"a\":1,\"b\":2}"),
    TEXT(" \t\r\n[ \t\r\n1 \t\r\n, 2 ] \n"),
    TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    TEXT("\"\\u0001\\u00e9\\uFFFF\\ud83d\\ude00\\uDBFF\\uDFFF\""),
    TEXT("\"\xf0\x9f\x98\x80\""),
    TEXT("\"\xc2\x80\xe0\xa0\x80\xf4\x8f\xbf\xbf\""),
    TEXT("\"\x7f\""),
    TEXT("\"\xef\xbf\xbf\""),
    TEXT("[\"a\",1,null,true,{}]"),
    TEXT("{\"A\":1,\"a\":2}"),
    TEXT("0.123456789012345678901234567890"),
    TEXT("123456789012345678901234567890.5"),
};

static const struct slice refused[] = {
    TEXT(""),
    TEXT(" "),
    TEXT("\xef\xbb\xbfnull"),
    TEXT("nul"),
    TEXT("nulll"),
    TEXT("NULL"),
    TEXT("True"),
    TEXT("undefined"),
    TEXT("NaN"),
    TEXT("Infinity"),
    TEXT("-Infinity"),
    TEXT("+1"),
    TEXT("01"),
    TEXT("-01"),
    TEXT("1."),
    TEXT(".5"),
    TEXT("-.5"),
    TEXT("-"),
    TEXT("1e"),
    TEXT("1e+"),
    TEXT("1.e5"),
    TEXT("0x10"),
    TEXT("1_000"),
    TEXT("1 2"),
    TEXT("1,"),
    TEXT("--1"),
    TEXT("1e5.5"),
    TEXT("1e999"),
    TEXT("-1e999"),
    TEXT("9223372036854775808"),
    TEXT("-9223372036854775809"),
    TEXT("123456789012345678901234567890"),
    TEXT("\xef\xbc\x91"),
    TEXT("[1"),
    TEXT("[1,"),
    TEXT("[1,]"),
    TEXT("[,1]"),
    TEXT("[1,,2]"),
    TEXT("[1 2]"),
    TEXT("]"),
    TEXT("[1]]"),
    TEXT("[1}"),
    TEXT("[\"a\": 1]"),
    TEXT("{"),
    TEXT("}"),
    TEXT("{\"a\"}"),
    TEXT("{\"a\":}"),
    TEXT("{\"a\":1,}"),
    TEXT("{,\"a\":1}"),
    TEXT("{a:1}"),
    TEXT("{'a':1}"),
    TEXT("{1:1}"),
    TEXT("{\"a\":1 \"b\":2}"),
    TEXT("{\"a\"=1}"),
    TEXT("{\"a\":1]"),
    TEXT("{\"a\":1,\"a\":1}"),
    TEXT("{\"a\":1,\"\\u0061\":2}"),
    TEXT("{\"b\":{\"a\":1,\"a\":1}}"),
    TEXT("{null:1}"),
    TEXT("[1]x"),
    TEXT("{}{}"),
    TEXT("'a'"),
    TEXT("\"a"),
    TEXT("\""),
    TEXT("\"\\"),
    TEXT("\"\\\""),
    TEXT("\"\\x41\""),
    TEXT("\"\\a\""),
    TEXT("\"\\u\""),
    TEXT("\"\\u12\""),
    TEXT("\"\\u12g4\""),
    TEXT("\"\\U0041\""),
    TEXT("\"\\u+041\""),
    TEXT("\"a\nb\""),
    TEXT("\"a\tb\""),
    TEXT("\"a\0b\""),
    TEXT("\"\\\0\""),
    TEXT("\"\\u0000\""),
    TEXT("{\"\\u0000\":1}"),
    TEXT("\"\\ud800\""),
    TEXT("\"\\udc00\""),
    TEXT("\"\\ud800\\ud800\""),
    TEXT("\"\\ud800a\""),
    TEXT("\"\\ud800\\n\""),
    TEXT("\"\\ud800\\u"),
    TEXT("\"\\udc00\\ud800\""),
    TEXT("{\"\\ud800\":1}"),
    TEXT("\"\xff\""),
    TEXT("\"\x80\""),
    TEXT("\"\xc3\""),
    TEXT("\"\xc0\xaf\""),
    TEXT("\"\xe0\x80\xaf\""),
    TEXT("\"\xed\xa0\x80\""),
    TEXT("\"\xf4\x90\x80\x80\""),
    TEXT("\"\xf8\x88\x80\x80\x80\""),
    TEXT("\"\xe2\x82"),
    TEXT("[1]\0"),
    TEXT("\0"),
    TEXT("[\0]"),
    TEXT("/* c */ 1"),
    TEXT("1 // c"),
    TEXT("[1]\f"),
    TEXT("\xc2\xa0"
         "1"),
    TEXT("[1]\x1a"),
    TEXT("\\u005b\\u005d"),
    TEXT("<null>"),
    TEXT("*"),
    TEXT("\xfe\xff\0[\0]"),
    TEXT("{\"a\":\"b\"}/**/"),
    TEXT("{\"a\":\"b\"}#"),
    TEXT("[\"\",]"),
};

static void test_accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        struct err err = { 0 };
        if (try_read(accepted[i], &err) < 0) fail_msg("case %zu: %s", i, err.text);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err err = { 0 };
        if (try_read(refused[i], &err) != -ERR_JSON)
            fail_msg("case %zu was accepted: %.*s", i, SLICE_FMT(refused[i]));
        assert_non_null(strstr(err.text, "the test"));
    }
}

/* Every beginning of a good text is refused, unless it is good itself. */
static void test_every_prefix(void **state)
{
    (void)state;
    static const char text[] = "{\"k\":[1.5e3,\"\\ud83d\\ude00\xe2\x82\xac\",true,{\"x\":null}]}";
    struct err err = { 0 };
    for (size_t len = 0; len < sizeof text - 1; len++)
        assert_int_equal(try_read((struct slice){ .ptr = text, .len = len }, &err), -ERR_JSON);
    assert_int_equal(try_read((struct slice){ .ptr = text, .len = sizeof text - 1 }, &err), 0);
}

/* `open` n times, `middle`, `close` n times. */
static int read_nested(const char *open, const char *middle, const char *close, size_t n,
                       struct err *err)
{
    struct buf text;
    buf_init(&text, 64 << 20);
    for (size_t i = 0; i < n; i++) buf_add_str(&text, open);
    buf_add_str(&text, middle);
    for (size_t i = 0; i < n; i++) buf_add_str(&text, close);
    assert_false(text.failed);
    json_t *root = NULL;
    static const struct json_limits wide = { .size_max = 64u << 20,
                                             .depth_max = 64,
                                             .nodes_max = 100000 };
    int result = json_read(&root, buf_slice(&text), &wide, "the test", err);
    json_decref(root);
    buf_release(&text);
    return result;
}

static void test_depth(void **state)
{
    (void)state;
    struct err err = { 0 };
    assert_int_equal(read_nested("[", "", "]", 64, &err), 0);
    assert_fails(read_nested("[", "", "]", 65, &err), ERR_JSON, &err, "64 levels");
    assert_int_equal(read_nested("{\"a\":", "1", "}", 64, &err), 0);
    assert_fails(read_nested("{\"a\":", "1", "}", 65, &err), ERR_JSON, &err, "64 levels");
    /* A million levels are refused at the 65th, without touching the rest. */
    assert_fails(read_nested("[", "", "]", 1000000, &err), ERR_JSON, &err, "64 levels");
    assert_fails(read_nested("[{\"\":", "", "", 1000000, &err), ERR_JSON, &err, "64 levels");
}

static int read_list(size_t n, struct err *err)
{
    struct buf text;
    json_t *root = NULL;
    buf_init(&text, 16 << 20);
    buf_add_char(&text, '[');
    for (size_t i = 0; i < n; i++) buf_add_str(&text, i ? ",1" : "1");
    buf_add_char(&text, ']');
    int result = json_read(&root, buf_slice(&text), &json_limits_request, "the test", err);
    json_decref(root);
    buf_release(&text);
    return result;
}

static void test_counts_and_size(void **state)
{
    (void)state;
    struct err err = { 0 };
    assert_int_equal(read_list(99999, &err), 0); /* and the list itself */
    assert_fails(read_list(100000, &err), ERR_JSON, &err, "100000 values");

    static const struct json_limits tiny = { .size_max = 8, .depth_max = 4, .nodes_max = 4 };
    json_t *root = NULL;
    assert_int_equal(json_read(&root, SLICE("\"123456\""), &tiny, "the test", &err), 0);
    json_decref(root);
    assert_int_equal(json_read(&root, SLICE("\"1234567\""), &tiny, "the test", &err),
                     -ERR_TOO_LARGE);
}

static void test_says_where(void **state)
{
    (void)state;
    struct err err = { 0 };
    assert_int_equal(try_read(SLICE("{\n  \"a\": [1,\n    oops]}"), &err), -ERR_JSON);
    assert_non_null(strstr(err.text, "line 3, column 5"));
}

static void test_values_are_exact(void **state)
{
    (void)state;
    struct err err = { 0 };
    json_t *root = NULL;
    static const struct slice text = TEXT("[9007199254740993,0.1,-0,-0.0,\"\\ud83d\\ude00\",1e2]");
    assert_ok(json_read(&root, text, &json_limits_request, "the test", &err), &err);
    assert_int_equal(json_integer_value(json_array_get(root, 0)), 9007199254740993);
    assert_true(json_real_value(json_array_get(root, 1)) == 0.1);
    assert_true(signbit(json_real_value(json_array_get(root, 3))));
    assert_string_equal(json_string_value(json_array_get(root, 4)), "\xf0\x9f\x98\x80");
    assert_true(json_is_real(json_array_get(root, 5)));
    json_decref(root);
}

/* Every allocation of a read fails once: always an error, nothing left behind (ASan). */
static void test_no_memory(void **state)
{
    (void)state;
    static const struct slice text = TEXT(
        "{\"k\\n\":[1.5,2,\"\\u00e9x\",true,{\"x\":null}],\"m\":{}}");
    struct err err = { 0 };
    json_t *root = NULL;
    int n = 1;
    for (;; n++) {
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int result = json_read(&root, text, &json_limits_request, "the test", &err);
        if (!fault_stop()) break;
        assert_int_equal(result, -ERR_NO_MEMORY);
        assert_null(root);
    }
    assert_true(n > 10);
    json_decref(root);
}

static struct buf out;

static struct json_writer writer(void)
{
    struct json_writer w;
    buf_reset(&out);
    json_writer_init(&w, &out);
    return w;
}

static void test_writes(void **state)
{
    (void)state;
    struct json_writer w = writer();
    json_object_begin(&w);
    json_key(&w, "a\"\n\x01");
    json_array_begin(&w);
    json_int(&w, INT64_MIN);
    json_uint(&w, UINT64_MAX);
    json_bool(&w, true);
    json_null_value(&w);
    json_str(&w, NULL);
    json_object_begin(&w);
    json_object_end(&w);
    json_array_end(&w);
    json_key_slice(&w, SLICE("b"));
    json_slice(&w, SLICE("x\xff\0y\x7f\xe2\x82"));
    json_key(&w, "c");
    json_raw(&w, SLICE("[1]"));
    json_object_end(&w);
    assert_string_equal(buf_str(&out),
                        "{\"a\\\"\\n\\u0001\":[-9223372036854775808,18446744073709551615,true,null,"
                        "null,{}],\"b\":\"x\xef\xbf\xbd\\u0000y\\u007f\xef\xbf\xbd\",\"c\":[1]}");
}

static void test_writes_the_shortest_numbers(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { 1, "1" },
        { 40, "40" },
        { 100000, "100000" },
        { 0.1, "0.1" },
        { -0.5, "-0.5" },
        { 1.0 / 3, "0.3333333333333333" },
        { 1e300, "1e+300" },
        { 5e-324, "5e-324" },
        { 0.1 + 0.2, "0.30000000000000004" },
        { INFINITY, "null" },
        { NAN, "null" },
        { DBL_MAX, "1.7976931348623157e+308" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_writer w = writer();
        json_double(&w, cases[i].value);
        assert_string_equal(buf_str(&out), cases[i].text);
    }
    struct json_writer w = writer();
    json_float(&w, 0.1f);
    assert_string_equal(buf_str(&out), "0.1");
}

/* Any double and any float reads back as itself. */
static void test_numbers_read_back(void **state)
{
    (void)state;
    uint64_t x = 88172645463325252ull; /* xorshift64: the same numbers each time */
    for (int i = 0; i < 20000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double d;
        float f;
        uint32_t low = (uint32_t)x;
        memcpy(&d, &x, sizeof d);
        memcpy(&f, &low, sizeof f);
        if (isfinite(d)) {
            struct json_writer w = writer();
            json_double(&w, d);
            assert_true(strtod(buf_str(&out), NULL) == d);
        }
        if (isfinite(f)) {
            struct json_writer w = writer();
            json_float(&w, f);
            assert_true(strtof(buf_str(&out), NULL) == f);
        }
    }
}

static void test_a_value_is_written_as_it_was_read(void **state)
{
    (void)state;
    static const struct slice text = TEXT("{\"b\":[1,2.5,\"\\u0001\",{}],\"a\":null}");
    struct err err = { 0 };
    json_t *root = NULL;
    assert_ok(json_read(&root, text, &json_limits_request, "the test", &err), &err);
    struct json_writer w = writer();
    json_value(&w, root);
    assert_string_equal(buf_str(&out), text.ptr);
    json_decref(root);
}

static int setup(void **state)
{
    (void)state;
    json_init();
    buf_init(&out, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_release(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_counts_and_size),
        cmocka_unit_test(test_says_where),
        cmocka_unit_test(test_values_are_exact),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_writes),
        cmocka_unit_test(test_writes_the_shortest_numbers),
        cmocka_unit_test(test_numbers_read_back),
        cmocka_unit_test(test_a_value_is_written_as_it_was_read),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
