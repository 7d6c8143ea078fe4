#include "chat/reasoning.h"

#include "chat/reply.h"

enum { THINKING_SPACE_MAX = 4 }; /* Behind the closing mark. */

/* The pairs in use, more than one model's first. */
static const struct {
    const char *open, *close;
} pairs[] = {
    { "<think>", "</think>" }, /* DeepSeek R1, Qwen 3, QwQ, SmolLM3, Granite 3.3 */
    { "[THINK]", "[/THINK]" }, /* Magistral */
    { "<seed:think>", "</seed:think>" },
    { "<|START_THINKING|>", "<|END_THINKING|>" }, /* Command A */
};

int thinking_find(struct thinking *ret, struct arena *a, struct slice source,
                  const struct tokenizer *t)
{
    *ret = (struct thinking){ 0 };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        /* Old templates of R1 name the closing mark alone. */
        struct slice open = slice_of(pairs[i].open), close = slice_of(pairs[i].close);
        if (slice_find(source, close) == source.len) continue;
        const char *const tokens[] = { pairs[i].open, pairs[i].close, NULL };
        ret->open = mark_text(a, open, tokens, t);
        ret->close = mark_text(a, close, tokens, t);
        ret->open_text = open;
        return ret->open.ptr && ret->close.ptr ? 0 : -ERR_NO_MEMORY;
    }
    return 0;
}

bool thinking_is_open(const struct thinking *t, struct slice prompt)
{
    return t->close.len && slice_ends(slice_trim(prompt), t->open_text);
}

int32_t thinking_grammar(struct grammar_builder *b, const struct thinking *t, bool open,
                         int32_t node)
{
    if (!t || t->close.len == 0) return node;
    int32_t thoughts = grammar_seq(b, 3,
                                   (int32_t[]){ mark_until(b, t->close), mark_grammar(b, t->close),
                                                mark_space(b, THINKING_SPACE_MAX) });
    if (!open)
        thoughts = grammar_optional(
            b, grammar_seq(b, 2, (int32_t[]){ mark_grammar(b, t->open), thoughts }));
    return grammar_seq(b, 2, (int32_t[]){ thoughts, node });
}

void reasoning_init(struct reasoning *s, const struct thinking *marks, bool open,
                    struct reply *reply)
{
    bool thinks = marks && marks->close.len;
    *s = (struct reasoning){ .marks = marks, .reply = reply };
    s->state = !thinks ? REASONING_OFF : open ? REASONING_ON : REASONING_MAYBE;
    buf_init(&s->held, REPLY_HELD_MAX);
}

/* Gives back n held bytes, as what the state says they are. */
static void give(struct reasoning *s, size_t n, reasoning_rest rest)
{
    for (size_t i = 0; i < n; i++) {
        char c = s->held.ptr[i];
        if (s->state != REASONING_ON) {
            rest(s->reply, c, s->held_at + i);
            continue;
        }
        if (!s->begun && mark_is_space(c)) continue;
        s->begun = true;
        reply_put(s->reply, REPLY_REASONING, c, s->held_at + i);
    }
    if (n) buf_consume(&s->held, n);
    s->held_at += n;
}

static void turn(struct reasoning *s, enum reasoning_state state)
{
    s->held_at += s->held.len;
    buf_reset(&s->held);
    s->state = state;
}

/* What is held so far: white space, then maybe the beginning of a mark. */
static void settle(struct reasoning *s, reasoning_rest rest)
{
    struct slice mark = s->state == REASONING_ON ? s->marks->close : s->marks->open;
    while (s->held.len && (s->state == REASONING_ON || s->state == REASONING_MAYBE)) {
        size_t space = 0;
        while (space < s->held.len && mark_is_space(s->held.ptr[space])) space++;
        struct slice found = { s->held.ptr + space, s->held.len - space };
        int m = found.len ? mark_match(found, &mark, 1) : MARK_PART;
        bool full = s->held.len == REPLY_HELD_MAX;
        if (m == 0) {
            turn(s, s->state == REASONING_ON ? REASONING_OVER : REASONING_ON);
            return;
        }
        if (m == MARK_PART && !full) return;
        if (s->state == REASONING_MAYBE) s->state = REASONING_OFF;
        size_t n = m == MARK_NONE ? space + 1 : space;
        give(s, s->state == REASONING_OFF ? s->held.len : n, rest);
    }
}

void reasoning_read(struct reasoning *s, char c, uint64_t at, reasoning_rest rest)
{
    if (s->state == REASONING_OVER && !mark_is_space(c)) s->state = REASONING_OFF;
    if (s->state == REASONING_OVER) return;
    if (s->state == REASONING_OFF) {
        rest(s->reply, c, at);
        return;
    }
    if (s->held.len == 0) s->held_at = at;
    buf_add_char(&s->held, c);
    settle(s, rest);
}

void reasoning_end(struct reasoning *s, reasoning_rest rest)
{
    /* Half a closing mark is not worth telling apart: it was cut. */
    give(s, s->held.len, rest);
}
