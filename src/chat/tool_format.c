#include "chat/tool_format.h"

#include "base/json.h"

/* ---- Which one ---- */

const struct tool_format *tool_format_find(struct slice name)
{
    for (size_t i = 0; i < tool_format_registry_len; i++)
        if (slice_is(name, tool_format_registry[i]->name)) return tool_format_registry[i];
    return NULL;
}

static bool contains(struct slice source, const char *text)
{
    return slice_find(source, slice_of(text)) < source.len;
}

/* How many of its texts a template has; -1: it is none of this format. */
static int fits(const struct tool_format *f, struct slice source)
{
    int n = 0;
    for (; n < TOOL_FORMAT_TEXTS && f->has[n]; n++)
        if (!contains(source, f->has[n])) return -1;
    for (int i = 0; i < TOOL_FORMAT_TEXTS && f->lacks[i]; i++)
        if (contains(source, f->lacks[i])) return -1;
    return n;
}

static const struct tool_format *best(struct slice source, bool ours)
{
    const struct tool_format *found = NULL;
    int most = -1;
    for (size_t i = 0; i < tool_format_registry_len; i++) {
        const struct tool_format *f = tool_format_registry[i];
        int n = f->ours == ours ? fits(f, source) : -1;
        if (n > most) {
            most = n;
            found = f;
        }
    }
    return found;
}

const struct tool_format *tool_format_of(struct slice source, bool shows_tools)
{
    const struct tool_format *f = shows_tools ? best(source, false) : NULL;
    return f ? f : best(source, true); /* generic names no text: it fits all. */
}

/* ---- Its texts ---- */

static struct slice marked(struct arena *a, const char *text, const struct tool_format *f,
                           const struct tokenizer *t)
{
    return text ? mark_text(a, slice_of(text), f->tokens, t) : (struct slice){ 0 };
}

int tool_style_open(struct tool_style *ret, struct arena *a, const struct tool_format *format,
                    const struct tokenizer *t)
{
    const struct tool_writing *w = &format->writing;
    *ret = (struct tool_style){
        .format = format,
        .begin = marked(a, w->begin, format, t),
        .call = marked(a, w->call, format, t),
        .name_end = marked(a, w->name_end, format, t),
        .after = marked(a, w->after, format, t),
        .separator = marked(a, w->separator, format, t),
        .end = marked(a, w->end, format, t),
    };
    ret->marker = slice_trim(ret->begin.len ? ret->begin : ret->call);
    for (int i = 0; i < TOOL_FORMAT_TOKENS && format->tokens[i]; i++)
        ret->tokens[i] = marked(a, format->tokens[i], format, t);
    return a->failed ? -ERR_NO_MEMORY : 0;
}

/* ---- A call written out ---- */

void tool_call_write(struct buf *out, const struct tool_format *format, struct slice name,
                     struct slice arguments)
{
    const struct tool_writing *w = &format->writing;
    if (w->call) buf_add_str(out, w->call);
    if (w->arguments) {
        struct json_writer json;
        buf_add_str(out, "{\"name\": ");
        json_writer_init(&json, out);
        json_slice(&json, name);
        buf_printf(out, ", \"%s\": ", w->arguments);
        buf_add_slice(out, arguments);
        buf_add_char(out, '}');
    } else {
        buf_add_slice(out, name);
        buf_add_str(out, w->name_end);
        buf_add_slice(out, arguments);
    }
    if (w->after) buf_add_str(out, w->after);
}
