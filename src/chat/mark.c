#include "chat/mark.h"

#include "engine/answer.h"
#include "grammar/grammar.h"

#include <assert.h>

static_assert((int)MARK_BYTE == (int)ANSWER_MARK && (int)MARK_BYTE == (int)GRAMMAR_TOKEN_BYTE,
              "one byte means a control token everywhere");

static bool is_control(const char *text, const struct tokenizer *t)
{
    int32_t id = t ? tokenizer_find(t, slice_of(text)) : TOKEN_NONE;
    return id != TOKEN_NONE && tokenizer_kind(t, id) == TOKEN_CONTROL;
}

/* The control token that the text begins with, or an empty slice. */
static struct slice token_at(struct slice text, const char *const *tokens,
                             const struct tokenizer *t)
{
    for (size_t i = 0; tokens && tokens[i]; i++)
        if (slice_starts(text, slice_of(tokens[i])) && is_control(tokens[i], t))
            return slice_of(tokens[i]);
    return (struct slice){ 0 };
}

struct slice mark_text(struct arena *a, struct slice text, const char *const *tokens,
                       const struct tokenizer *t)
{
    /* A token of one byte would become three. */
    char *out = arena_alloc(a, 3 * text.len + 1);
    size_t len = 0;
    if (!out) return (struct slice){ 0 };
    while (text.len) {
        struct slice token = token_at(text, tokens, t);
        size_t n = token.len ? token.len : 1;
        if (token.len) out[len++] = (char)MARK_BYTE;
        memcpy(out + len, text.ptr, n);
        len += n;
        if (token.len) out[len++] = (char)MARK_BYTE;
        text = (struct slice){ text.ptr + n, text.len - n };
    }
    return (struct slice){ out, len };
}

int32_t mark_grammar(struct grammar_builder *b, struct slice marked)
{
    static const char byte = (char)MARK_BYTE;
    int32_t node = grammar_empty(b);
    bool token = false;
    while (marked.len) {
        size_t n = slice_find(marked, (struct slice){ &byte, 1 });
        struct slice part = { marked.ptr, n };
        if (n) {
            int32_t next = token ? grammar_token(b, part) : grammar_text(b, part);
            node = grammar_seq(b, 2, (int32_t[]){ node, next });
        }
        if (n == marked.len) break;
        token = !token;
        marked = (struct slice){ marked.ptr + n + 1, marked.len - n - 1 };
    }
    return node;
}

int32_t mark_any(struct grammar_builder *b)
{
    return grammar_repeat(b, grammar_chars(b, NULL, 0, true), 0, GRAMMAR_UNBOUNDED);
}

int32_t mark_until(struct grammar_builder *b, struct slice marked)
{
    assert(marked.len);
    return mark_is(marked.ptr[0]) ? mark_any(b) : grammar_until(b, marked);
}

int32_t mark_space(struct grammar_builder *b, int32_t max)
{
    static const struct grammar_range space[] = { { ' ', ' ' }, { '\t', '\n' }, { '\r', '\r' } };
    return grammar_repeat(b, grammar_chars(b, space, 3, false), 0, max);
}

int mark_match(struct slice text, const struct slice *texts, size_t n)
{
    int found = MARK_NONE;
    for (size_t i = 0; i < n; i++) {
        if (texts[i].len == 0 || !slice_starts(texts[i], text)) continue;
        if (texts[i].len == text.len) return (int)i;
        found = MARK_PART;
    }
    return found;
}
