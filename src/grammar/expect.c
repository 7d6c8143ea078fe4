#include "grammar/expect.h"

#include "base/utf8.h"

#include <assert.h>

enum { FIRST_BEYOND_ASCII = 0x80, FIRST_LEAD = 0xC0 };

/* The list as it grows: commas between, and "or" before the last one. */
struct list {
    struct buf *out;
    struct buf last; /* The newest item, which is not yet in `out`. */
    int n;           /* With that one. */
};

static void next_item(struct list *l)
{
    if (l->n > 1) buf_add_str(l->out, ", ");
    if (l->n > 0) buf_add_slice(l->out, buf_slice(&l->last));
    buf_reset(&l->last);
    l->n++;
}

static void add_shown(struct buf *out, uint8_t c, char quote)
{
    if (c == '\n')
        buf_add_str(out, "\\n");
    else if (c == '\t')
        buf_add_str(out, "\\t");
    else if (c < ' ' || c == 0x7F)
        buf_printf(out, "\\x%02x", c);
    else if (c == '\\' || c == (uint8_t)quote)
        buf_printf(out, "\\%c", c);
    else
        buf_add_char(out, (char)c);
}

/* A byte that may come, with what must follow it. */
static void add_text(struct list *l, struct grammar *g, int32_t state, uint8_t byte)
{
    char text[EXPECT_TEXT_MAX];
    size_t n = 0;
    int32_t next = byte;
    while (next >= 0 && next != GRAMMAR_TOKEN_BYTE && n < sizeof text) {
        state = grammar_step(g, state, (uint8_t)next);
        if (state < 0) break;
        text[n++] = (char)next;
        next = grammar_forced_byte(g, state);
    }
    bool cut = n == sizeof text;
    n = utf8_complete_len(text, n);
    next_item(l);
    buf_add_char(&l->last, '"');
    for (size_t i = 0; i < n; i++) add_shown(&l->last, (uint8_t)text[i], '"');
    buf_add_str(&l->last, cut ? "...\"" : "\"");
}

static void add_range(struct list *l, uint8_t first, uint8_t last)
{
    next_item(l);
    buf_add_char(&l->last, '\'');
    add_shown(&l->last, first, '\'');
    buf_add_str(&l->last, "' to '");
    add_shown(&l->last, last, '\'');
    buf_add_char(&l->last, '\'');
}

static void add_words(struct list *l, const char *words)
{
    next_item(l);
    buf_add_str(&l->last, words);
}

/* What ASCII has of it; true if there was more than fits. */
static bool add_ascii(struct list *l, struct grammar *g, int32_t state, const bool may[256])
{
    for (int c = 0, end; c < FIRST_BEYOND_ASCII; c = end + 1) {
        end = c;
        if (!may[c]) continue;
        if (l->n == EXPECT_ITEMS_MAX) return true;
        while (end + 1 < FIRST_BEYOND_ASCII && may[end + 1]) end++;
        if (end - c < 2) end = c; /* Two neighbours are two items. */
        if (end == c)
            add_text(l, g, state, (uint8_t)c);
        else
            add_range(l, (uint8_t)c, (uint8_t)end);
    }
    return false;
}

void grammar_expected(struct buf *out, struct grammar *g, int32_t state)
{
    struct list l = { .out = out };
    bool may[256], lead = false, rest = false;
    assert(state >= 0);
    buf_init(&l.last, 16 * EXPECT_TEXT_MAX);
    for (int c = 0; c < 256; c++) {
        may[c] = grammar_step(g, state, (uint8_t)c) >= 0;
        if (c >= FIRST_BEYOND_ASCII && c != GRAMMAR_TOKEN_BYTE && may[c])
            *(c < FIRST_LEAD ? &rest : &lead) = true;
    }
    bool more = add_ascii(&l, g, state, may);
    if (lead) add_words(&l, "a character beyond ASCII");
    if (rest) add_words(&l, "the rest of a character");
    if (may[GRAMMAR_TOKEN_BYTE]) add_words(&l, "a control token");
    if (more) add_words(&l, "others");
    if (grammar_accepts(g, state)) add_words(&l, "the end of the text");
    if (l.n > 1) buf_add_str(out, " or ");
    buf_add_slice(out, buf_slice(&l.last));
    if (l.last.failed) out->failed = true;
    buf_release(&l.last);
}
