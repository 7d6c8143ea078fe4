/* json_schema.h: which texts a schema lets through, what is refused and in which words, and that
 * hostile schemas end in an error. tests/golden/schema compares with another validator. */
#include "unit/test.h"

#include "base/json.h"
#include "fault/fault.h"
#include "grammar/json_number.h"
#include "grammar/json_schema.h"
#include "unit/grammar/matching.h"

#include <stdio.h>
#include <string.h>

static int compile_json(struct grammar **ret, const json_t *schema, bool strict, struct err *err)
{
    struct grammar_builder *b;
    const struct json_schema_options options = { .strict = strict };
    TRY(grammar_builder_open(&b, err));
    return grammar_finish(ret, b, json_schema_write(b, schema, &options, err), err);
}

static int compile(struct grammar **ret, const char *schema, bool strict, struct err *err)
{
    json_t *json;
    assert_ok(json_read(&json, slice_of(schema), &json_limits_file, "the schema", err), err);
    int rc = compile_json(ret, json, strict, err);
    json_decref(json);
    return rc;
}

/* --- what is let through ---------------------------------------------------------------------- */

/* Texts end with NULL. */
static const struct {
    const char *schema;
    const char *in[12], *out[16];
} cases[] = {
    { "{\"type\":\"null\"}", { "null" }, { "", "nul", "0", "\"null\"", "null " } },
    { "{\"type\":\"boolean\"}", { "true", "false" }, { "True", "null", "1" } },
    { "{\"type\":\"integer\"}",
      { "0", "-1", "10", "999999999999999999", "-999999999999999999" },
      { "-0", "01", "1.0", "1e3", "+1", "1000000000000000000", "" } },
    { "{\"type\":\"number\"}",
      { "0", "-0", "-1.5", "1e5", "1E-7", "3.141592653589793", "1.5e+307", "0.0001" },
      { "01", ".5", "1.", "1e308", "--1", "1e", "0x1" } },
    { "{\"type\":\"integer\",\"minimum\":-3,\"maximum\":12}",
      { "-3", "-1", "0", "9", "10", "12" },
      { "-4", "13", "100", "-30", "-0" } },
    { "{\"type\":\"integer\",\"exclusiveMinimum\":99,\"exclusiveMaximum\":1000}",
      { "100", "999", "555" },
      { "99", "1000", "10", "1001" } },
    { "{\"type\":\"integer\",\"minimum\":1.5,\"maximum\":3.5}", { "2", "3" }, { "1", "4" } },
    { "{\"type\":\"integer\",\"minimum\":-9223372036854775808,\"maximum\":9223372036854775807}",
      { "9223372036854775807", "-9223372036854775808", "0" },
      { "9223372036854775808", "-9223372036854775809" } },
    { "{\"type\":\"integer\",\"multipleOf\":7,\"minimum\":0,\"maximum\":700}",
      { "0", "7", "14", "350", "700" },
      { "1", "8", "707", "-7", "351" } },
    { "{\"type\":\"number\",\"multipleOf\":25}",
      { "0", "-25", "1000", "999975" },
      { "10", "2.5" } },
    { "{\"type\":\"number\",\"minimum\":0,\"maximum\":1}",
      { "0", "1", "0.5", "1.0", "0.999", "1e-05", "1.000" },
      { "1.01", "-0.5", "2", "1e-04", "1e5", "10" } },
    { "{\"type\":\"number\",\"exclusiveMinimum\":0,\"exclusiveMaximum\":0.25}",
      { "0.1", "0.001", "0.2499", "0.24" },
      { "0", "0.0", "0.25", "0.250", "0.3", "1" } },
    { "{\"type\":\"number\",\"minimum\":-2.5,\"maximum\":-0.125}",
      { "-2.5", "-1", "-0.125", "-0.2", "-2.49" },
      { "-2.51", "-0.12", "0", "-3", "1" } },
    { "{\"type\":\"number\",\"minimum\":0}", { "1e+16", "1e-05", "0", "12.5" }, { "-1", "1e5" } },
    { "{\"type\":\"string\"}",
      { "\"\"", "\"a\"", "\"\\n\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\/\"", "\"é😀\"" },
      { "a", "\"", "\"\"\"", "\"\\x\"", "\"\\ud83d\"", "\"\\ude00\\ud83d\"", "\"\\u0000\"",
        "\"\n\"", "\"\\u00g0\"", "\"\xff\"" } },
    { "{\"type\":\"string\",\"minLength\":1,\"maxLength\":2}",
      { "\"a\"", "\"é😀\"", "\"\\ud83d\\ude00\\n\"" },
      { "\"\"", "\"abc\"" } },
    { "{\"type\":\"string\",\"pattern\":\"^[a-c\\\"]+$\"}",
      { "\"abc\"", "\"\\\"\"" },
      { "\"\"", "\"d\"", "\"\\u0061\"" } },
    { "{\"type\":\"string\",\"pattern\":\"b\",\"minLength\":2,\"maxLength\":3}",
      { "\"ab\"", "\"abc\"", "\"bb\"" },
      { "\"b\"", "\"aaa\"", "\"abcd\"" } },
    { "{\"type\":\"string\",\"not\":{\"enum\":[\"a\",\"b\\n\"]}}",
      { "\"\"", "\"ab\"", "\"b\"" },
      { "\"a\"", "\"b\\n\"", "\"\\u0061\"" } },
    { "{\"format\":\"date\",\"type\":\"string\"}",
      { "\"2024-02-29\"", "\"1999-12-31\"", "\"2000-02-29\"" },
      { "\"2023-02-29\"", "\"1900-02-29\"", "\"2024-13-01\"", "\"2024-04-31\"",
        "\"0000-01-01\"" } },
    { "{\"format\":\"date-time\",\"type\":\"string\"}",
      { "\"2024-01-01T23:59:59Z\"", "\"2024-01-01T00:00:00.5+01:00\"" },
      { "\"2024-01-01\"", "\"2024-01-01T24:00:00Z\"", "\"2024-01-01T00:00:00\"" } },
    { "{\"format\":\"ipv4\",\"type\":\"string\"}",
      { "\"0.0.0.0\"", "\"255.1.20.199\"" },
      { "\"256.1.1.1\"", "\"1.1.1\"", "\"01.1.1.1\"" } },
    { "{\"format\":\"ipv6\",\"type\":\"string\"}",
      { "\"::\"", "\"::1\"", "\"1:2:3:4:5:6:7:8\"", "\"fe80::1:2\"" },
      { "\":\"", "\"1::2::3\"", "\"1:2:3\"", "\"12345::\"" } },
    { "{\"format\":\"uuid\",\"type\":\"string\"}",
      { "\"2eb8aa08-aa98-11ea-b4aa-73b441d16380\"" },
      { "\"2eb8aa08aa98-11ea-b4aa-73b441d16380\"" } },
    { "{\"format\":\"email\",\"type\":\"string\"}",
      { "\"a.b@example.org\"" },
      { "\"a@\"", "\"@b.org\"", "\"a@b\"", "\"a..b@c.org\"" } },
    { "{\"format\":\"colour\",\"type\":\"string\"}", { "\"anything\"" }, { "1" } },
    { "{\"const\":{\"b\":[1,2.0,null],\"a\":\"\\u00e9\\n\"}}",
      { "{\"b\": [1, 2.0, null], \"a\": \"é\\n\"}" },
      { "{\"a\": \"é\\n\", \"b\": [1, 2.0, null]}", "{}" } },
    { "{\"enum\":[1e16,0.00001,1e15,0.1,true,\"a\"]}",
      { "1e+16", "1e-05", "1000000000000000.0", "0.1", "true", "\"a\"" },
      { "1", "a", "false" } },
    { "{\"enum\":[1,\"a\",null,[1]],\"type\":[\"string\",\"array\"]}",
      { "\"a\"", "[1]" },
      { "1", "null" } },
    { "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}",
      { "[]", "[1]", "[1, 2, 3]" },
      { "[1,2]", "[1, ]", "[, 1]", "[\"a\"]", "[ ]" } },
    { "{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"minItems\":2,\"maxItems\":3}",
      { "[null, null]", "[null, null, null]" },
      { "[]", "[null]", "[null, null, null, null]" } },
    { "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"null\"},{\"type\":\"integer\"}],\"items\":"
      "false}",
      { "[]", "[null]", "[null, 1]" },
      { "[1]", "[null, null]", "[null, 1, 2]" } },
    { "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"null\"}],\"minItems\":2,\"items\":"
      "{\"const\":1}}",
      { "[null, 1]", "[null, 1, 1]" },
      { "[null]", "[]", "[1, 1]" } },
    { "{\"type\":\"array\",\"items\":{\"enum\":[1,2,3]},\"uniqueItems\":true,\"minItems\":1}",
      { "[1]", "[3, 1, 2]", "[2, 1]" },
      { "[]", "[1, 1]", "[1, 2, 1]" } },
    { "{\"type\":\"array\",\"contains\":{\"const\":1},\"minItems\":2}",
      { "[1, 2]", "[2, 1]", "[0, 0, 1, 0]", "[1, 1]" },
      { "[]", "[1]", "[2, 2]" } },
    { "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"null\"},\"b\":{\"type\":\"null\"}},"
      "\"additionalProperties\":false,\"required\":[\"a\",\"b\"]}",
      { "{\"a\": null, \"b\": null}" },
      { "{}", "{\"a\": null}", "{\"b\": null, \"a\": null}", "{\"a\":null,\"b\":null}",
        "{\"a\": null, \"b\": null, \"c\": null}" } },
    { "{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2},\"c\":{"
      "\"const\":3}"
      "},\"additionalProperties\":false}",
      { "{}", "{\"a\": 1}", "{\"b\": 2}", "{\"c\": 3}", "{\"a\": 1, \"c\": 3}",
        "{\"b\": 2, \"c\": 3}", "{\"a\": 1, \"b\": 2, \"c\": 3}" },
      { "{, \"a\": 1}", "{\"a\": 1, }", "{\"c\": 3, \"a\": 1}", "{\"a\": 1, \"a\": 1}" } },
    { "{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2},\"c\":{"
      "\"const\":3}"
      "},\"additionalProperties\":false,\"required\":[\"b\"]}",
      { "{\"b\": 2}", "{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"c\": 3}" },
      { "{}", "{\"a\": 1}", "{\"c\": 3}", "{\"a\": 1, \"c\": 3}" } },
    { "{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1}},\"additionalProperties\":{"
      "\"const\":2"
      "}}",
      { "{}", "{\"a\": 1}", "{\"b\": 2}", "{\"a\": 1, \"aa\": 2, \"\": 2}" },
      { "{\"a\": 2}", "{\"b\": 1}", "{\"b\": 2, \"a\": 1}", "{\"\\u0061\": 2}" } },
    { "{\"type\":\"object\",\"patternProperties\":{\"^x\":{\"const\":1},\"y$\":{\"type\":"
      "\"integer\"}},"
      "\"additionalProperties\":false}",
      { "{}", "{\"x\": 1}", "{\"y\": 5}", "{\"xy\": 1}" },
      { "{\"x\": 2}", "{\"z\": 1}", "{\"xy\": 5}" } },
    { "{\"type\":\"object\",\"propertyNames\":{\"maxLength\":1},\"additionalProperties\":{"
      "\"const\":0}}",
      { "{}", "{\"é\": 0}", "{\"a\": 0, \"b\": 0}" },
      { "{\"ab\": 0}" } },
    { "{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2},\"c\":{"
      "\"const\":3}"
      "},\"additionalProperties\":false,\"minProperties\":2,\"maxProperties\":2}",
      { "{\"a\": 1, \"b\": 2}", "{\"a\": 1, \"c\": 3}", "{\"b\": 2, \"c\": 3}" },
      { "{}", "{\"a\": 1}", "{\"a\": 1, \"b\": 2, \"c\": 3}" } },
    { "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":{\"const\":1}}",
      { "{\"a\": 1}", "{\"a\": 1, \"b\": 1}" },
      { "{}" } },
    { "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\",\"maxLength\":1}]}",
      { "null", "\"a\"" },
      { "\"ab\"", "1" } },
    { "{\"type\":\"integer\",\"anyOf\":[{\"maximum\":1},{\"minimum\":5}],\"minimum\":0}",
      { "0", "1", "5" },
      { "2", "-1", "4" } },
    { "{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"k\":{\"const\":\"a\"},\"x\":{\"type\":"
      "\"null\""
      "}},\"required\":[\"k\",\"x\"],\"additionalProperties\":false},{\"type\":\"object\","
      "\"properties\":{\"k\":{\"const\":\"b\"}},\"required\":[\"k\"],\"additionalProperties\":"
      "false}]}",
      { "{\"k\": \"a\", \"x\": null}", "{\"k\": \"b\"}" },
      { "{\"k\": \"a\"}", "{\"k\": \"b\", \"x\": null}" } },
    { "{\"allOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"minimum\":2}},\"required\":[\"a\"]"
      "},"
      "{\"properties\":{\"a\":{\"type\":\"integer\",\"maximum\":3}}}],\"unevaluatedProperties\":"
      "false}",
      { "{\"a\": 2}", "{\"a\": 3}" },
      { "{\"a\": 1}", "{\"a\": 4}", "{\"a\": 2, \"b\": 1}", "{}" } },
    { "{\"$ref\":\"#/$defs/"
      "list\",\"$defs\":{\"list\":{\"type\":\"object\",\"properties\":{\"next\":"
      "{\"anyOf\":[{\"type\":\"null\"},{\"$ref\":\"#/$defs/list\"}]}},\"required\":[\"next\"],"
      "\"additionalProperties\":false}}}",
      { "{\"next\": null}", "{\"next\": {\"next\": {\"next\": null}}}" },
      { "{\"next\": {}}", "{}" } },
    { "{\"$ref\":\"#name\",\"$defs\":{\"x~/%\":{\"$anchor\":\"name\",\"const\":1}}}",
      { "1" },
      { "2" } },
    { "{\"$ref\":\"#/$defs/x~0~1%25\",\"$defs\":{\"x~/%\":{\"const\":1}}}", { "1" }, { "2" } },
    { "{\"dependentRequired\":{\"a\":[\"b\"]},\"type\":\"object\",\"properties\":{\"a\":{\"const\":"
      "1},"
      "\"b\":{\"const\":2}},\"additionalProperties\":false}",
      { "{}", "{\"b\": 2}", "{\"a\": 1, \"b\": 2}" },
      { "{\"a\": 1}" } },
    { "{\"not\":{\"type\":[\"object\",\"array\",\"string\",\"number\"]}}",
      { "null", "true" },
      { "1", "\"\"", "{}" } },
    { "true", { "null", "{\"a\": [1, {}]}", "[]", "\"x\"", "-1.5e3" }, { "", "{]", "{\"a\":1}" } },
    { "{\"title\":\"any\"}", { "1", "{\"a\": []}" }, { "x" } },
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct grammar *g;
        struct err err;
        assert_ok(compile(&g, cases[i].schema, false, &err), &err);
        for (size_t k = 0; cases[i].in[k]; k++)
            if (!grammar_matches(g, slice_of(cases[i].in[k])))
                fail_msg("%s does not let through %s", cases[i].schema, cases[i].in[k]);
        for (size_t k = 0; cases[i].out[k]; k++)
            if (grammar_matches(g, slice_of(cases[i].out[k])))
                fail_msg("%s lets through %s", cases[i].schema, cases[i].out[k]);
        grammar_unref(g);
    }
}

/* --- what is refused -------------------------------------------------------------------------- */

static const struct {
    const char *schema, *part;
    bool strict;
} refused[] = {
    { "1", "a schema is an object" },
    { "false", "nothing is valid under false" },
    { "{\"properties\":{\"a\":{\"minLength\":\"x\"}}}",
      "#/properties/a/minLength: this is a whole" },
    { "{\"type\":\"text\"}", "#/type: a type is one of" },
    { "{\"items\":[{}]}", "prefixItems" },
    { "{\"type\":\"integer\",\"minimum\":3,\"maximum\":2}", "no value can have all" },
    { "{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":false}}",
      "#/properties/a: the property 'a' is required" },
    { "{\"enum\":[]}", "no value" },
    { "{\"enum\":[1,2],\"minimum\":3}", "none of the values of enum" },
    { "{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{\"$ref\":\"#\"}}}",
      "without end" },
    { "{\"$ref\":\"#\"}", "leads to itself" },
    { "{\"anyOf\":[{\"type\":\"null\"},{\"$ref\":\"#\"}]}", "leads to itself" },
    { "{\"allOf\":[{\"$ref\":\"#/$defs/a\"}],\"$defs\":{\"a\":{\"allOf\":[{\"$ref\":\"#\"}]}}}",
      "leads to itself" },
    { "{\"$ref\":\"#/$defs/none\"}", "#/$ref: '#/$defs/none' leads nowhere" },
    { "{\"$ref\":\"other.json\"}", "outside of this document" },
    { "{\"$ref\":\"#none\"}", "$anchor" },
    { "{\"if\":{},\"then\":{}}", "if, then and else" },
    { "{\"oneOf\":[{\"type\":\"integer\"},{\"type\":\"number\"}]}",
      "#/oneOf: oneOf is supported if" },
    { "{\"oneOf\":[{\"enum\":[1,2]},{\"enum\":[3,2.0]}]}", "oneOf is supported if" },
    { "{\"oneOf\":[{\"enum\":[1,2]},{\"type\":\"integer\",\"minimum\":2}]}",
      "oneOf is supported if" },
    { "{\"oneOf\":[{\"type\":\"string\",\"maxLength\":2},{\"type\":\"string\",\"minLength\":2}]}",
      "oneOf is supported if" },
    { "{\"type\":\"object\",\"oneOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}",
      "oneOf is supported if" },
    { "{\"$ref\":\"#/$defs/a\",\"allOf\":[{\"$ref\":\"#/$defs/"
      "a\"}],\"unevaluatedProperties\":false,"
      "\"$defs\":{\"a\":{\"properties\":{\"b\":{}}}}}",
      "come in twice" },
    { "{\"type\":\"array\",\"uniqueItems\":true}", "uniqueItems is supported" },
    { "{\"type\":\"number\",\"multipleOf\":0.1}", "multipleOf" },
    { "{\"type\":\"object\",\"minProperties\":2}", "minProperties of 2" },
    { "{\"type\":\"array\",\"contains\":{},\"maxContains\":2}", "maxContains" },
    { "{\"not\":{\"minimum\":1}}", "'not' is supported" },
    { "{\"type\":\"string\",\"pattern\":\"(?=a)\"}", "#/pattern: regular expression, offset" },
    { "{\"$dynamicRef\":\"#x\"}", "$dynamicRef" },
    { "{\"type\":\"object\"}",
      "In context=(), 'additionalProperties' is required to be supplied and to be false.", true },
    { "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"a\"],\"properties\":{"
      "\"a\":"
      "{\"type\":\"object\"}}}",
      "In context=('properties', 'a'), 'additionalProperties' is required to be supplied and to be "
      "false.",
      true },
    { "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"b\":{}}}",
      "In context=(), 'required' is required to be supplied and to be an array including every key "
      "in properties. Missing 'b'.",
      true },
    { "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{},\"required\":[\"c\"]}",
      "Extra required key 'c' supplied.", true },
    { "{\"$defs\":{\"a\":{\"type\":\"object\"}},\"type\":\"null\"}", "In context=('$defs', 'a'), ",
      true },
    { "{\"type\":\"string\",\"minLenght\":1}", "In context=(), 'minLenght' is not permitted.",
      true },
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct grammar *g;
        struct err err;
        assert_fails(compile(&g, refused[i].schema, refused[i].strict, &err), ERR_INVALID_VALUE,
                     &err, refused[i].part);
    }
}

static void test_what_no_type_needs_is_not_refused(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    assert_ok(
        compile(&g, "{\"type\":\"string\",\"uniqueItems\":true,\"minLenght\":3}", false, &err),
        &err);
    assert_true(grammar_matches(g, SLICE("\"a\"")));
    grammar_unref(g);
}

/* --- limits ----------------------------------------------------------------------------------- */

/* `open` n times, then `inside`, then `close` n times. */
static int compile_nested(const char *open, const char *inside, const char *close, int n,
                          struct err *err)
{
    struct buf text;
    json_t *json;
    struct grammar *g = NULL;
    const struct json_limits limits = { 64 << 20, 4096, 8 << 20 };
    buf_init(&text, 64 << 20);
    for (int i = 0; i < n; i++) buf_add_str(&text, open);
    buf_add_str(&text, inside);
    for (int i = 0; i < n; i++) buf_add_str(&text, close);
    assert_ok(json_read(&json, buf_slice(&text), &limits, "the schema", err), err);
    int rc = compile_json(&g, json, false, err);
    json_decref(json);
    buf_release(&text);
    grammar_unref(g);
    return rc;
}

static void test_depth(void **state)
{
    (void)state;
    struct err err;
    const char *open = "{\"items\":", *inside = "{}";
    assert_ok(compile_nested(open, inside, "}", JSON_SCHEMA_DEPTH_MAX - 1, &err), &err);
    assert_fails(compile_nested(open, inside, "}", JSON_SCHEMA_DEPTH_MAX, &err), ERR_LIMIT, &err,
                 "128 levels");
}

/* A schema of `n` members "key<i>": value, in `head` and `tail`. */
static int compile_many(const char *head, const char *format, const char *tail, int n,
                        struct grammar **ret, struct err *err)
{
    struct buf text;
    json_t *json;
    buf_init(&text, 64 << 20);
    buf_add_str(&text, head);
    for (int i = 0; i < n; i++) {
        if (i) buf_add_char(&text, ',');
        /* The format has one number, and two in chains. */
        char member[200];
        (void)snprintf(member, sizeof member, format, i, i + 1);
        buf_add_str(&text, member);
    }
    buf_add_str(&text, tail);
    assert_ok(json_read(&json, buf_slice(&text), &json_limits_file, "the schema", err), err);
    int rc = compile_json(ret, json, false, err);
    json_decref(json);
    buf_release(&text);
    return rc;
}

static void test_chains_of_references(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    const char *head = "{\"$ref\":\"#/$defs/d0\",\"$defs\":{";
    const char *link = "\"d%d\":{\"$ref\":\"#/$defs/d%d\"}";
    char tail[64];
    int n = JSON_SCHEMA_REFS_MAX - 1;
    (void)snprintf(tail, sizeof tail, ",\"d%d\":{\"type\":\"null\"}}}", n);
    assert_ok(compile_many(head, link, tail, n, &g, &err), &err);
    assert_true(grammar_matches(g, SLICE("null")));
    grammar_unref(g);
    (void)snprintf(tail, sizeof tail, ",\"d%d\":{\"type\":\"null\"}}}", n + 1);
    assert_fails(compile_many(head, link, tail, n + 1, &g, &err), ERR_LIMIT, &err, "100 $ref");
}

static void test_merged(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    assert_ok(compile_many("{\"allOf\":[", "{\"minimum\":%d}", "],\"type\":\"integer\"}",
                           JSON_SCHEMA_MERGED_MAX - 1, &g, &err),
              &err);
    assert_true(grammar_matches(g, SLICE("998")));
    assert_false(grammar_matches(g, SLICE("997")));
    grammar_unref(g);
    assert_fails(
        compile_many("{\"allOf\":[", "{\"minimum\":%d}", "]}", JSON_SCHEMA_MERGED_MAX, &g, &err),
        ERR_LIMIT, &err, "1000 schemas hold");
}

static void test_alternatives_multiply(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    const char *group = "{\"anyOf\":[{\"minimum\":%d},{\"maximum\":%d}]}";
    assert_ok(compile_many("{\"allOf\":[", group, "],\"type\":\"integer\"}", 10, &g, &err), &err);
    grammar_unref(g);
    assert_fails(compile_many("{\"allOf\":[", group, "]}", 20, &g, &err), ERR_LIMIT, &err,
                 "alternatives");
}

static void test_many_optional_properties(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    assert_ok(compile_many("{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{",
                           "\"p%d\":{\"type\":\"null\"}", "}}", 1000, &g, &err),
              &err);
    assert_true(grammar_matches(g, SLICE("{}")));
    assert_true(
        grammar_matches(g, SLICE("{\"p0\": null, \"p7\": null, \"p8\": null, \"p999\": null}")));
    assert_true(grammar_matches(g, SLICE("{\"p500\": null}")));
    assert_false(grammar_matches(g, SLICE("{\"p8\": null, \"p7\": null}")));
    assert_false(grammar_matches(g, SLICE("{\"p8\": null, \"p8\": null}")));
    grammar_unref(g);
}

static void test_many_values(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    assert_ok(compile_many("{\"enum\":[", "\"value %d\"", "]}", 100000, &g, &err), &err);
    assert_true(grammar_matches(g, SLICE("\"value 99999\"")));
    assert_false(grammar_matches(g, SLICE("\"value 100000\"")));
    grammar_unref(g);
}

static void test_patterns_of_names(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    const char *head =
        "{\"type\":\"object\",\"additionalProperties\":false,\"patternProperties\":{";
    assert_ok(
        compile_many(head, "\"^%d\":{\"const\":%d}", "}}", JSON_SCHEMA_PATTERNS_MAX, &g, &err),
        &err);
    assert_true(grammar_matches(g, SLICE("{\"1x\": 2}")));
    assert_false(grammar_matches(g, SLICE("{\"1x\": 1}")));
    grammar_unref(g);
    assert_fails(
        compile_many(head, "\"^%d\":{\"const\":%d}", "}}", JSON_SCHEMA_PATTERNS_MAX + 1, &g, &err),
        ERR_INVALID_VALUE, &err, "more than 6 patterns");
}

static void test_counts(void **state)
{
    static const struct {
        const char *format, *part;
        int max;
    } limits[] = {
        { "{\"type\":\"array\",\"contains\":{\"const\":1},\"maxItems\":%d}",
          "contains is supported", JSON_SCHEMA_CONTAINS_MAX },
        { "{\"type\":\"string\",\"pattern\":\"a\",\"maxLength\":%d}",
          "maxLength are supported up to", JSON_SCHEMA_PATTERN_LENGTH_MAX },
        { "{\"type\":\"integer\",\"multipleOf\":%d}", "multipleOf is supported",
          JSON_MULTIPLE_MAX },
        { "{\"type\":\"string\",\"minLength\":%d}", NULL, 1000000000 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct grammar *g;
        struct err err;
        char schema[200];
        (void)snprintf(schema, sizeof schema, limits[i].format, limits[i].max);
        assert_ok(compile(&g, schema, false, &err), &err);
        grammar_unref(g);
        if (!limits[i].part) continue;
        (void)snprintf(schema, sizeof schema, limits[i].format, limits[i].max + 1);
        assert_fails(compile(&g, schema, false, &err), ERR_INVALID_VALUE, &err, limits[i].part);
    }
}

static void test_unique_values(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    const char *head = "{\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"enum\":[";
    assert_ok(compile_many(head, "%d", "]}}", JSON_SCHEMA_UNIQUE_MAX, &g, &err), &err);
    assert_true(grammar_matches(g, SLICE("[7, 6, 5, 4, 3, 2, 1, 0]")));
    assert_false(grammar_matches(g, SLICE("[7, 6, 7]")));
    grammar_unref(g);
    assert_fails(compile_many(head, "%d", "]}}", JSON_SCHEMA_UNIQUE_MAX + 1, &g, &err),
                 ERR_INVALID_VALUE, &err, "at most 8");
}

static void test_counted_properties(void **state)
{
    (void)state;
    struct grammar *g;
    struct err err;
    const char *head = "{\"type\":\"object\",\"additionalProperties\":false,\"minProperties\":99,"
                       "\"properties\":{";
    /* 100 counts for each of 200 places between properties. */
    assert_ok(compile_many(head, "\"p%d\":{}", "}}", 199, &g, &err), &err);
    grammar_unref(g);
    assert_fails(compile_many(head, "\"p%d\":{}", "}}", 200, &g, &err), ERR_INVALID_VALUE, &err,
                 "up to 20000");
}

/* --- the rest --------------------------------------------------------------------------------- */

static void test_any_and_object(void **state)
{
    (void)state;
    for (int object = 0; object < 2; object++) {
        struct grammar_builder *b;
        struct grammar *g;
        struct err err;
        assert_ok(grammar_builder_open(&b, &err), &err);
        int32_t node = object ? json_object_write(b) : json_any_write(b);
        assert_ok(grammar_finish(&g, b, node, &err), &err);
        assert_true(grammar_matches(g, SLICE("{\"a\\u00e9\": [1, {}, \"\\n\"], \"b\": true}")));
        assert_int_equal(grammar_matches(g, SLICE("[1]")), !object);
        assert_int_equal(grammar_matches(g, SLICE("null")), !object);
        assert_false(grammar_matches(g, SLICE("{\"a\": }")));
        grammar_unref(g);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char schema[] =
        "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#n\"},\"b\":{\"enum\":[1,\"x\"]},"
        "\"c\":"
        "{\"type\":\"array\",\"items\":{\"type\":\"number\",\"minimum\":0.5},\"contains\":{"
        "\"const\":1}}},"
        "\"patternProperties\":{\"^x\":{\"multipleOf\":3}},\"dependentRequired\":{\"a\":[\"b\"]},"
        "\"oneOf\":[{\"required\":[\"a\"],\"properties\":{\"a\":{\"const\":\"ab\"}}},{"
        "\"properties\":"
        "{\"a\":{\"pattern\":\"^b\",\"minLength\":2}},\"required\":[\"a\"]}],"
        "\"$defs\":{\"n\":{\"$anchor\":\"n\",\"type\":\"string\",\"not\":{\"const\":\"q\"}}}}";
    struct err err;
    json_t *json;
    assert_ok(json_read(&json, slice_of(schema), &json_limits_file, "the schema", &err), &err);
    int n = 1;
    /* Nearly all of the first hundred, then ever fewer: sanitizers make each round slow. */
    for (;; n += 1 + n / 100) {
        struct grammar *g = NULL;
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = compile_json(&g, json, false, &err);
        bool hit = fault_stop();
        if (rc == 0) grammar_unref(g);
        if (!hit) break;
        if (rc < 0) assert_int_equal(rc, -ERR_NO_MEMORY);
    }
    assert_true(n > 100);
    json_decref(json);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_what_no_type_needs_is_not_refused),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_chains_of_references),
        cmocka_unit_test(test_merged),
        cmocka_unit_test(test_alternatives_multiply),
        cmocka_unit_test(test_many_optional_properties),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_patterns_of_names),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_unique_values),
        cmocka_unit_test(test_counted_properties),
        cmocka_unit_test(test_any_and_object),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
