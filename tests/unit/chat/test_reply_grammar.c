/* What answers with tools are held to, against what is read out of them: texts that may come and
 * texts that may not; and whatever the grammar lets through, at random, has only good calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"
#include "chat/reply_grammar.h"
#include "fault/fault.h"
#include "grammar/grammar.h"
#include "unit/chat/reply_script.h"

static const char tools_json[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"find\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{\"q\":{\"enum\":[\"a\",\"b\"]}},\"required\":[\"q\"],"
    "\"additionalProperties\":false}}},"
    "{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]";

static struct tool_list *tools;
static struct arena arena;

static int setup(void **state)
{
    (void)state;
    struct err err;
    arena_init(&arena, 1 << 20);
    return tool_list_open(&tools, SLICE(tools_json), NULL, 0, &err);
}

static int teardown(void **state)
{
    (void)state;
    tool_list_close(tools);
    arena_release(&arena);
    return 0;
}

static struct tool_style *style_of(const char *name)
{
    struct tool_style *style = ARENA_NEW(&arena, struct tool_style);
    const struct tool_format *f = tool_format_find(slice_of(name));
    assert_non_null(f);
    assert_int_equal(tool_style_open(style, &arena, f, NULL), 0);
    return style;
}

/* `text` NULL: the text is free. */
static struct grammar *compile(struct reply_rules rules, const char *text)
{
    struct grammar_builder *b;
    struct grammar *g = NULL;
    struct err err = { 0 };
    assert_int_equal(grammar_builder_open(&b, &err), 0);
    rules.text = text ? grammar_text(b, slice_of(text)) : REPLY_FREE;
    int32_t node = reply_grammar(b, &rules, &err);
    if (node < 0 && !grammar_builder_failed(b)) fail_msg("%s", err.text);
    if (grammar_compile(&g, b, node, &err) < 0) fail_msg("%s", err.text);
    grammar_builder_close(b);
    return g;
}

static bool accepts(struct grammar *g, const char *text)
{
    grammar_lock(g);
    int32_t state = grammar_start(g);
    for (; *text && state >= 0; text++) state = grammar_step(g, state, (uint8_t)*text);
    bool yes = state >= 0 && grammar_accepts(g, state);
    grammar_unlock(g);
    return yes;
}

static void expect(struct grammar *g, bool wanted, const char *const *texts)
{
    for (; *texts; texts++)
        if (accepts(g, *texts) != wanted)
            fail_msg("%s: %s", wanted ? "refused" : "let through", *texts);
}

#define TEXTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#define CALL_F    "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>"
#define CALL_FIND "<tool_call>\n{\"name\": \"find\", \"arguments\": {\"q\": \"b\"}}\n</tool_call>"
#define CALL_C    "<tool_call>\n{\"name\": \"c\", \"arguments\": {\"input\": \"\"}}\n</tool_call>"

static void hermes(void **state)
{
    (void)state;
    struct reply_rules rules = { .style = style_of("hermes"), .tools = tools };
    struct grammar *g = compile(rules, NULL);
    expect(g, true,
           TEXTS("", "Hello, <tool_cal", "{\"name\": \"x\"}", CALL_F, "Let me see.\n" CALL_FIND,
                 CALL_F "\n" CALL_FIND "\n" CALL_C));
    expect(g, false,
           TEXTS("<tool_call>", "a <tool_call> b", CALL_F " and so", CALL_F CALL_F,
                 "<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n</tool_call>",
                 "<tool_call>\n{\"name\": \"find\", \"arguments\": {}}\n</tool_call>",
                 "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}"));
    grammar_unref(g);
    rules.one = true;
    g = compile(rules, NULL);
    expect(g, true, TEXTS("", "so", CALL_F, "so\n" CALL_FIND));
    expect(g, false, TEXTS(CALL_F "\n" CALL_F));
    grammar_unref(g);
    rules.required = true;
    g = compile(rules, NULL);
    expect(g, true, TEXTS(CALL_F, CALL_FIND, CALL_C));
    expect(g, false, TEXTS("", "so", "so\n" CALL_F, CALL_F "\n" CALL_F));
    grammar_unref(g);
    rules.one = false;
    g = compile(rules, NULL);
    expect(g, true, TEXTS(CALL_F, CALL_F "\n" CALL_F "\n" CALL_F));
    grammar_unref(g);
    /* Calls, or what the text is held to. */
    rules.required = false;
    g = compile(rules, "yes");
    expect(g, true, TEXTS("yes", CALL_F, CALL_F "\n" CALL_F));
    expect(g, false, TEXTS("", "no", "yes" CALL_F));
    grammar_unref(g);
    rules.tools = NULL;
    g = compile(rules, "yes");
    expect(g, true, TEXTS("yes"));
    expect(g, false, TEXTS("", CALL_F));
    grammar_unref(g);
}

static void chosen_tools(void **state)
{
    (void)state;
    struct tool_list *some;
    struct err err;
    const struct slice name = SLICE("find");
    assert_int_equal(tool_list_open(&some, SLICE(tools_json), &name, 1, &err), 0);
    struct reply_rules rules = { .style = style_of("hermes"), .tools = some, .required = true };
    struct grammar *g = compile(rules, NULL);
    expect(g, true, TEXTS(CALL_FIND));
    expect(g, false, TEXTS(CALL_F, CALL_C));
    grammar_unref(g);
    tool_list_close(some);
}

static void bare(void **state)
{
    (void)state;
    struct reply_rules rules = { .style = style_of("llama3"), .tools = tools };
    struct grammar *g = compile(rules, NULL);
    expect(g, true,
           TEXTS("", "Hello", "{\"name\": \"Ann\"}", "{ \"a\": 1}", "{\"name\": \"fi",
                 "{\"name\": \"f\", \"parameters\": {}}", "```json\n{\"a\": 1}\n```",
                 "{\n \"name\" : \"find\",\n \"parameters\": {\"q\": \"a\"}\n}",
                 "```json\n{\n  \"name\": \"f\", \"parameters\": {}\n}\n```",
                 "So. <|python_tag|>{\"name\": \"find\", \"parameters\": {\"q\": \"a\"}}"));
    expect(g, false,
           TEXTS("{\"name\": \"f\"}", "{\"name\": \"f\", \"age\": 1}", " {\"name\":\"f\"",
                 "{\"name\": \"find\", \"parameters\": {\"q\": \"c\"}}",
                 "```json\n{\"name\": \"f\"}\n```",
                 "{\"name\": \"f\", \"parameters\": {}}{\"name\": \"f\", \"parameters\": {}}"));
    grammar_unref(g);
    /* Beside a text that is held to something a bare call is none. */
    g = compile(rules, "{\"name\": \"f\"}");
    expect(g, true,
           TEXTS("{\"name\": \"f\"}", "<|python_tag|>{\"name\": \"f\", \"parameters\": {}}"));
    expect(g, false, TEXTS("{\"name\": \"f\", \"parameters\": {}}"));
    grammar_unref(g);
    rules.required = true;
    g = compile(rules, NULL);
    expect(g, true,
           TEXTS("{\"name\": \"f\", \"parameters\": {}}",
                 "<|python_tag|>{\"name\": \"f\", \"parameters\": {}}"));
    grammar_unref(g);
}

static void others(void **state)
{
    (void)state;
    static const struct {
        const char *format, *good, *bad;
    } cases[] = {
        { "mistral",
          "[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {}}, {\"name\": \"f\", \"arguments\": "
          "{}}]",
          "[TOOL_CALLS]{\"name\": \"f\", \"arguments\": {}}" },
        { "mistral_args", "[TOOL_CALLS]f[ARGS]{}[TOOL_CALLS]find[ARGS]{\"q\": \"a\"}",
          "[TOOL_CALLS]f[ARGS]" },
        { "granite", "<|tool_call|>[{\"name\": \"f\", \"arguments\": {}}]", "<|tool_call|>[]" },
        { "gemma", "```tool_code\n{\"name\": \"f\", \"parameters\": {}}\n```",
          "```tool_code\nprint()\n```" },
        { "deepseek",
          "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{}\n```"
          "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
          "<｜tool▁calls▁begin｜><｜tool▁calls▁end｜>" },
        { "deepseek_v31",
          "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{}<｜tool▁call▁end｜>"
          "<｜tool▁call▁begin｜>f<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
          "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>" },
        { "generic", CALL_F "\n" CALL_FIND, "<tool_call>" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_rules rules = { .style = style_of(cases[i].format), .tools = tools };
        for (int required = 0; required < 2; required++) {
            char spoken[512];
            (void)snprintf(spoken, sizeof spoken, "So: %s", cases[i].good);
            rules.required = required;
            struct grammar *g = compile(rules, NULL);
            expect(g, true, TEXTS(cases[i].good));
            expect(g, false, TEXTS(cases[i].bad));
            expect(g, !required, TEXTS(spoken));
            grammar_unref(g);
        }
    }
}

static void thoughts(void **state)
{
    (void)state;
    struct thinking think;
    assert_int_equal(thinking_find(&think, &arena, SLICE("</think>"), NULL), 0);
    struct reply_rules rules = { .style = style_of("hermes"), .thinking = &think };
    struct grammar *g = compile(rules, "yes");
    expect(g, true,
           TEXTS("yes", "<think>\nno <tool_call> {\n</think>\n\nyes", "<think></think>yes"));
    expect(g, false, TEXTS("no", "<think>yes", "a</think>yes", "<think>a</think>no"));
    grammar_unref(g);
    rules.thinks = true;
    g = compile(rules, "yes");
    expect(g, true, TEXTS("\nno <tool_call> {\n</think>\n\nyes", "</think>yes"));
    expect(g, false, TEXTS("yes", "a</think></think>yes"));
    grammar_unref(g);
    rules.tools = tools;
    rules.required = true;
    g = compile(rules, NULL);
    expect(g, true, TEXTS("so\n</think>\n\n" CALL_F));
    expect(g, false, TEXTS(CALL_F, "so</think>so"));
    grammar_unref(g);
}

#define MESSAGE(channel, text) "<|channel|>" channel "<|message|>" text
#define NEXT                   "<|end|><|start|>assistant"

static void gpt_oss(void **state)
{
    (void)state;
    struct reply_rules rules = { .style = style_of("gpt_oss") };
    struct grammar *g = compile(rules, "yes");
    expect(g, true,
           TEXTS(MESSAGE("final", "yes"), MESSAGE("analysis", "hm") NEXT MESSAGE("final", "yes")));
    expect(g, false, TEXTS("yes", MESSAGE("final", "no"), MESSAGE("analysis", "yes")));
    grammar_unref(g);
    rules.tools = tools;
    g = compile(rules, NULL);
    expect(g, true,
           TEXTS(MESSAGE("final", "anything"),
                 MESSAGE("analysis", "hm") NEXT MESSAGE("commentary", "First.") NEXT MESSAGE(
                     "commentary to=functions.find <|constrain|>json", "{\"q\": \"a\"}"),
                 MESSAGE("commentary to=functions.c", "raw")));
    expect(g, false,
           TEXTS(MESSAGE("commentary to=functions.find <|constrain|>json", "{}"),
                 MESSAGE("commentary to=functions.g <|constrain|>json", "{}")));
    grammar_unref(g);
    rules.required = true;
    g = compile(rules, NULL);
    expect(g, false, TEXTS(MESSAGE("final", "anything")));
    grammar_unref(g);
}

/* ---- Errors ---- */

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *param, *text;
    } cases[] = {
        { "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":\"function\","
          "\"function\":"
          "{\"name\":\"g\",\"parameters\":{\"type\":\"string\"}}}]",
          "tools[1].function.parameters",
          "Invalid schema for function 'g': schema must be a JSON Schema of 'type: \"object\"'" },
        { "[{\"type\":\"function\",\"function\":{\"name\":\"g\",\"strict\":true,\"parameters\":{"
          "\"type\":\"object\",\"properties\":{}}}}]",
          "tools[0].function.parameters", "Invalid schema for function 'g': In context=()" },
        { "[{\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"format\":{\"type\":\"grammar\","
          "\"syntax\":\"regex\",\"definition\":\"(\"}}}]",
          "tools[0].custom.format.grammar.definition", "Invalid grammar for custom tool 'c': " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tool_list *list;
        struct grammar_builder *b;
        struct err err = { 0 };
        assert_int_equal(tool_list_open(&list, slice_of(cases[i].json), NULL, 0, &err), 0);
        assert_int_equal(grammar_builder_open(&b, &err), 0);
        struct reply_rules rules = { .style = style_of("hermes"),
                                     .tools = list,
                                     .text = REPLY_FREE };
        int32_t rc = reply_grammar(b, &rules, &err);
        assert_true(rc == -(int32_t)err.code && err_is_callers(err.code));
        assert_string_equal(err.param, cases[i].param);
        if (!strstr(err.text, cases[i].text)) fail_msg("%s", err.text);
        grammar_builder_close(b);
        tool_list_close(list);
    }
}

/* Arguments are an object, whether the schema says so or not. */
static void objects(void **state)
{
    (void)state;
    struct tool_list *list;
    struct err err;
    static const char json[] =
        "[{\"type\":\"function\",\"function\":{\"name\":\"any\",\"parameters\":{}}},"
        "{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"properties\":{\"q\":"
        "{\"enum\":[1]}},\"additionalProperties\":false}}},{\"type\":\"custom\",\"custom\":{"
        "\"name\":"
        "\"r\",\"format\":{\"type\":\"grammar\",\"syntax\":\"regex\",\"definition\":\"a\\\"+\"}}},"
        "{\"type\":\"custom\",\"custom\":{\"name\":\"l\",\"format\":{\"type\":\"grammar\","
        "\"grammar\":{"
        "\"syntax\":\"lark\",\"definition\":\"start: \\\"x\\\\\\\"\\\\n\\\" /[a-c]/ "
        "(\\\"!\\\"..\\\"#\\\")?\\n\"}}}}]";
    assert_int_equal(tool_list_open(&list, SLICE(json), NULL, 0, &err), 0);
    struct reply_rules rules = { .style = style_of("mistral_args"),
                                 .tools = list,
                                 .required = true };
    struct grammar *g = compile(rules, NULL);
    expect(g, true,
           TEXTS("[TOOL_CALLS]any[ARGS]{}", "[TOOL_CALLS]any[ARGS]{\"x\": [1]}",
                 "[TOOL_CALLS]f[ARGS]{}", "[TOOL_CALLS]f[ARGS]{\"q\": 1}",
                 "[TOOL_CALLS]r[ARGS]{\"input\": \"a\\\"\\\"\"}",
                 "[TOOL_CALLS]l[ARGS]{\"input\": \"x\\\"\\nb\"}",
                 "[TOOL_CALLS]l[ARGS]{\"input\": \"x\\\"\\nb\\\"\"}",
                 "[TOOL_CALLS]l[ARGS]{\"input\": \"x\\\"\\nb#\"}"));
    expect(g, false,
           TEXTS("[TOOL_CALLS]any[ARGS]1", "[TOOL_CALLS]f[ARGS]\"x\"", "[TOOL_CALLS]f[ARGS]null",
                 "[TOOL_CALLS]r[ARGS]{\"input\": \"b\"}", "[TOOL_CALLS]l[ARGS]{\"input\": \"x\"}",
                 "[TOOL_CALLS]l[ARGS]{\"input\": \"x\\\"\\nb\"\"}"));
    grammar_unref(g);
    tool_list_close(list);
}

/* ---- At random ---- */

static uint64_t dice(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed >> 16;
}

struct watched {
    struct buf arguments;
    char name[CALL_NAME_MAX + 1];
    int calls;
};

static void check_call(struct watched *w)
{
    if (!w->name[0]) return;
    const struct tool *t = tool_list_find(tools, slice_of(w->name));
    json_t *json = NULL;
    assert_non_null(t);
    if (!t->custom) {
        int rc = json_read(&json, buf_slice(&w->arguments), &json_limits_request, "x", NULL);
        if (rc < 0) fail_msg("%s(%s)", w->name, buf_str(&w->arguments));
        if (strcmp(w->name, "find") == 0)
            assert_true(json_is_string(json_object_get(json, "q")) && json_object_size(json) == 1);
        else
            assert_int_equal(json_object_size(json), 0);
        json_decref(json);
    }
    w->name[0] = '\0';
}

static void watch(void *ctx, const struct reply_event *e)
{
    struct watched *w = ctx;
    if (e->kind == REPLY_ARGUMENTS) {
        buf_add_slice(&w->arguments, e->text);
        return;
    }
    if (e->kind != REPLY_CALL) return;
    check_call(w);
    buf_reset(&w->arguments);
    (void)snprintf(w->name, sizeof w->name, "%.*s", SLICE_FMT(e->text));
    w->calls++;
}

/* One more byte that may come, white space seldom. False: none may. */
static bool put_any(struct grammar *g, int32_t *state, struct buf *out, uint64_t *seed)
{
    size_t from = dice(seed);
    for (size_t i = 0; i < 2 * 256; i++) {
        uint8_t c = (uint8_t)(from + i * 7);
        if (i < 256 && (c >= 0x7f || c < '!')) continue; /* The second round takes any. */
        int32_t next = c == GRAMMAR_TOKEN_BYTE ? GRAMMAR_DEAD : grammar_step(g, *state, c);
        if (next < 0) continue;
        *state = next;
        buf_add_char(out, (char)c);
        return true;
    }
    return false;
}

/* A text of the grammar: now and then what formats are made of, else what can come. */
static void walk(struct grammar *g, struct buf *out, const struct tool_style *s, uint64_t *seed)
{
    static const char *const texts[] = {
        "{\"name\": \"f", "{\"name\":", "```", "<", "[", "\n", "\"", "}"
    };
    enum { N = sizeof texts / sizeof *texts, LONG = 300, MOST = 3000 };
    grammar_lock(g);
    int32_t state = grammar_start(g);
    while (out->len < MOST && !(grammar_accepts(g, state) && dice(seed) % 12 == 0)) {
        size_t pick = dice(seed) % (N + (out->len < LONG ? 3 : 0));
        struct slice text = pick < N ? slice_of(texts[pick]) : s->marker;
        for (size_t i = 0; i < text.len; i++) {
            int32_t next = grammar_step(g, state, (uint8_t)text.ptr[i]);
            if (next < 0) break;
            state = next;
            buf_add_char(out, text.ptr[i]);
        }
        if (!put_any(g, &state, out, seed)) break;
    }
    if (!grammar_accepts(g, state)) buf_reset(out);
    grammar_unlock(g);
}

static void random_answers(void **state)
{
    (void)state;
    static const char *const formats[] = { "hermes",       "llama3",  "mistral",
                                           "mistral_args", "granite", "deepseek",
                                           "deepseek_v31", "gemma",   "generic" };
    uint64_t seed = 12345;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const struct tool_style *style = style_of(formats[i]);
        struct grammar *g = compile((struct reply_rules){ .style = style, .tools = tools }, NULL);
        int calls = 0;
        for (int n = 0; n < 60; n++) {
            struct watched w = { 0 };
            struct buf text;
            struct reply r;
            buf_init(&text, 1 << 20);
            buf_init(&w.arguments, 1 << 20);
            walk(g, &text, style, &seed);
            reply_init(&r, &(struct reply_options){ .style = style, .tools = tools },
                       (struct reply_events){ .ctx = &w, .event = watch });
            assert_int_equal(reply_add(&r, buf_slice(&text)), 0);
            assert_int_equal(reply_end(&r), 0);
            assert_false(r.in_call);
            check_call(&w);
            calls += w.calls;
            reply_release(&r);
            buf_release(&w.arguments);
            buf_release(&text);
        }
        if (calls < 10) fail_msg("%s: only %d calls", formats[i], calls);
        grammar_unref(g);
    }
}

static void without_memory(void **state)
{
    (void)state;
    struct reply_rules rules = { .style = style_of("hermes"), .tools = tools, .text = REPLY_FREE };
    for (int n = 1;; n++) {
        struct grammar_builder *b = NULL;
        struct grammar *g = NULL;
        struct err err = { 0 };
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = grammar_builder_open(&b, &err);
        int32_t node = rc == 0 ? reply_grammar(b, &rules, &err) : rc;
        if (rc == 0 && node < 0 && !grammar_builder_failed(b))
            rc = node;
        else if (rc == 0)
            rc = grammar_compile(&g, b, node < 0 ? GRAMMAR_FAILED : node, &err);
        bool failed = fault_stop();
        if (rc < 0) assert_true(failed && rc == -ERR_NO_MEMORY);
        grammar_builder_close(b);
        if (rc == 0) grammar_unref(g);
        if (!failed) break;
        assert_true(n < 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hermes),         cmocka_unit_test(chosen_tools),
        cmocka_unit_test(bare),           cmocka_unit_test(others),
        cmocka_unit_test(thoughts),       cmocka_unit_test(gpt_oss),
        cmocka_unit_test(refused),        cmocka_unit_test(objects),
        cmocka_unit_test(random_answers), cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
