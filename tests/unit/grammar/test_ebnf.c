/* The grammar language: ours, GBNF and what is common of Lark; errors by place; limits. */
#include "unit/test.h"

#include "base/buf.h"
#include "fault/fault.h"
#include "grammar/ebnf.h"
#include "unit/grammar/matching.h"

#include <string.h>

static int compile(struct grammar **ret, struct slice text, struct err *err)
{
    struct grammar_builder *b;
    TRY(grammar_builder_open(&b, err));
    return grammar_finish(ret, b, ebnf_write(b, text, err), err);
}

struct row {
    const char *text;
    const char *yes[6], *no[6];
};

#define TOKEN(text) "\xFF" text

static const struct row rows[] = {
    /* GBNF. */
    { "root ::= \"yes\" | \"no\"", { "yes", "no" }, { "", "y", "yesno" } },
    { "root ::= ws answer # a comment\n# another\n\nws ::= [ \\t]*\nanswer ::= [0-9]+\n",
      { "  12", "1" },
      { "", " ", "1 " } },
    { "root ::= (\n  \"a\" # first\n  | \"b\"\n) \"c\"", { "ac", "bc" }, { "a", "c" } },
    { "root ::= \"a\" |\n  \"b\"\nother ::= \"c\"", { "a", "b" }, { "c" } },
    { "root ::=\n  \"a\" \"b\"\n", { "ab" }, { "a" } },
    { "root ::= [a-z^\\n\\x41\\u00e9\\U0001F600]+",
      { "az^\nA\xC3\xA9\xF0\x9F\x98\x80" },
      { "B", "" } },
    { "root ::= [^a-c\\]]", { "d", "\n", "[" }, { "a", "]", "" } },
    { "root ::= [-a] [a-]", { "--", "a-" }, { "b-" } },
    { "root ::= .", { "a", "\n", "\xE2\x82\xAC" }, { "", "ab" } },
    { "root ::= \"a\"* \"b\"+ \"c\"? \"d\"{2} \"e\"{1,} \"f\"{0,2}",
      { "bdde", "aabbcddeeff" },
      { "dde", "bde", "bddefff" } },
    { "root ::= (\"a\" \"b\") {2} | [x] *", { "abab", "", "xx" }, { "ab" } },
    { "root ::= \"\\\"\\\\\\n\\t\\x41\\u20ac\\U0001F600\"",
      { "\"\\\n\tA\xE2\x82\xAC\xF0\x9F\x98\x80" },
      { "" } },
    { "root ::= \"(\" root \")\" | \"\"", { "", "((()))" }, { "(()", "())" } },
    { "root ::= \"a\" | | \"b\"", { "a", "", "b" }, { "ab" } },
    { "root ::= \"\" ", { "" }, { "a" } },
    { "a-1 ::= b_2\nb_2 ::= \"x\"", { "x" }, { "" } },
    { "root ::= \"a\"\r\nb ::= \"c\"\r\n", { "a" }, { "c" } },
    { "root ::= \"a\" b?\nb ::= \"b\" root?", { "a", "ababa" }, { "abb", "" } },
    /* Ours. */
    { "x = \"a\" y\ny: /[b-d]{1,2}/i\n", { "ab", "aCD" }, { "a", "abcd" } },
    { "root ::= \"a\"\n  | \"b\"\n\n  # and\n  | \"c\"\nd ::= \"d\"", { "a", "b", "c" }, { "d" } },
    { "root ::= <|tool|> \"x\" | <think> | token(\"[INST]\")",
      { TOKEN("<|tool|>") "x", TOKEN("<think>"), TOKEN("[INST]") },
      { "<|tool|>x", "x", "[INST]", TOKEN("<|tool|>") } },
    { "root ::= token (\"x\")\ntoken ::= \"t\"", { "tx" }, { "t" } },
    { "root ::= /a\\/b|c/ /./s", { "a/bx", "c\n" }, { "a/b" } },
    { "root ::= /(x)|^y$/ // a comment\n", { "x", "y" }, { "xy" } },
    /* Lark. */
    { "start: greeting \", \" NAME \"!\"?\ngreeting: \"hello\"i | \"hi\"\nNAME: /[A-Z][a-z]*/\n",
      { "hello, Ada", "HELLO, Ada!", "hi, X" },
      { "Hi, Ada", "hello, ada" } },
    { "start: \"a\"..\"c\" [\"+\" | \"-\"] \"0\"..\"9\"~2..3\n",
      { "a12", "b+123", "c-00" },
      { "d12", "a1", "a1234" } },
    { "start: item~3\nitem: \"x\"", { "xxx" }, { "xx", "xxxx" } },
    { "%import common.INT\n%import common (WS, CNAME)\n%import common.ESCAPED_STRING -> TEXT\n"
      "start: CNAME WS INT | TEXT\n",
      { "ab1  12", "\"a\\\"b\"" },
      { "1 1", "\"a\"b\"" } },
    /* The calculator, which begins with itself; names of trees say nothing. */
    { "?start: sum\n?sum: product\n  | sum \"+\" product -> add\n  | sum \"-\" product -> sub\n"
      "?product: atom\n  | product \"*\" atom  -> mul\n"
      "?atom: NUMBER -> number\n  | \"-\" atom -> neg\n  | \"(\" sum \")\"\n"
      "%import common.NUMBER\n",
      { "1", "1+2*3-4", "-(1.5*2)+3", "2*(3)" },
      { "", "1+", "(1", "*2" } },
    { "root ::= root \"a\" | root | \"b\" | \"c\"", { "b", "caa" }, { "a", "ab", "bc" } },
    { "SP: \" \"\nCOMMA.2: \",\"\nstart: \"SELECT\" SP column (COMMA SP column)* \";\"\n"
      "!column: /[A-Za-z_][A-Za-z0-9_]*/\n",
      { "SELECT a, b_1;" },
      { "SELECT a,b;", "SELECT ;" } },
};

static void check_row(const struct row *row, struct grammar *g)
{
    for (size_t k = 0; k < 6 && row->yes[k]; k++)
        if (!grammar_matches(g, slice_of(row->yes[k])))
            fail_msg("%s\ndoes not match '%s'", row->text, row->yes[k]);
    for (size_t k = 0; k < 6 && row->no[k]; k++)
        if (grammar_matches(g, slice_of(row->no[k])))
            fail_msg("%s\nmatches '%s'", row->text, row->no[k]);
    grammar_unref(g);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct grammar *g;
        struct err err;
        if (compile(&g, slice_of(row->text), &err) < 0) fail_msg("%s\n%s", row->text, err.text);
        check_row(row, g);
    }
}

/* The same texts as the inside of a JSON string; tokens are none of them. */
static void test_inside_a_json_string(void **state)
{
    (void)state;
    static const struct row written[] = {
        { "root ::= \"a\\\"\\n\\\\\" .", { "a\\\"\\n\\\\x", "a\\\"\\n\\\\\\t" }, { "a\"\n\\x" } },
        { "root ::= [^a] [\"-$]",
          { "b#", "\\u0001\\\"", "\\\\$", "\xC3\xA9#" },
          { "a#", "\"#", "b\"" } },
        { "root ::= \"\" /x\\s/", { "x ", "x\\n" }, { "x\n" } },
        { "start: \"!\"..\"#\" \"q\\\"\"i WS\n%import common.WS\n",
          { "!Q\\\" ", "\\\"q\\\"\\n\\t", "#q\\\" " },
          { "\"q\\\" ", "$q\\\" ", "!q\\\"\n" } },
    };
    struct grammar_builder *b;
    struct grammar *g = NULL;
    struct err err = { 0 };
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        const struct row *row = &written[i];
        assert_ok(grammar_builder_open(&b, &err), &err);
        assert_ok(grammar_finish(&g, b, ebnf_write_json(b, slice_of(row->text), &err), &err), &err);
        check_row(row, g);
    }
    assert_ok(grammar_builder_open(&b, &err), &err);
    assert_int_equal(ebnf_write_json(b, SLICE("root ::= \"a\" <|x|>"), &err), -ERR_INVALID_VALUE);
    assert_non_null(strstr(err.text, "JSON string"));
    grammar_builder_close(b);
}

/* JSON as people write it in GBNF. */
static void test_json_in_gbnf(void **state)
{
    (void)state;
    static const char text[] =
        "root   ::= object\n"
        "value  ::= object | array | string | number | (\"true\" | \"false\" | \"null\") ws\n"
        "object ::=\n"
        "  \"{\" ws (\n"
        "            string \":\" ws value\n"
        "    (\",\" ws string \":\" ws value)*\n"
        "  )? \"}\" ws\n"
        "array  ::=\n"
        "  \"[\" ws (\n"
        "            value\n"
        "    (\",\" ws value)*\n"
        "  )? \"]\" ws\n"
        "string ::=\n"
        "  \"\\\"\" (\n"
        "    [^\"\\\\\\x7F\\x00-\\x1F] |\n"
        "    \"\\\\\" ([\"\\\\bfnrt] | \"u\" [0-9a-fA-F]{4})\n"
        "  )* \"\\\"\" ws\n"
        "number ::= (\"-\"? ([0-9] | [1-9] [0-9]{0,15})) (\".\" [0-9]+)? ([eE] [-+]? [0-9]{1,15})? "
        "ws\n"
        "ws ::= | \" \" | \"\\n\" [ \\t]{0,20}\n";
    struct grammar *g;
    struct err err;
    assert_ok(compile(&g, SLICE(text), &err), &err);
    assert_true(grammar_matches(g, SLICE("{\"a\": [1, -2.5e+3, {}], \"\\u00e9\\n\": null}")));
    assert_false(grammar_matches(g, SLICE("{\"a\": [1, 2}")));
    assert_false(grammar_matches(g, SLICE("{\"a\": 01}")));
    assert_false(grammar_matches(g, SLICE("[1]")));
    grammar_unref(g);
}

static const struct {
    const char *text, *says;
} refusals[] = {
    { "", "no rule" },
    { "# nothing\n", "no rule" },
    { "root = x\n\nx = y", "line 3, column 5: the rule 'y' is used but not defined" },
    { "a = \"x\"\nb = \"y\"\na = \"z\"", "line 3, column 1: the rule 'a' is already defined in "
                                         "line 1" },
    { "root \"x\"", "line 1, column 6: found '\"', expected '::='" },
    { "root", "found the end of the grammar, expected '::='" },
    { "root ::= (\"a\"\nb ::= \"c\"", "line 2, column 3: found ':' inside a rule" },
    { "root ::= (\"a\"", "line 1, column 10: '(' is not closed" },
    { "root ::= \"a\")", "line 1, column 13: ')' without" },
    { "root: [\"a\")", "')' without" },
    { "root ::= \"a", "column 10: the literal is not closed" },
    { "root ::= 'a'", "double quotes" },
    { "root ::= [a", "column 10: the class is not closed" },
    { "root ::= []", "empty class" },
    { "root ::= [z-a]", "comes before" },
    { "root ::= \"\\q\"", "column 11: an unknown escape" },
    { "root ::= \"\\xg\"", "\\x wants 2 hexadecimal digits, found 'g'" },
    { "root ::= \"\\ud800\"", "U+D800 is no character" },
    { "root ::= \"\\U00110000\"", "is no character" },
    { "root ::= *", "nothing to repeat before '*'" },
    { "root ::= \"a\" | +", "nothing to repeat" },
    { "root ::= \"a\"{,2}", "a count wants its minimum" },
    { "root ::= \"a\"{2,1}", "below its minimum" },
    { "root ::= \"a\"{2", "expected the '}' of a count, found the end of the grammar" },
    { "root: \"a\"~x", "a count wants its minimum" },
    { "root: \"a\"~1..", "expected the maximum" },
    { "root ::= /a", "not closed with '/'" },
    { "root ::= /a/x", "column 13: the flag 'x'" },
    { "root ::= /a(/", "line 1, column 10: regular expression, offset 1: '(' is not closed" },
    { "root ::= <|a b|>", "not closed with '>'" },
    { "root ::= <[12]>", "tokens by number" },
    { "root ::= !<a>", "'!' is not supported" },
    { "root ::= token(\"\")", "without a name" },
    { "root ::= token(\"a\"", "expected ')'" },
    { "root ::= token(\"a\")\ntoken ::= \"b\"", "rename the rule" },
    { "root ::= \xE2\x82\xAC", "found '\xE2\x82\xAC', expected a literal" },
    { "root ::= \"a\" \x01", "found U+0001" },
    { "root ::= root \"a\"", "begins with the rule itself" },
    { "root ::= a \"x\" | \"y\"\na ::= root", "root" }, /* compile: left recursion, by name */
    { "?root ::= \"a\"", "Lark's" },
    { "root: \"ab\"..\"c\"", "a range is from one character" },
    { "root: \"a\"..", "expected the range's last character" },
    { "root: \"a\" -> ", "expected a name behind '->'" },
    { "a{x}: \"b\"", "templates" },
    { "%ignore \" \"\nroot: \"a\"", "%ignore is not supported" },
    { "%declare X\nroot: \"a\"", "the directive %declare" },
    { "%import common.NOTHING\nroot: \"a\"", "no common.NOTHING" },
    { "%import my.INT\nroot: \"a\"", "only common terminals" },
    { "%import common\nroot: \"a\"", "expected '.'" },
    { "%import common (INT\nroot: \"a\"", "expected ',' or ')'" },
    { "%import common.INT x\nroot: INT", "expected the end of the line, found 'x'" },
    { "root ::= \xFF", "not UTF-8" },
};

static void test_refusals_say_what_and_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct grammar *g;
        struct err err = { 0 };
        int rc = compile(&g, slice_of(refusals[i].text), &err);
        if (rc != -ERR_INVALID_VALUE) fail_msg("%s\ngave %d", refusals[i].text, rc);
        if (!strstr(err.text, refusals[i].says))
            fail_msg("%s\n'%s' does not say '%s'", refusals[i].text, err.text, refusals[i].says);
    }
}

static int try_repeated(const char *before, const char *unit, size_t n, const char *middle,
                        const char *after_unit, struct err *err)
{
    struct buf text = repeated_text(before, unit, n, middle, after_unit);
    struct grammar *g = NULL;
    int rc = compile(&g, buf_slice(&text), err);
    grammar_unref(g);
    buf_release(&text);
    return rc;
}

static void test_limits(void **state)
{
    (void)state;
    static const char head[] = "root ::= \"a\"";
    struct err err;
    assert_ok(try_repeated("root ::= ", "(", EBNF_DEPTH_MAX, "\"a\"", ")", &err), &err);
    assert_fails(try_repeated("root ::= ", "(", EBNF_DEPTH_MAX + 1, "\"a\"", ")", &err), ERR_LIMIT,
                 &err, "nested deeper");
    assert_fails(try_repeated("root ::= ", "(", 60000, "\"a\"", "", &err), ERR_LIMIT, &err,
                 "nested deeper");
    assert_ok(try_repeated(head, " ", EBNF_BYTES_MAX - (sizeof head - 1), "", "", &err), &err);
    assert_fails(try_repeated(head, " ", EBNF_BYTES_MAX - (sizeof head - 1) + 1, "", "", &err),
                 ERR_LIMIT, &err, "at most");
    assert_ok(try_repeated(head, "", 0, "{1,1073741824}", "", &err), &err);
    assert_fails(try_repeated(head, "", 0, "{1,1073741825}", "", &err), ERR_LIMIT, &err,
                 "larger than");
    assert_fails(try_repeated(head, "", 0, "{99999999999999999999}", "", &err), ERR_LIMIT, &err,
                 "larger than");
    assert_ok(try_repeated("root ::= <", "x", EBNF_TOKEN_BYTES_MAX - 2, ">", "", &err), &err);
    assert_fails(try_repeated("root ::= <", "x", EBNF_TOKEN_BYTES_MAX - 1, ">", "", &err),
                 ERR_INVALID_VALUE, &err, "longer than");
}

static void test_no_memory_is_told(void **state)
{
    (void)state;
    static const char text[] = "root ::= a (\"x\" | [a-c])* /y+/i <|t|> b\na ::= a \"q\" | \"r\"\n"
                               "b: \"b\"i [\"c\"] \"d\"..\"f\"\n%import common.INT\n";
    for (int n = 1;; n++) {
        struct grammar *g = NULL;
        struct err err = { 0 };
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = compile(&g, SLICE(text), &err);
        bool hit = fault_stop();
        if (rc == 0) grammar_unref(g);
        if (!hit) {
            assert_int_equal(rc, 0);
            break;
        }
        if (rc < 0) {
            assert_int_equal(rc, -ERR_NO_MEMORY);
            assert_true(strlen(err.text) > 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),        cmocka_unit_test(test_inside_a_json_string),
        cmocka_unit_test(test_json_in_gbnf), cmocka_unit_test(test_refusals_say_what_and_where),
        cmocka_unit_test(test_limits),       cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
