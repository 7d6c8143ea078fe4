#include "base/utf8.h"
#include "chat/jinja/render.h"

#include <assert.h>
#include <stdio.h>

void text_init(struct text *t, struct render *r)
{
    *t = (struct text){ .r = r };
}

static bool reserve(struct text *t, size_t len)
{
    if (t->rc < 0) return false;
    if (len > t->r->output_max || t->len > t->r->output_max - len) {
        t->rc = render_too_long(t->r);
        return false;
    }
    if (t->len + len <= t->cap) return true;
    size_t cap = t->cap ? 2 * t->cap : 64;
    if (cap < t->len + len) cap = t->len + len;
    char *ptr = render_alloc(t->r, cap, 1);
    if (!ptr) {
        t->rc = render_memory(t->r);
        return false;
    }
    if (t->len) memcpy(ptr, t->ptr, t->len);
    t->ptr = ptr;
    t->cap = cap;
    return true;
}

/* Marks from .. to as trusted; they begin at or behind the end of the last span. */
static void mark(struct text *t, size_t from, size_t to)
{
    if (t->n_spans && t->spans[t->n_spans - 1].to == from) {
        t->spans[t->n_spans - 1].to = to;
        return;
    }
    if (t->n_spans == t->cap_spans) {
        size_t cap = t->cap_spans ? 2 * t->cap_spans : 8;
        struct template_span *spans = render_alloc(t->r, cap, sizeof *spans);
        if (!spans) {
            t->rc = render_memory(t->r);
            return;
        }
        if (t->n_spans) memcpy(spans, t->spans, t->n_spans * sizeof *spans);
        t->spans = spans;
        t->cap_spans = cap;
    }
    t->spans[t->n_spans++] = (struct template_span){ from, to };
}

void text_add(struct text *t, const char *bytes, size_t len, bool trusted)
{
    if (len == 0 || !reserve(t, len)) return;
    if ((t->rc = render_step_bytes(t->r, len)) < 0) return;
    memcpy(t->ptr + t->len, bytes, len);
    if (trusted) mark(t, t->len, t->len + len);
    t->len += len;
}

void text_add_slice(struct text *t, struct slice s, bool trusted)
{
    text_add(t, s.ptr, s.len, trusted);
}

void text_add_codepoint(struct text *t, uint32_t codepoint, bool trusted)
{
    char bytes[UTF8_BYTES_MAX];
    text_add(t, bytes, utf8_encode(bytes, codepoint), trusted);
}

void text_fill(struct text *t, char c, size_t n, bool trusted)
{
    if (n == 0 || !reserve(t, n)) return;
    if ((t->rc = render_step_bytes(t->r, n)) < 0) return;
    memset(t->ptr + t->len, c, n);
    if (trusted) mark(t, t->len, t->len + n);
    t->len += n;
}

void text_add_sub(struct text *t, const struct str *s, size_t from, size_t to)
{
    assert(from <= to && to <= s->len);
    if (from == to) return;
    if (s->trusted || s->n_spans == 0) {
        text_add(t, s->ptr + from, to - from, s->trusted);
        return;
    }
    size_t base = t->len;
    text_add(t, s->ptr + from, to - from, false);
    if ((t->rc < 0) || (t->rc = render_step(t->r, s->n_spans / TEMPLATE_STEP_BYTES)) < 0) return;
    for (size_t i = 0; i < s->n_spans && t->rc == 0; i++) {
        size_t a = s->spans[i].from > from ? s->spans[i].from : from;
        size_t b = s->spans[i].to < to ? s->spans[i].to : to;
        if (a < b) mark(t, base + a - from, base + b - from);
    }
}

void text_add_str(struct text *t, const struct str *s)
{
    text_add_sub(t, s, 0, s->len);
}

void text_add_value(struct text *t, struct value v)
{
    const struct str *s;
    if (t->rc < 0 || (t->rc = value_str(t->r, &s, v)) < 0) return;
    text_add_str(t, s);
}

void text_printf(struct text *t, bool trusted, const char *fmt, ...)
{
    char small[512];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(small, sizeof small, fmt, args);
    va_end(args);
    assert(len >= 0 && (size_t)len < sizeof small); /* For numbers only. */
    text_add(t, small, (size_t)len, trusted);
}

int text_finish(struct text *t, const struct str **ret)
{
    TRY(t->rc);
    struct str *s = render_alloc(t->r, 1, sizeof *s);
    if (!s) return render_memory(t->r);
    *s = (struct str){ .ptr = t->ptr ? t->ptr : "", .len = t->len };
    if (t->n_spans == 1 && t->spans[0].from == 0 && t->spans[0].to == t->len)
        s->trusted = true;
    else if (t->n_spans)
        s->spans = t->spans, s->n_spans = t->n_spans;
    *ret = s;
    return 0;
}

int text_value(struct text *t, struct value *ret)
{
    const struct str *s;
    TRY(text_finish(t, &s));
    *ret = value_of_str(s);
    return 0;
}

/* The first span that ends behind `from`. */
static size_t span_at(const struct str *s, size_t from)
{
    size_t low = 0, high = s->n_spans;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (s->spans[middle].to <= from)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool str_is_trusted(const struct str *s, size_t from, size_t to)
{
    if (s->trusted || s->n_spans == 0) return s->trusted;
    size_t i = span_at(s, from);
    return from < to && i < s->n_spans && s->spans[i].from <= from && to <= s->spans[i].to;
}

int str_sub(struct render *r, const struct str **ret, const struct str *s, size_t from, size_t to)
{
    assert(from <= to && to <= s->len);
    if (from == 0 && to == s->len) {
        *ret = s;
        return 0;
    }
    struct str *sub = render_alloc(r, 1, sizeof *sub);
    if (!sub) return render_memory(r);
    *sub = (struct str){ .ptr = s->ptr + from, .len = to - from, .markup = s->markup };
    size_t first = span_at(s, from), last = first;
    while (last < s->n_spans && s->spans[last].from < to) last++;
    if (s->trusted || str_is_trusted(s, from, to)) {
        sub->trusted = true;
    } else if (last > first) {
        struct template_span *spans = render_alloc(r, last - first, sizeof *spans);
        if (!spans) return render_memory(r);
        TRY(render_step(r, (last - first) / 8));
        for (size_t i = first; i < last; i++) {
            size_t a = s->spans[i].from > from ? s->spans[i].from : from;
            size_t b = s->spans[i].to < to ? s->spans[i].to : to;
            spans[i - first] = (struct template_span){ a - from, b - from };
        }
        sub->spans = spans;
        sub->n_spans = last - first;
    }
    *ret = sub;
    return 0;
}

int str_sub_value(struct render *r, struct value *ret, const struct str *s, size_t from, size_t to)
{
    const struct str *sub;
    TRY(str_sub(r, &sub, s, from, to));
    *ret = value_of_str(sub);
    return 0;
}

uint32_t str_next(const struct str *s, size_t *pos)
{
    uint32_t c = UTF8_REPLACEMENT;
    size_t n = utf8_decode(&c, s->ptr + *pos, s->len - *pos);
    *pos += n ? n : 1; /* Strings are valid; this only bounds the damage if one were not. */
    return c;
}

size_t str_chars(const struct str *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->len; i++) n += ((unsigned char)s->ptr[i] & 0xC0) != 0x80;
    return n;
}

size_t str_offset(const struct str *s, size_t n)
{
    size_t i = 0;
    for (; i < s->len; i++)
        if (((unsigned char)s->ptr[i] & 0xC0) != 0x80 && n-- == 0) return i;
    return s->len;
}

size_t str_find(struct slice s, struct slice needle, size_t from)
{
    if (from > s.len || needle.len > s.len - from) return SIZE_MAX;
    if (needle.len == 0) return from;
    const char *at = memmem(s.ptr + from, s.len - from, needle.ptr, needle.len);
    return at ? (size_t)(at - s.ptr) : SIZE_MAX;
}

size_t str_rfind(struct slice s, struct slice needle, size_t end)
{
    if (needle.len > end) return SIZE_MAX;
    for (size_t i = end - needle.len + 1; i-- > 0;)
        if (needle.len == 0 || memcmp(s.ptr + i, needle.ptr, needle.len) == 0) return i;
    return SIZE_MAX;
}

int str_rfind_steps(struct render *r, size_t len, size_t needle_len)
{
    enum { COMPARE_BYTES = 1024 };
    TRY(render_step_bytes(r, len));
    return render_step(r, (uint64_t)len * needle_len / COMPARE_BYTES);
}
