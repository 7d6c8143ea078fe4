/* Thoughts told apart from the answer, cut at every byte; and which marks a template has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "chat/prompt.h"
#include "fault/fault.h"
#include "unit/chat/reply_script.h"

static struct arena arena;
static struct thinking think;
static struct tool_style style;
static struct tool_list *tools;

static int setup(void **state)
{
    (void)state;
    struct err err;
    arena_init(&arena, 1 << 16);
    if (thinking_find(&think, &arena, SLICE("x</think>"), NULL) < 0) return -1;
    if (tool_style_open(&style, &arena, tool_format_find(SLICE("hermes")), NULL) < 0) return -1;
    return tool_list_open(&tools, SLICE("[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"),
                          NULL, 0, &err);
}

static int teardown(void **state)
{
    (void)state;
    tool_list_close(tools);
    arena_release(&arena);
    return 0;
}

static void expect(bool opened, const char *text, const char *wanted)
{
    const struct reply_options o = {
        .style = &style, .thinking = &think, .thinks = opened, .tools = tools
    };
    struct slice all = slice_of(text);
    for (size_t cut = 0; cut <= all.len; cut++) {
        struct reply_script s;
        struct reply r;
        script_init(&s, all);
        reply_init(&r, &o, (struct reply_events){ .ctx = &s, .event = script_event });
        assert_int_equal(reply_add(&r, (struct slice){ text, cut }), 0);
        assert_int_equal(reply_add(&r, (struct slice){ text + cut, all.len - cut }), 0);
        assert_int_equal(reply_end(&r), 0);
        assert_string_equal(script_end(&s), wanted);
        reply_release(&r);
        buf_release(&s.out);
    }
}

static void marks(void **state)
{
    (void)state;
    expect(false, "<think>\nHm, so.\n</think>\n\nYes.", "R(Hm, so.)C(Yes.)");
    expect(false, "\n<think>a\n b</think>c", "R(a\n b)C(c)");
    expect(false, "<think>\n\n</think>\n\nYes.", "C(Yes.)");
    expect(true, "Hm, so.\n</think>\n\nYes.", "R(Hm, so.)C(Yes.)");
    expect(true, "\n\nHm </thin </think>", "R(Hm </thin)");
    /* Only at the beginning. */
    expect(false, "No <think>x</think>", "C(No <think>x</think>)");
    expect(true, "a</think>b<think>c</think>", "R(a)C(b<think>c</think>)");
    /* Never closed, cut, or nothing at all. */
    expect(false, "<think>on and on", "R(on and on)");
    expect(true, "on and on </thi", "R(on and on </thi)");
    expect(false, "<thi", "C(<thi)");
    expect(false, "  <th", "C(  <th)");
    expect(true, "", "");
    expect(true, "</think>", "");
    expect(false, "", "");
    /* A call in the thoughts is none. */
    expect(
        true,
        "<tool_call>{\"name\":\"f\"}</tool_call></think>\n<tool_call>{\"name\":\"f\"}</tool_call>",
        "R(<tool_call>{\"name\":\"f\"}</tool_call>)F0(f)A0({})");
}

/* White space without end is let go at last, on both sides of the limit. */
static void much_space(void **state)
{
    (void)state;
    for (size_t n = REPLY_HELD_MAX - 1; n <= REPLY_HELD_MAX + 1; n++) {
        const struct reply_options o = { .style = &style, .thinking = &think };
        struct reply_script s;
        struct reply r;
        struct buf text;
        buf_init(&text, 1 << 20);
        for (size_t i = 0; i < n; i++) buf_add_char(&text, ' ');
        buf_add_str(&text, "<think>a</think>");
        script_init(&s, buf_slice(&text));
        reply_init(&r, &o, (struct reply_events){ .ctx = &s, .event = script_event });
        assert_int_equal(reply_add(&r, buf_slice(&text)), 0);
        assert_int_equal(reply_end(&r), 0);
        bool fits = n + strlen("<think>") - 1 < REPLY_HELD_MAX;
        assert_int_equal(s.out.len, fits ? 3 : text.len + 2);
        reply_release(&r);
        buf_release(&s.out);
        buf_release(&text);
    }
}

static void found(void **state)
{
    (void)state;
    struct thinking t;
    assert_int_equal(thinking_find(&t, &arena, SLICE("no marks <think>"), NULL), 0);
    assert_int_equal(t.close.len, 0);
    assert_false(thinking_is_open(&t, SLICE("<think>")));
    assert_int_equal(thinking_find(&t, &arena, SLICE("[THINK]..[/THINK]"), NULL), 0);
    assert_true(slice_is(t.close, "[/THINK]"));
    assert_true(thinking_is_open(&think, SLICE("<|assistant|><think>\n")));
    assert_false(thinking_is_open(&think, SLICE("<think>\n\n</think>\n\n")));
    assert_false(thinking_is_open(&think, SLICE("")));
}

/* The prompt says whether it left the model in its thoughts. */
static void prompts(void **state)
{
    (void)state;
    static const char source[] =
        "{% for m in messages %}{{ m.content.split('</think>')[-1] }}{% endfor %}"
        "{% if add_generation_prompt %}{% if enable_thinking is false %}<think>\n\n</think>\n\n"
        "{% else %}<think>\n{% endif %}{% endif %}";
    const struct chat_message user = { .role = SLICE("user"), .content = SLICE("x<think>") };
    struct chat_request q = { .messages = &user, .n_messages = 1, .add_generation_prompt = true };
    struct chat *chat;
    struct err err;
    struct template_output out;
    assert_int_equal(chat_open_source(&chat, SLICE(source), SLICE(""), SLICE(""), NULL, &err), 0);
    assert_true(chat_caps(chat)->thinking);
    template_output_init(&out);
    assert_int_equal(chat_render(chat, &out, &q, &err), 0);
    assert_true(thinking_is_open(chat_thinking(chat), buf_slice(&out.text)));
    q.kwargs = SLICE("{\"enable_thinking\": false}");
    assert_int_equal(chat_render(chat, &out, &q, &err), 0);
    assert_false(thinking_is_open(chat_thinking(chat), buf_slice(&out.text)));
    template_output_release(&out);
    chat_close(chat);
}

static void without_memory(void **state)
{
    (void)state;
    const struct reply_options o = { .style = &style, .thinking = &think };
    static const char text[] = "<think>a</think>b";
    script_without_memory(&o, SLICE(text), "R(a)C(b)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks),   cmocka_unit_test(much_space),     cmocka_unit_test(found),
        cmocka_unit_test(prompts), cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
