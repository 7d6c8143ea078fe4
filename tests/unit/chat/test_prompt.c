/* From messages to tokens: what each struct becomes for a template, that control tokens come only
 * from the template, and what the probes find out. */
#include "chat/prompt.h"
#include "fault/fault.h"
#include "models/checkpoint.h"
#include "unit/engine/tiny_tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct chat *open_chat(const char *source, const struct tokenizer *t)
{
    struct chat *chat = NULL;
    struct err err = { 0 };
    if (chat_open_source(&chat, slice_of(source), SLICE("<s>"), SLICE("<|endoftext|>"), t, &err) <
        0)
        fail_msg("%s", err.text);
    return chat;
}

static void check_text(const char *source, const struct chat_request *request, const char *wanted)
{
    struct chat *chat = open_chat(source, NULL);
    struct template_output out;
    struct err err = { 0 };
    template_output_init(&out);
    if (chat_render(chat, &out, request, &err) < 0) fail_msg("%s: %s", source, err.text);
    assert_string_equal(buf_str(&out.text), wanted);
    template_output_release(&out);
    chat_close(chat);
}

static int render_error(const char *source, const struct chat_request *request, struct err *err)
{
    struct chat *chat = open_chat(source, NULL);
    struct template_output out;
    template_output_init(&out);
    int rc = chat_render(chat, &out, request, err);
    template_output_release(&out);
    chat_close(chat);
    return -rc;
}

static const char show_all[] = "{% for m in messages %}{{ m }}{% endfor %}";

static void messages(void **state)
{
    (void)state;
    const struct chat_part parts[] = { { SLICE("text"), SLICE("one") },
                                       { SLICE("text"), SLICE("two") } };
    const struct chat_tool_call calls[] = {
        { SLICE("id1"), SLICE("f"), SLICE("{\"a\": [1, null]}") },
        { SLICE(""), SLICE("g"), SLICE("not json") },
        { { 0 }, SLICE("h"), SLICE("\"text\"") },
    };
    const struct chat_message list[] = {
        { .role = SLICE("user"), .content = SLICE("hi") },
        { .role = SLICE("user"), .content = SLICE(""), .name = SLICE("Bo") },
        { .role = SLICE("user"), .parts = parts, .n_parts = 2 },
        { .role = SLICE("assistant"), .tool_calls = calls, .n_tool_calls = 3 },
        { .role = SLICE("tool"), .content = SLICE("r"), .tool_call_id = SLICE("id1") },
    };
    check_text(
        show_all, &(struct chat_request){ .messages = list, .n_messages = 5 },
        "{'role': 'user', 'content': 'hi'}"
        "{'role': 'user', 'content': '', 'name': 'Bo'}"
        "{'role': 'user', 'content': 'one\\ntwo'}"
        "{'role': 'assistant', 'content': None, 'tool_calls': ["
        "{'id': 'id1', 'type': 'function', 'function': {'name': 'f', 'arguments': {'a': [1, "
        "None]}}}, {'id': '', 'type': 'function', 'function': {'name': 'g', 'arguments': 'not "
        "json'}}, {'type': 'function', 'function': {'name': 'h', 'arguments': '\"text\"'}}]}"
        "{'role': 'tool', 'content': 'r', 'tool_call_id': 'id1'}");
    check_text(
        "{% for m in messages %}{% for p in m.content %}[{{ p.text }}]{% endfor %}{% endfor %}",
        &(struct chat_request){ .messages = list, .n_messages = 3 }, "[hi][][one][two]");
    check_text("{{ messages }}", &(struct chat_request){ 0 }, "[]");
}

static void variables(void **state)
{
    (void)state;
    check_text(
        "{{ bos_token }}{{ eos_token }}{{ add_generation_prompt }}{{ tools }}{{ documents }}",
        &(struct chat_request){ .add_generation_prompt = true }, "<s><|endoftext|>TrueNoneNone");
    check_text(
        "{# <tool_call> #}{{ tools[0].function.name }}{{ add_generation_prompt }}{{ "
        "enable_thinking }}{{ x.y if x }}",
        &(struct chat_request){ .tools = SLICE("[{\"function\":{\"name\":\"f\"}}]"),
                                .kwargs = SLICE("{\"enable_thinking\":false,\"x\":{\"y\":3}}") },
        "fFalseFalse3");
    check_text("{{ tools }}", &(struct chat_request){ .tools = SLICE("[]") }, "None");
    check_text("{{ strftime_now('%Y') }}", &(struct chat_request){ .now_ns = 1000000000 }, "1970");
}

static void refusals(void **state)
{
    (void)state;
    struct err err;
    const struct chat_message bad = { .role = SLICE("user"), .content = SLICE("\xff") };
    struct chat_request request = { .messages = &bad, .n_messages = 1 };
    assert_int_equal(render_error(show_all, &request, &err), ERR_TEMPLATE);
    request = (struct chat_request){ .tools = SLICE("{}") };
    assert_int_equal(render_error("", &request, &err), ERR_INVALID_TYPE);
    assert_string_equal(err.param, "tools");
    request = (struct chat_request){ .tools = SLICE("[") };
    assert_int_equal(render_error("", &request, &err), ERR_JSON);
    request = (struct chat_request){ .kwargs = SLICE("[]") };
    assert_int_equal(render_error("", &request, &err), ERR_INVALID_TYPE);
    request = (struct chat_request){ .kwargs = SLICE("{\"messages\":[]}") };
    assert_int_equal(render_error("", &request, &err), ERR_INVALID_VALUE);
    assert_non_null(strstr(err.text, "'messages'"));
    request = (struct chat_request){ .messages = &bad, .n_messages = CHAT_MESSAGES_MAX + 1 };
    assert_int_equal(render_error("", &request, &err), ERR_ARRAY_TOO_LONG);
    request = (struct chat_request){ 0 };
    assert_int_equal(render_error("{{ raise_exception('no system role') }}", &request, &err),
                     ERR_TEMPLATE);
    assert_non_null(strstr(err.text, "no system role"));
}

static void caps(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        struct chat_caps caps;
    } cases[] = {
        { "{% for m in messages %}{{ m.role }}{{ m.content }}{% endfor %}", { .system = true } },
        { "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('x') }}{% endif %}"
          "{{ m.content }}{% endfor %}",
          { 0 } },
        { "{{ tools|tojson if tools }}{% for m in messages %}{{ m.content }}{% endfor %}",
          { .system = true, .tools = true } },
        { "{{ tools|tojson if tools }}{% for m in messages %}{{ m.content or '' }}"
          "{% for c in m.tool_calls %}{{ c.function.name }}{% endfor %}{% endfor %}",
          { .system = true, .tools = true, .tool_calls = true } },
        { "{% for m in messages %}{% for p in m.content %}{{ p.text }}{% endfor %}{% endfor %}",
          { .system = true, .parts = true } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct chat *chat = open_chat(cases[i].source, NULL);
        const struct chat_caps *found = chat_caps(chat), *wanted = &cases[i].caps;
        assert_int_equal(found->system, wanted->system);
        assert_int_equal(found->tools, wanted->tools);
        assert_int_equal(found->tool_calls, wanted->tool_calls);
        assert_int_equal(found->parts, wanted->parts);
        assert_true(slice_is(chat_source(chat), cases[i].source));
        chat_close(chat);
    }
}

/* The same characters: one token from the template, plain text from the user. */
static void tokens_and_trust(void **state)
{
    (void)state;
    struct tokenizer *t = tiny_tokenizer_open();
    assert_non_null(t);
    struct chat *chat = open_chat(
        "{% for m in messages %}{{ m.role }}:{{ m.content }}{{ eos_token }}"
        "{% endfor %}",
        t);
    const struct chat_message list[] = {
        { .role = SLICE("<|endoftext|>"),
          .content = SLICE("a<|endoftext|>b"),
          .name = SLICE("<|endoftext|>") },
        { .role = SLICE("u"), .content = SLICE("<|endoftext|>") },
    };
    struct tokens ids;
    struct err err;
    tokens_init(&ids, 1000);
    assert_int_equal(chat_prompt(chat, &ids,
                                 &(struct chat_request){ .messages = list, .n_messages = 2 }, NULL,
                                 &err),
                     0);
    size_t control = 0;
    for (size_t i = 0; i < ids.len; i++) control += ids.ids[i] == TINY_END;
    assert_int_equal(control, 2);
    assert_int_equal(ids.ids[ids.len - 1], TINY_END);
    assert_int_equal(ids.len, 13 + 1 + 15 + 1 + 1 + 1 + 13 + 1);
    tokens_release(&ids);
    tokens_init(&ids, 10);
    assert_int_equal(chat_prompt(chat, &ids,
                                 &(struct chat_request){ .messages = list, .n_messages = 2 }, NULL,
                                 &err),
                     -ERR_LIMIT);
    assert_int_equal(ids.len, 0);
    tokens_release(&ids);
    chat_close(chat);
    tokenizer_close(t);
}

/* Through a checkpoint: the named template for tools, and none at all. */
static void checkpoints(void **state)
{
    (void)state;
    struct tokenizer *t = tiny_tokenizer_open();
    struct checkpoint c = { .kind = CHECKPOINT_HF, .path = (char *)(uintptr_t) "model" };
    struct chat *chat = NULL;
    struct template_output out;
    struct err err;
    assert_int_equal(chat_open(&chat, &c, t, &err), -ERR_NOT_FOUND);
    assert_null(chat);
    assert_non_null(strstr(err.text, "model has no chat template"));
    c.json[CHECKPOINT_TOKENIZER_CONFIG] = json_pack(
        "{s:[{s:s,s:s},{s:s,s:s}]}", "chat_template", "name", "default", "template",
        "plain{{ eos_token }}", "name", "tool_use", "template",
        "with {{ tools|length }} tools{# <tool_call> #}");
    assert_int_equal(chat_open(&chat, &c, t, &err), 0);
    template_output_init(&out);
    assert_int_equal(chat_render(chat, &out, &(struct chat_request){ 0 }, &err), 0);
    assert_string_equal(buf_str(&out.text), "plain<|endoftext|>");
    assert_int_equal(chat_render(chat, &out, &(struct chat_request){ .tools = SLICE("[1]") }, &err),
                     0);
    assert_string_equal(buf_str(&out.text), "with 1 tools");
    template_output_release(&out);
    chat_close(chat);
    json_decref(c.json[CHECKPOINT_TOKENIZER_CONFIG]);
    tokenizer_close(t);
}

/* Each allocation fails once: always an error, never a leak or a wrong prompt. */
static void without_memory(void **state)
{
    (void)state;
    static const char source[] =
        "{% macro m(a) %}{{ a|upper }}{% endmacro %}{% for x in messages %}{{ m(x.content) }}"
        "{{ x|tojson }}{{ {'a': [1, 2]|sort|map('string')|join }}}{% endfor %}{{ tools }}";
    const struct chat_tool_call call = { SLICE("i"), SLICE("f"), SLICE("{\"a\":1}") };
    const struct chat_message list[] = {
        { .role = SLICE("user"), .content = SLICE("x"), .tool_calls = &call, .n_tool_calls = 1 },
    };
    struct chat_request request = { .messages = list, .n_messages = 1, .tools = SLICE("[{}]") };
    struct err err;
    for (int n = 1;; n++) {
        struct chat *chat = NULL;
        struct template_output out;
        template_output_init(&out);
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = chat_open_source(&chat, SLICE(source), SLICE("b"), SLICE("e"), NULL, &err);
        if (rc == 0) rc = chat_render(chat, &out, &request, &err);
        bool failed = fault_stop();
        /* A probe that fails for want of memory finds a capability missing, which is no error. */
        if (rc < 0 && (!failed || err.code != ERR_NO_MEMORY)) fail_msg("call %d: %s", n, err.text);
        if (rc < 0) assert_int_equal(out.text.len, 0);
        template_output_release(&out);
        chat_close(chat);
        if (!failed) break;
        assert_true(n < 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages),         cmocka_unit_test(variables),
        cmocka_unit_test(refusals),         cmocka_unit_test(caps),
        cmocka_unit_test(tokens_and_trust), cmocka_unit_test(checkpoints),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
