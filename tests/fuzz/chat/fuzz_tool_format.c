/* Any bytes as an answer, read by the format that the first names: in two pieces they tell the same
 * as in one, in order, and bytes of content are those of the answer. */
#include "chat/reply.h"

#include <assert.h>
#include <stdio.h>

enum { FUZZ_OUT_MAX = 1 << 22 };

struct told {
    struct buf out;
    int kind;
    int32_t index;
    struct slice input;
    uint64_t end;
};

static void on_event(void *ctx, const struct reply_event *e)
{
    struct told *t = ctx;
    bool text = e->kind == REPLY_CONTENT || e->kind == REPLY_REASONING;
    if (text) {
        assert(e->text.len && e->from >= t->end && e->to - e->from == e->text.len);
        assert(e->to <= t->input.len);
        assert(memcmp(e->text.ptr, t->input.ptr + e->from, e->text.len) == 0);
        t->end = e->to;
    } else {
        assert(e->index >= 0 && e->index < REPLY_CALLS_MAX);
        assert(e->kind != REPLY_CALL || (e->text.len && e->text.len <= CALL_NAME_MAX));
    }
    if (t->kind != (int)e->kind || (!text && t->index != e->index))
        buf_printf(&t->out, "\n%d %d:", (int)e->kind, (int)e->index);
    t->kind = (int)e->kind;
    t->index = e->index;
    buf_add_slice(&t->out, e->text);
}

static void read_in(struct told *t, const struct reply_options *o, struct slice text, size_t cut)
{
    struct reply r;
    *t = (struct told){ .kind = -1, .input = text };
    buf_init(&t->out, FUZZ_OUT_MAX);
    reply_init(&r, o, (struct reply_events){ .ctx = t, .event = on_event });
    int rc = reply_add(&r, (struct slice){ text.ptr, cut });
    if (rc == 0) rc = reply_add(&r, (struct slice){ text.ptr + cut, text.len - cut });
    if (rc == 0) rc = reply_end(&r);
    assert(rc == 0);
    reply_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char json[] = "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},"
                               "{\"type\":\"custom\",\"custom\":{\"name\":\"c\"}}]";
    if (size < 3 || size > 1 << 18) return 0;
    struct slice text = { (const char *)data + 3, size - 3 };
    struct arena arena;
    struct tool_style style;
    struct thinking thinking;
    struct tool_list *tools;
    struct told one, two;
    struct err err;
    arena_init(&arena, 1 << 16);
    const struct tool_format *f = tool_format_registry[data[0] % tool_format_registry_len];
    int rc = tool_style_open(&style, &arena, f, NULL);
    if (rc == 0) rc = thinking_find(&thinking, &arena, SLICE("</think>"), NULL);
    if (rc == 0) rc = tool_list_open(&tools, SLICE(json), NULL, 0, &err);
    assert(rc == 0);
    struct reply_options o = { .style = &style,
                               .thinking = data[1] & 1 ? &thinking : NULL,
                               .thinks = data[1] & 2,
                               .tools = data[1] & 4 ? NULL : tools,
                               .held = data[1] & 8 };
    read_in(&one, &o, text, text.len);
    read_in(&two, &o, text, text.len * data[2] / 255);
    assert(slice_eq(buf_slice(&one.out), buf_slice(&two.out)));
    buf_release(&one.out);
    buf_release(&two.out);
    tool_list_close(tools);
    arena_release(&arena);
    return 0;
}
