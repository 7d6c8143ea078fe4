/* Messages as the template can show them: tools that it does not know, roles, ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "chat/prompt.h"
#include "chat/tool_format.h"
#include "fault/fault.h"

/* Shows roles and contents, and raises where roles do not take turns, as many templates do. */
static const char turns[] =
    "{% for m in messages %}{% if m.role not in ['system', 'user', 'assistant'] %}"
    "{{ raise_exception('role') }}{% endif %}{% if not loop.first and "
    "messages[loop.index0 - 1].role == m.role %}{{ raise_exception('turns') }}{% endif %}"
    "[{{ m.role }}|{{ m.content }}]{% endfor %}";

static const char *const no_system = "{% for m in messages %}{% if m.role == 'system' %}{{ "
                                     "raise_exception('no system') }}{% endif %}"
                                     "[{{ m.role }}|{{ m.content }}]{% endfor %}";

static const char tools[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}},"
    "{\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"description\":\"d\"}}]";

#define DEFINITIONS                                                                              \
    "You can call functions. Their definitions, one a line:\n"                                   \
    "{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}\n"                                    \
    "{\"name\":\"c\",\"description\":\"d\",\"parameters\":{\"type\":\"object\",\"properties\":{" \
    "\"input\":{\"type\":\"string\"}},\"required\":[\"input\"]}}\n"                              \
    "\nTo call functions, answer with nothing but this, once for each call:\n"                   \
    "<tool_call>\n{\"name\": \"NAME\", \"arguments\": {\"ARGUMENT\": VALUE}}\n</tool_call>\n"    \
    "Their results come in the next message. Without need of a function, answer in plain words."

static struct chat *open_chat(const char *source)
{
    struct chat *chat;
    struct err err;
    if (chat_open_source(&chat, slice_of(source), SLICE(""), SLICE(""), NULL, &err) < 0)
        fail_msg("%s", err.text);
    return chat;
}

static void expect(const char *source, const struct chat_request *q, const char *wanted)
{
    struct chat *chat = open_chat(source);
    struct template_output out;
    struct err err = { 0 };
    template_output_init(&out);
    if (chat_render(chat, &out, q, &err) < 0) fail_msg("%s", err.text);
    assert_string_equal(buf_str(&out.text), wanted);
    template_output_release(&out);
    chat_close(chat);
}

static const struct chat_tool_call calls[] = {
    { SLICE("call_1"), SLICE("f"), SLICE("{\"a\": 1}") },
    { SLICE("call_2"), SLICE("c"), SLICE("say \"x\"\n") },
};

static const struct chat_message conversation[] = {
    { .role = SLICE("system"), .content = SLICE("Be brief.") },
    { .role = SLICE("user"), .content = SLICE("Go") },
    { .role = SLICE("assistant"),
      .content = SLICE("Well."),
      .tool_calls = calls,
      .n_tool_calls = 2 },
    { .role = SLICE("tool"), .tool_call_id = SLICE("call_1"), .content = SLICE("one") },
    { .role = SLICE("tool"), .tool_call_id = SLICE("call_2"), .content = SLICE("two") },
    { .role = SLICE("user"), .content = SLICE("And?") },
    { .role = SLICE("assistant"), .content = SLICE("Done.") },
};

static void written_by_us(void **state)
{
    (void)state;
    struct chat_request q = { .messages = conversation, .n_messages = 7, .tools = SLICE(tools) };
    expect(turns, &q,
           "[system|Be brief.\n\n" DEFINITIONS "][user|Go][assistant|Well.\n"
           "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>\n"
           "<tool_call>\n{\"name\": \"c\", \"arguments\": {\"input\":\"say \\\"x\\\"\\n\"}}\n"
           "</tool_call>]"
           "[user|<tool_response>\none\n</tool_response>\n<tool_response>\ntwo\n</tool_response>\n"
           "And?][assistant|Done.]");
    /* Without a system message, and without the role. */
    q.messages = conversation + 1;
    q.n_messages = 1;
    expect(turns, &q, "[system|" DEFINITIONS "][user|Go]");
    expect(no_system, &q, "[user|" DEFINITIONS "\n\nGo]");
    q.tools = SLICE("[]");
    expect(turns, &q, "[user|Go]");
    /* A history of calls, but no tools any more. */
    q = (struct chat_request){ .messages = conversation + 1, .n_messages = 4 };
    expect(turns, &q,
           "[user|Go][assistant|Well.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n"
           "</tool_call>\n<tool_call>\n{\"name\": \"c\", \"arguments\": say \"x\"\n}\n</tool_call>]"
           "[user|<tool_response>\none\n</tool_response>\n<tool_response>\ntwo\n</tool_response>]");
}

static void gemma(void **state)
{
    (void)state;
    struct chat_request q = { .messages = conversation + 1, .n_messages = 3 };
    const struct chat_message one[] = {
        conversation[1],
        { .role = SLICE("assistant"), .tool_calls = calls, .n_tool_calls = 1 },
        conversation[3],
    };
    char source[1024];
    (void)snprintf(source, sizeof source, "{# <start_of_turn> #}%s", turns);
    q.messages = one;
    expect(source, &q,
           "[user|Go][assistant|```tool_code\n{\"name\": \"f\", \"parameters\": {\"a\": 1}}\n```]"
           "[user|```tool_output\none\n```]");
}

/* A template with tools of its own gets them as they are, custom ones as functions. */
static void shown(void **state)
{
    (void)state;
    static const char source[] =
        "{# <tool_call> #}{% for t in tools %}{{ t.function.name }}:{{ t.function.parameters"
        "|tojson }};{% endfor %}{% for m in messages %}[{{ m.role }}|{{ m.content }}"
        "{% for c in m.tool_calls %}({{ c.id }} {{ c.function.name }} {{ "
        "c.function.arguments|tojson "
        "}}){% endfor %}{{ m.tool_call_id }}]{% endfor %}";
    struct chat_request q = { .messages = conversation, .n_messages = 4, .tools = SLICE(tools) };
    expect(
        source, &q,
        "f:{\"type\": \"object\"};c:{\"type\": \"object\", \"properties\": {\"input\": {\"type\": "
        "\"string\"}}, \"required\": [\"input\"]};[system|Be brief.][user|Go][assistant|Well."
        "(call_1 f {\"a\": 1})(call_2 c {\"input\": \"say \\\"x\\\"\\n\"})][tool|onecall_1]");
}

/* Calls that the template does not show stand in the text, as its format writes them. */
static void half_shown(void **state)
{
    (void)state;
    static const char source[] =
        "{# <|tool_call|> #}{{ tools|tojson if tools }}{% for m in messages %}[{{ m.role }}|"
        "{{ m.content }}]{% endfor %}";
    struct chat_request q = { .messages = conversation + 1, .n_messages = 4 };
    expect(source, &q,
           "[user|Go][assistant|Well.\n<|tool_call|>[{\"name\": \"f\", \"arguments\": {\"a\": 1}}, "
           "{\"name\": \"c\", \"arguments\": say \"x\"\n}]][tool|one][tool|two]");
}

static void roles_and_ids(void **state)
{
    (void)state;
    static const char source[] =
        "{# [TOOL_CALLS] #}{{ tools|tojson if tools }}{% for m in messages %}"
        "[{{ m.role }}{% for c in m.tool_calls %} {{ c.id }} "
        "{{ c.function.name }}{% endfor %} {{ m.tool_call_id }}"
        "{{ m.content if m.role == 'tool' }}]{% endfor %}";
    const struct chat_tool_call known = { SLICE("abcdEF012"), SLICE("f"), SLICE("{}") };
    const struct chat_message list[] = {
        { .role = SLICE("developer"), .content = SLICE("x") },
        { .role = SLICE("assistant"), .tool_calls = &known, .n_tool_calls = 1 },
        { .role = SLICE("function"), .content = SLICE("r"), .tool_call_id = SLICE("abcdEF012") },
        { .role = SLICE("assistant"), .tool_calls = calls, .n_tool_calls = 1 },
        { .role = SLICE("tool"), .content = SLICE("r"), .tool_call_id = SLICE("call_1") },
    };
    struct chat_request q = { .messages = list, .n_messages = 5 };
    struct chat *chat = open_chat(source);
    struct template_output out;
    struct err err;
    template_output_init(&out);
    assert_string_equal(chat_style(chat)->format->name, "mistral");
    assert_int_equal(chat_render(chat, &out, &q, &err), 0);
    const char *text = buf_str(&out.text);
    static const char head[] = "[system ][assistant abcdEF012 f ][tool abcdEF012r][assistant ";
    assert_memory_equal(text, head, sizeof head - 1);
    /* Nine letters and digits, the same for the call and its result. */
    const char *id = text + sizeof head - 1, *again = id + 9 + strlen(" f ][tool ");
    for (int i = 0; i < 9; i++) assert_true(id[i] > ' ' && id[i] != '_' && id[i] == again[i]);
    assert_string_equal(again + 9, "r]");
    template_output_release(&out);
    chat_close(chat);
    /* A template that knows the role keeps it. */
    q.n_messages = 1;
    expect("{% for m in messages %}{{ 'developer' if m.role == 'developer' }}{{ m.content }}"
           "{% endfor %}",
           &q, "developerx");
}

static void override(void **state)
{
    (void)state;
    struct chat *chat = open_chat("{# <tool_call> #}{{ tools|tojson if tools }}");
    struct err err;
    assert_string_equal(chat_style(chat)->format->name, "hermes");
    assert_int_equal(chat_set_tool_format(chat, SLICE("granite"), &err), 0);
    assert_string_equal(chat_style(chat)->format->name, "granite");
    assert_int_equal(chat_set_tool_format(chat, SLICE("none"), &err), -ERR_INVALID_VALUE);
    assert_non_null(strstr(err.text, "hermes, llama3, mistral"));
    chat_close(chat);
}

static void without_memory(void **state)
{
    (void)state;
    struct chat_request q = { .messages = conversation, .n_messages = 7, .tools = SLICE(tools) };
    struct chat *chat = open_chat(turns);
    for (int n = 1;; n++) {
        struct template_output out;
        struct err err;
        template_output_init(&out);
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = chat_render(chat, &out, &q, &err);
        bool failed = fault_stop();
        if (rc < 0) assert_true(failed && rc == -ERR_NO_MEMORY);
        if (!failed) assert_int_equal(rc, 0);
        template_output_release(&out);
        if (!failed) break;
        assert_true(n < 10000);
    }
    chat_close(chat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_by_us),  cmocka_unit_test(gemma),
        cmocka_unit_test(shown),          cmocka_unit_test(half_shown),
        cmocka_unit_test(roles_and_ids),  cmocka_unit_test(override),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
