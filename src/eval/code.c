#include "eval/code.h"

static struct slice rest_after(struct slice s, size_t n)
{
    return (struct slice){ s.ptr + n, s.len - n };
}

static struct slice cut(struct slice s)
{
    static const char *const ends[] = { "\nclass", "\ndef", "\n#", "\nif", "\nprint", "\n```" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        s.len = slice_find(s, slice_of(ends[i]));
    return s;
}

/* What stands between the first line of ``` and the next; false: there is none. */
static bool fenced(struct slice *ret, struct slice s)
{
    size_t at = slice_find(s, SLICE("```"));
    if (at == s.len) return false;
    s = rest_after(s, at);
    size_t line = slice_find(s, SLICE("\n"));
    if (line == s.len) return false;
    s = rest_after(s, line + 1);
    *ret = (struct slice){ s.ptr, slice_find(s, SLICE("```")) };
    return true;
}

static bool defines(struct slice s, struct slice name)
{
    while (s.len > 0) {
        size_t at = slice_find(s, SLICE("def "));
        if (at == s.len) return false;
        s = rest_after(s, at + 4);
        if (slice_starts(s, name) && s.len > name.len && s.ptr[name.len] == '(') return true;
    }
    return false;
}

void eval_code_program(struct buf *out, const struct eval_item *item, struct slice answer)
{
    struct slice block;
    if (!fenced(&block, answer)) {
        buf_add_slice(out, item->prompt);
        buf_add_slice(out, cut(answer));
    } else if (defines(block, item->entry_point)) {
        /* The prompt by itself is a whole function, without a body but its text; its imports and
         * helpers count, and it is defined anew behind it. */
        buf_add_slice(out, item->prompt);
        buf_add_char(out, '\n');
        buf_add_slice(out, block);
    } else {
        buf_add_slice(out, item->prompt);
        buf_add_slice(out, block);
    }
    buf_add_char(out, '\n');
    buf_add_slice(out, item->tests);
    buf_printf(out, "\ncheck(%.*s)\n", SLICE_FMT(item->entry_point));
    buf_add_str(out, "print(\"\\n" EVAL_CODE_PASSED "\")\n");
}
