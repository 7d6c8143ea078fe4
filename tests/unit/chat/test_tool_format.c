/* Calls as models write them, in every format, cut at every byte: what is told is the same, and
 * what is no call is content to the last byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "fault/fault.h"
#include "unit/chat/reply_script.h"
#include "unit/engine/tiny_tokenizer.h"

#define M "\xff" /* Around control tokens. */

static const char tools_json[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"parameters\":{\"type\":"
    "\"object\",\"properties\":{\"city\":{\"type\":\"string\"}}}}},{\"type\":\"function\","
    "\"function\":{\"name\":\"get_time\"}},{\"type\":\"custom\",\"custom\":{\"name\":\"run_sql\"}}"
    "]";

/* Which tokens are control tokens is the vocabulary's business: here those that upstream has as
 * such. */
static const char *const controls[] = {
    "[TOOL_CALLS]",
    "[ARGS]",
    "<|python_tag|>",
    "<|tool_call|>",
    "<｜tool▁calls▁begin｜>",
    "<｜tool▁calls▁end｜>",
    "<｜tool▁call▁begin｜>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁sep｜>",
    "<|start|>",
    "<|end|>",
    "<|call|>",
    "<|return|>",
    "<|channel|>",
    "<|constrain|>",
    "<|message|>",
    "<|other|>",
};

static struct tokenizer *tokenizer;
static struct tool_list *tools;
static struct arena arena;

static int setup(void **state)
{
    (void)state;
    struct buf b;
    struct err err = { 0 };
    buf_init(&b, 1 << 20);
    buf_add_str(&b, "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
                    "\"use_regex\":true},\"added_tokens\":[");
    for (size_t i = 0; i < sizeof controls / sizeof *controls; i++)
        buf_printf(&b, "%s{\"id\":%zu,\"content\":\"%s\",\"special\":true}", i ? "," : "", 256 + i,
                   controls[i]);
    buf_add_str(&b, ",{\"id\":300,\"content\":\"<tool_call>\",\"special\":false}],\"model\":"
                    "{\"type\":\"BPE\",\"merges\":[],\"vocab\":{");
    for (unsigned i = 0; i < 256; i++) {
        buf_add_str(&b, i ? ",\"" : "\"");
        tiny_char(&b, i);
        buf_printf(&b, "\":%u", i);
    }
    buf_add_str(&b, "}}}");
    if (tokenizer_open_json(&tokenizer, buf_slice(&b), SLICE("{}"), &err) < 0)
        fail_msg("%s", err.text);
    buf_release(&b);
    arena_init(&arena, 1 << 20);
    return tool_list_open(&tools, SLICE(tools_json), NULL, 0, &err);
}

static int teardown(void **state)
{
    (void)state;
    tool_list_close(tools);
    arena_release(&arena);
    tokenizer_close(tokenizer);
    return 0;
}

static struct tool_style style_of(const char *name)
{
    struct tool_style style;
    const struct tool_format *f = tool_format_find(slice_of(name));
    assert_non_null(f);
    assert_int_equal(tool_style_open(&style, &arena, f, tokenizer), 0);
    return style;
}

/* ---- Reading ---- */

static void read_pieces(struct reply_script *s, const struct reply_options *o, struct slice text,
                        const size_t *cuts, size_t n_cuts)
{
    struct reply r;
    size_t from = 0;
    reply_init(&r, o, (struct reply_events){ .ctx = s, .event = script_event });
    for (size_t i = 0; i <= n_cuts; i++) {
        size_t to = i < n_cuts ? cuts[i] : text.len;
        assert_int_equal(reply_add(&r, (struct slice){ text.ptr + from, to - from }), 0);
        from = to;
    }
    assert_int_equal(reply_end(&r), 0);
    reply_release(&r);
}

static void expect_cut(const struct reply_options *o, struct slice text, const size_t *cuts,
                       size_t n_cuts, const char *wanted)
{
    struct reply_script s;
    script_init(&s, text);
    read_pieces(&s, o, text, cuts, n_cuts);
    const char *got = script_end(&s);
    if (strcmp(got, wanted) != 0)
        fail_msg("%s: %s\n  gave %s\n  not  %s", o->style->format->name, text.ptr, got, wanted);
    buf_release(&s.out);
}

static void expect_with(const struct reply_options *o, const char *text, const char *wanted)
{
    struct slice all = slice_of(text);
    size_t *every = test_malloc((all.len + 1) * sizeof *every);
    expect_cut(o, all, NULL, 0, wanted);
    for (size_t i = 0; i <= all.len; i++) {
        expect_cut(o, all, &i, 1, wanted);
        every[i] = i;
    }
    expect_cut(o, all, every, all.len + 1, wanted);
    test_free(every);
}

static void expect(const char *format, const char *text, const char *wanted)
{
    struct tool_style style = style_of(format);
    expect_with(&(struct reply_options){ .style = &style, .tools = tools }, text, wanted);
}

#define PARIS "{\"city\": \"Paris\"}"

static void hermes(void **state)
{
    (void)state;
    /* Qwen2.5's card. */
    expect("hermes",
           "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": " PARIS "}\n</tool_call>",
           "F0(get_weather)A0(" PARIS ")");
    expect(
        "hermes",
        "I will look.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": " PARIS
        "}\n</tool_call>\n<tool_call>\n{\"name\": \"get_time\", \"arguments\": {}}\n</tool_call>",
        "C(I will look.)F0(get_weather)A0(" PARIS ")F1(get_time)A1({})");
    /* Other white space, another order, further keys, none at all. */
    expect("hermes",
           "<tool_call>{\"arguments\":{\"a\":[1,{\"b\":\"}\"}]},\"name\":\"f\"}</tool_call>",
           "F0(f)A0({\"a\":[1,{\"b\":\"}\"}]})");
    expect("hermes",
           "<tool_call>{\"id\":3,\"type\":\"function\",\"name\":\"f\",\"x\":[{}],\"arguments\":{}}"
           "</tool_call> so.",
           "F0(f)A0({})C(so.)");
    expect("hermes", "<tool_call>\n{\"name\": \"get_time\"}\n</tool_call>\n", "F0(get_time)A0({})");
    /* Arguments as a text, as some models have learnt it from the API. */
    expect(
        "hermes",
        "<tool_call>{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":\\\"\\u00e9\\ud83d\\ude00\\n\\\"}\"}"
        "</tool_call>",
        "F0(f)A0({\"a\":\"é😀\n\"})");
    /* Strings that look like the end. */
    expect("hermes",
           "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"</tool_call> \\\" } \\\\\"}}\n"
           "</tool_call>",
           "F0(f)A0({\"a\": \"</tool_call> \\\" } \\\\\"})");
    /* What small models leave out. */
    expect("hermes", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}\n</tool_call>",
           "F0(f)A0({\"a\": 1})");
    expect("hermes", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1\n</tool_call> x",
           "F0(f)A0({\"a\": 1\n)C(x)");
    expect(
        "hermes",
        "<tool_call>{\"name\":\"f\",\"arguments\":{}}<tool_call>{\"name\":\"g\",\"arguments\":1}",
        "F0(f)A0({})F1(g)A1(1)");
    expect("hermes", "<tool_call>{\"name\":\"f\",\"arguments\":{}}\n\nNow you know.",
           "F0(f)A0({})C(Now you know.)");
    /* What they write instead. */
    expect("hermes", "{\"name\": \"get_weather\", \"arguments\": " PARIS "}",
           "F0(get_weather)A0(" PARIS ")");
    expect("hermes",
           "```json\n{\n  \"name\": \"get_weather\",\n  \"arguments\": " PARIS
           "\n}\n```\n\nThat is it.",
           "F0(get_weather)A0(" PARIS ")C(That is it.)");
    /* Cut by the limit. */
    expect("hermes", "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"lo",
           "F0(f)A0({\"a\": \"lo)");
    expect("hermes", "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool", "F0(f)A0({})");
}

/* Given back to the last byte. */
static void ill_formed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "plain",
        "  \n plain \n ",
        "<",
        "a <tool_call",
        "<tool_call>",
        "<tool_call>\n",
        "<tool_call>\nfoo\n</tool_call>",
        "<tool_call>\n{\"nam",
        "<tool_call>\n{\"name\": \"f",
        "<tool_call>\n{\"name\": \"f\"",
        "<tool_call>\n{\"name\": \"f\", \"arguments\"",
        "<tool_call>\n{\"name\": \"f\", \"arguments\": <b>}\n</tool_call>",
        "<tool_call>\n{\"name\": 3, \"arguments\": {}}\n</tool_call>",
        "<tool_call>\n{\"name\": \"\", \"arguments\": {}}\n</tool_call>",
        "<tool_call>\n{\"name\": \"\\u0066\", \"arguments\": {}}\n</tool_call>",
        "<tool_call>\n{\"arguments\": {}}\n</tool_call>",
        "<tool_call>\n{\"a\\\"b\": 1, \"name\": \"f\"}\n</tool_call>",
        "<tool_call>\n[{\"name\": \"f\", \"arguments\": {}}]\n</tool_call>",
        "<tool_call><tool_calls><<tool_<tool_cal></tool_call>",
        "{\"name\": \"ann\", \"arguments\": {}}", /* No tool. */
        "```json\n[1]\n```",
        "```json\n{\"a\": 1}\n```",
        "```js",
        "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}}]",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char wanted[512];
        (void)snprintf(wanted, sizeof wanted, texts[i][0] ? "C(%s)" : "%s", texts[i]);
        expect("hermes", texts[i], wanted);
    }
    /* One that begins inside another is still found. */
    expect("hermes", "<tool_call>\n<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>",
           "C(<tool_call>\n)F0(f)A0({})");
}

static void llama3(void **state)
{
    (void)state;
    static const char call[] = "{\"name\": \"get_weather\", \"parameters\": " PARIS "}";
    char text[256];
    expect("llama3", call, "F0(get_weather)A0(" PARIS ")");
    (void)snprintf(text, sizeof text, M "<|python_tag|>" M "%s", call);
    expect("llama3", text, "F0(get_weather)A0(" PARIS ")");
    (void)snprintf(text, sizeof text, "\n\n %s ; and so on", call);
    expect("llama3", text, "F0(get_weather)A0(" PARIS ")C(; and so on)");
    /* The tag as characters is none; JSON that names no tool is an answer. */
    (void)snprintf(text, sizeof text, "<|python_tag|>%s", call);
    expect("llama3", text,
           "C(<|python_tag|>{\"name\": \"get_weather\", \"parameters\": " PARIS "})");
    expect("llama3", "{\"name\": \"Ann\", \"age\": 7}", "C({\"name\": \"Ann\", \"age\": 7})");
    expect("llama3", "{\"parameters\": {}, \"name\": \"get_time\"}",
           "C({\"parameters\": {}, \"name\": \"get_time\"})");
    expect("llama3", "{\"a\": 1}", "C({\"a\": 1})");
    expect("llama3", "See {\"name\": \"get_time\", \"parameters\": {}}",
           "C(See {\"name\": \"get_time\", \"parameters\": {}})");
    /* Held to a schema of its own, an answer is no bare call. */
    struct tool_style style = style_of("llama3");
    expect_with(&(struct reply_options){ .style = &style, .tools = tools, .held = true },
                "{\"name\": \"get_time\", \"parameters\": {}}",
                "C({\"name\": \"get_time\", \"parameters\": {}})");
}

static void mistral(void **state)
{
    (void)state;
    expect("mistral",
           M "[TOOL_CALLS]" M " [{\"name\": \"get_weather\", \"arguments\": " PARIS
             ", \"id\": \"VvvODy9mT\"}]",
           "F0(get_weather)A0(" PARIS ")");
    expect("mistral",
           "Yes." M "[TOOL_CALLS]" M
           "[{\"name\":\"f\",\"arguments\":{\"x\":\"]\"}}, {\"name\":\"g\","
           "\"arguments\":{}}]",
           "C(Yes.)F0(f)A0({\"x\":\"]\"})F1(g)A1({})");
    expect("mistral", M "[TOOL_CALLS]" M "[]", "C([TOOL_CALLS][])");
    expect("mistral", "[TOOL_CALLS][{\"name\":\"f\",\"arguments\":{}}]",
           "C([TOOL_CALLS][{\"name\":\"f\",\"arguments\":{}}])");
    expect("mistral", M "[TOOL_CALLS]" M "[{\"name\":\"f\",\"arguments\":{}}, oh",
           "F0(f)A0({})C(, oh)");
    expect("mistral_args",
           M "[TOOL_CALLS]" M "get_weather" M "[ARGS]" M PARIS M "[TOOL_CALLS]" M "get_time" M
             "[ARGS]" M "{}",
           "F0(get_weather)A0(" PARIS ")F1(get_time)A1({})");
    expect("mistral_args", M "[TOOL_CALLS]" M "f[ARGS]{}", "C([TOOL_CALLS]f[ARGS]{})");
    expect("mistral_args", M "[TOOL_CALLS]" M M "[ARGS]" M "{}", "C([TOOL_CALLS]{})");
}

#define CALLS_BEGIN M "<｜tool▁calls▁begin｜>" M
#define CALLS_END   M "<｜tool▁calls▁end｜>" M
#define CALL_BEGIN  M "<｜tool▁call▁begin｜>" M
#define CALL_END    M "<｜tool▁call▁end｜>" M
#define SEP         M "<｜tool▁sep｜>" M

static void deepseek(void **state)
{
    (void)state;
    expect("deepseek",
           "Let me see." CALLS_BEGIN CALL_BEGIN "function" SEP "get_weather\n```json\n" PARIS
           "\n```" CALL_END "\n" CALL_BEGIN "function" SEP
           "get_time\n```json\n{}\n```" CALL_END CALLS_END,
           "C(Let me see.)F0(get_weather)A0(" PARIS ")F1(get_time)A1({})");
    expect("deepseek_v31",
           CALLS_BEGIN CALL_BEGIN "get_weather" SEP PARIS CALL_END CALL_BEGIN "get_time" SEP
                                  "{}" CALL_END CALLS_END,
           "F0(get_weather)A0(" PARIS ")F1(get_time)A1({})");
    /* A token where none can be ends the arguments. */
    expect("deepseek_v31", CALLS_BEGIN CALL_BEGIN "f" SEP "{\"a\": \"b" CALL_END CALLS_END,
           "F0(f)A0({\"a\": \"b)");
    expect("deepseek_v31", CALLS_BEGIN "so", "C(<｜tool▁calls▁begin｜>so)");
}

static void others(void **state)
{
    (void)state;
    expect("gemma", "```tool_code\n{\"name\": \"get_weather\", \"parameters\": " PARIS "}\n```",
           "F0(get_weather)A0(" PARIS ")");
    expect("gemma", "{\"name\": \"get_weather\", \"parameters\": " PARIS "}",
           "F0(get_weather)A0(" PARIS ")");
    expect("gemma", "```python\nprint(1)\n```", "C(```python\nprint(1)\n```)");
    expect("gemma", "```tool_code\nprint(get_time())\n```",
           "C(```tool_code\nprint(get_time())\n```)");
    expect("granite", M "<|tool_call|>" M "[{\"arguments\": " PARIS ", \"name\": \"get_weather\"}]",
           "F0(get_weather)A0(" PARIS ")");
    expect("generic", "{\"name\": \"get_time\", \"arguments\": {}}", "F0(get_time)A0({})");
    expect("generic", "ok <tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>",
           "C(ok)F0(f)A0({})");
    /* Control tokens that mean nothing leave nothing. */
    expect("hermes", "a" M "<|other|>" M "b" M "<|other|>" M, "C(ab)");
    expect("mistral", "a" M "<|other|>" M "[TOOL_CALLS]" M "<|other|>" M, "C(a[TOOL_CALLS])");
}

static void custom(void **state)
{
    (void)state;
    expect("hermes",
           "<tool_call>\n{\"name\": \"run_sql\", \"arguments\": {\"input\": \"select "
           "\\\"a\\\"\\n\\t1\"}}\n"
           "</tool_call>",
           "F0(run_sql)A0(select \"a\"\n\t1)");
    expect("hermes", "<tool_call>{\"name\":\"run_sql\",\"arguments\":\"x\\\\y\\/\"}</tool_call>",
           "F0(run_sql)A0(x\\y/)");
    expect("hermes",
           "<tool_call>{\"arguments\":{\"input\":\"x\"},\"name\":\"run_sql\"}</tool_call>",
           "F0(run_sql)A0(x)");
    expect("hermes", "<tool_call>{\"name\":\"run_sql\",\"arguments\":{\"input\":7}}</tool_call>",
           "F0(run_sql)A0({\"input\":7})");
    expect("hermes", "<tool_call>{\"name\":\"run_sql\",\"arguments\":{}}</tool_call>",
           "F0(run_sql)A0({})");
    /* Halves of pairs, and escapes that are none. */
    expect("hermes",
           "<tool_call>{\"name\":\"run_sql\",\"arguments\":{\"input\":"
           "\"\\ud83dx\\ud83d\\n\\ude00\\ud83d"
           "\\u0041\\q\\u12zz\"}}</tool_call>",
           "F0(run_sql)A0(\uFFFDx\uFFFD\n\uFFFD\uFFFDA\\q\\u12zz)");
}

#define START     M "<|start|>" M
#define END       M "<|end|>" M
#define CHANNEL   M "<|channel|>" M
#define MESSAGE   M "<|message|>" M
#define CONSTRAIN M "<|constrain|>" M

static void gpt_oss(void **state)
{
    (void)state;
    expect("gpt_oss", CHANNEL "final" MESSAGE "Hello.", "C(Hello.)");
    expect("gpt_oss",
           CHANNEL "analysis" MESSAGE "Simple." END START "assistant" CHANNEL "final" MESSAGE "Hi",
           "R(Simple.)C(Hi)");
    expect("gpt_oss",
           CHANNEL "analysis" MESSAGE "Need the tool." END START "assistant" CHANNEL
                   "commentary to=functions.get_weather " CONSTRAIN "json" MESSAGE PARIS,
           "R(Need the tool.)F0(get_weather)A0(" PARIS ")");
    expect("gpt_oss",
           CHANNEL "commentary" MESSAGE "First the weather." END START
                   "assistant to=functions.get_weather" CHANNEL "commentary json" MESSAGE PARIS,
           "C(First the weather.)F0(get_weather)A0(" PARIS ")");
    expect("gpt_oss", CHANNEL "commentary to=functions.run_sql" MESSAGE "select 1",
           "F0(run_sql)A0(select 1)");
    expect("gpt_oss", "no channel at all", "C(no channel at all)");
    expect("gpt_oss", CHANNEL "fin", "");
}

/* ---- Limits ---- */

static void too_many(void **state)
{
    (void)state;
    struct tool_style style = style_of("hermes");
    struct reply_options o = { .style = &style, .tools = tools };
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i <= REPLY_CALLS_MAX; i++)
        buf_add_str(&text, "<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>");
    struct reply_script s;
    script_init(&s, buf_slice(&text));
    read_pieces(&s, &o, buf_slice(&text), NULL, 0);
    const char *got = script_end(&s);
    assert_non_null(strstr(got, "F127(f)A127({})C(<tool_call>{\"name\":\"f\",\"arguments\":{}}"));
    buf_release(&s.out);
    buf_release(&text);
}

/* What is held before a name is bounded; behind it nothing is. */
static void too_long(void **state)
{
    (void)state;
    struct tool_style style = style_of("hermes");
    struct reply_options o = { .style = &style, .tools = tools };
    static const char head[] = "<tool_call>{\"arguments\":\"",
                      tail[] = "\",\"name\":\"f\"}</tool_call>";
    for (int over = 0; over <= 1; over++) {
        struct buf text;
        struct reply_script s;
        size_t n = REPLY_HELD_MAX - (sizeof head - 1) - (sizeof tail - 1 - 13) + (size_t)over;
        buf_init(&text, 1 << 20);
        buf_add_str(&text, head);
        for (size_t i = 0; i < n; i++) buf_add_char(&text, 'x');
        buf_add_str(&text, tail);
        script_init(&s, buf_slice(&text));
        read_pieces(&s, &o, buf_slice(&text), NULL, 0);
        const char *got = script_end(&s);
        assert_true(strncmp(got, over ? "C(<tool_call>" : "F0(f)A0(xxxx", 12) == 0);
        assert_int_equal(s.out.len, over ? text.len + 3 : n + strlen("F0(f)A0()"));
        buf_release(&s.out);
        buf_release(&text);
    }
}

/* ---- Memory ---- */

static void without_memory(void **state)
{
    (void)state;
    struct tool_style style = style_of("hermes");
    static const struct thinking none = { 0 };
    struct reply_options o = { .style = &style, .tools = tools, .thinking = &none };
    static const char text[] =
        "so <tool_call>{\"name\":\"f\",\"arguments\":{\"a\":1}}</tool_call> x";
    script_without_memory(&o, SLICE(text), "C(so)F0(f)A0({\"a\":1})C(x)");
}

/* ---- Which format ---- */

static void chosen(void **state)
{
    (void)state;
    static const struct {
        const char *source, *shown, *not_shown;
    } cases[] = {
        { "... <tool_call>\n{\"name\": ...", "hermes", "generic" },
        { "<tool_call>\n<function=", "generic", "generic" },
        { "<tool_call>{name}<arg_key>", "generic", "generic" },
        { "'<|start_header_id|>ipython<|end_header_id|>'", "llama3", "generic" },
        { "[AVAILABLE_TOOLS] [TOOL_CALLS]", "mistral", "generic" },
        { "[TOOL_CALLS] [ARGS]", "mistral_args", "generic" },
        { "<｜tool▁calls▁begin｜> ```json", "deepseek", "generic" },
        { "<｜tool▁calls▁begin｜>", "deepseek_v31", "generic" },
        { "<|tool_call|>", "granite", "generic" },
        { "<|channel|> <|message|>", "gpt_oss", "generic" },
        { "<start_of_turn>", "gemma", "gemma" },
        { "", "generic", "generic" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice source = slice_of(cases[i].source);
        assert_string_equal(tool_format_of(source, true)->name, cases[i].shown);
        assert_string_equal(tool_format_of(source, false)->name, cases[i].not_shown);
    }
    assert_null(tool_format_find(SLICE("nothing")));
}

/* Whatever a format writes it reads. */
static void written_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < tool_format_registry_len; i++) {
        const struct tool_format *f = tool_format_registry[i];
        struct tool_style style;
        struct buf text;
        buf_init(&text, 4096);
        assert_int_equal(tool_style_open(&style, &arena, f, NULL), 0);
        for (int k = 0; k < 2; k++) {
            if (k == 1 && !f->writing.separator) break;
            if (k == 0 && f->writing.begin) buf_add_str(&text, f->writing.begin);
            if (f->writing.list) buf_add_str(&text, k ? ", " : "[");
            if (k && !f->writing.list) buf_add_str(&text, f->writing.separator);
            tool_call_write(&text, f, SLICE("get_weather"), SLICE(PARIS));
        }
        if (f->writing.list) buf_add_char(&text, ']');
        if (f->writing.end) buf_add_str(&text, f->writing.end);
        expect_with(&(struct reply_options){ .style = &style, .tools = tools }, buf_str(&text),
                    f->writing.separator ? "F0(get_weather)A0(" PARIS ")F1(get_weather)A1(" PARIS
                                           ")"
                                         : "F0(get_weather)A0(" PARIS ")");
        buf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hermes),         cmocka_unit_test(ill_formed),
        cmocka_unit_test(llama3),         cmocka_unit_test(mistral),
        cmocka_unit_test(deepseek),       cmocka_unit_test(others),
        cmocka_unit_test(custom),         cmocka_unit_test(gpt_oss),
        cmocka_unit_test(too_many),       cmocka_unit_test(too_long),
        cmocka_unit_test(chosen),         cmocka_unit_test(written_and_read),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
