#include "chat/jinja/str.h"

int str_mark(struct render *r, struct value *ret, const struct str *s)
{
    struct str *marked = render_alloc(r, 1, sizeof *marked);
    if (!marked) return render_memory(r);
    *marked = *s;
    marked->markup = true;
    *ret = value_of_str(marked);
    return 0;
}

int str_like(struct render *r, struct value *ret, const struct str *origin)
{
    if (!origin->markup || ret->kind != KIND_STRING || ret->str->markup) return 0;
    return str_mark(r, ret, ret->str);
}

int str_escape(struct render *r, struct value *ret, const struct str *s)
{
    struct text t;
    size_t done = 0;
    if (s->markup) {
        *ret = value_of_str(s);
        return 0;
    }
    text_init(&t, r);
    for (size_t i = 0; i < s->len && t.rc == 0; i++) {
        const char *entity = s->ptr[i] == '&'    ? "&amp;"
                             : s->ptr[i] == '<'  ? "&lt;"
                             : s->ptr[i] == '>'  ? "&gt;"
                             : s->ptr[i] == '"'  ? "&#34;"
                             : s->ptr[i] == '\'' ? "&#39;"
                                                 : NULL;
        if (!entity) continue;
        text_add_sub(&t, s, done, i);
        text_add_slice(&t, slice_of(entity), str_is_trusted(s, i, i + 1));
        done = i + 1;
    }
    text_add_sub(&t, s, done, s->len);
    TRY(text_value(&t, ret));
    return str_mark(r, ret, ret->str);
}

static bool is_in(const struct str *chars, uint32_t c)
{
    if (!chars) return unicode_is_space(c);
    for (size_t pos = 0; pos < chars->len;)
        if (str_next(chars, &pos) == c) return true;
    return false;
}

int str_strip(struct render *r, struct value *ret, const struct str *s, const struct str *chars,
              bool left, bool right)
{
    size_t from = 0, to = s->len;
    uint64_t looks = 0;
    while (left && from < to) {
        size_t pos = from;
        if (!is_in(chars, str_next(s, &pos))) break;
        from = pos;
        looks++;
    }
    while (right && to > from) {
        size_t pos = to - 1;
        while (pos > from && ((unsigned char)s->ptr[pos] & 0xC0) == 0x80) pos--;
        size_t begin = pos;
        if (!is_in(chars, str_next(s, &pos))) break;
        to = begin;
        looks++;
    }
    TRY(render_step(r, looks * (chars ? chars->len + 1 : 1) / TEMPLATE_STEP_BYTES));
    return str_sub_value(r, ret, s, from, to);
}

int str_replace(struct render *r, struct value *ret, const struct str *s, const struct str *old,
                const struct str *new, int64_t count)
{
    struct text t;
    size_t done = 0, at = 0;
    text_init(&t, r);
    TRY(render_step_search(r, s->len, old->len));
    for (int64_t n = 0; (count < 0 || n < count) && t.rc == 0; n++) {
        at = str_find(str_slice(s), str_slice(old), at);
        if (at == SIZE_MAX) break;
        text_add_sub(&t, s, done, at);
        text_add_str(&t, new);
        if (t.rc == 0) t.rc = render_step(r, 1);
        done = at + old->len;
        if (old->len)
            at = done;
        else if (at < s->len)
            (void)str_next(s, &at); /* Between all characters; only its length is wanted. */
        else
            break;
    }
    text_add_sub(&t, s, done < s->len ? done : s->len, s->len);
    return text_value(&t, ret);
}

int str_join(struct render *r, struct value *ret, const struct str *separator,
             const struct list *items, bool convert)
{
    struct text t;
    text_init(&t, r);
    for (size_t i = 0; i < items->n && t.rc == 0; i++) {
        if (i) text_add_str(&t, separator);
        if (!convert && items->items[i].kind != KIND_STRING)
            return render_fail(r, "sequence item %zu: expected str instance, %s found", i,
                               value_type(items->items[i]));
        text_add_value(&t, items->items[i]);
        if (t.rc == 0) t.rc = render_step(r, 1);
    }
    return text_value(&t, ret);
}

/* Where the line break at `at` ends, or 0: the breaks of Python's splitlines. */
static size_t line_break(const struct str *s, size_t at)
{
    size_t pos = at;
    uint32_t c = str_next(s, &pos);
    if (c == '\r') return pos < s->len && s->ptr[pos] == '\n' ? pos + 1 : pos;
    bool breaks = (c >= 0x0A && c <= 0x0C) || (c >= 0x1C && c <= 0x1E) || c == 0x85 ||
                  c == 0x2028 || c == 0x2029;
    return breaks ? pos : 0;
}

int str_split_lines(struct render *r, struct value *ret, const struct str *s, bool keep)
{
    size_t n = 0, begin = 0;
    TRY(render_step_chars(r, s->len / 2));
    for (int pass = 0; pass < 2; pass++) {
        if (pass) TRY(value_list(r, ret, KIND_LIST, n));
        n = begin = 0;
        for (size_t pos = 0; pos < s->len;) {
            size_t end = line_break(s, pos);
            if (!end) {
                (void)str_next(s, &pos); /* Only its length is wanted. */
                if (pos < s->len) continue;
            }
            size_t stop = !end ? s->len : keep ? end : pos;
            if (pass) TRY(str_sub_value(r, &ret->list->items[n], s, begin, stop));
            n++;
            if (end) pos = end;
            begin = pos;
        }
    }
    return render_step(r, n / 4);
}

/* A sigma ends its word if a letter stands before it and none behind. */
static bool sigma_is_final(const struct str *s, size_t at, size_t behind)
{
    bool before = false;
    for (size_t i = at; i > 0 && !before;) {
        for (i--; i > 0 && ((unsigned char)s->ptr[i] & 0xC0) == 0x80;) i--;
        size_t pos = i;
        uint32_t c = str_next(s, &pos);
        if (unicode_is_case_ignorable(c)) continue;
        if (!unicode_is_cased(c)) return false;
        before = true;
    }
    while (before && behind < s->len) {
        uint32_t c = str_next(s, &behind);
        if (unicode_is_case_ignorable(c)) continue;
        return !unicode_is_cased(c);
    }
    return before;
}

static enum unicode_case case_of(enum str_style style, uint32_t c, bool first, bool in_word)
{
    switch (style) {
    case STYLE_UPPER: return CASE_UPPER;
    case STYLE_CAPITALIZE: return first ? CASE_TITLE : CASE_LOWER;
    case STYLE_TITLE: return in_word ? CASE_LOWER : CASE_TITLE;
    case STYLE_SWAPCASE: return unicode_is_upper(c) ? CASE_LOWER : CASE_UPPER;
    default: return CASE_LOWER;
    }
}

int str_restyle(struct render *r, struct value *ret, const struct str *s, enum str_style style)
{
    struct text t;
    bool in_word = false;
    uint32_t out[UNICODE_CASE_MAX];
    text_init(&t, r);
    TRY(render_step_chars(r, s->len));
    for (size_t pos = 0, from = 0; pos < s->len && t.rc == 0; from = pos) {
        uint32_t c = str_next(s, &pos);
        enum unicode_case to = case_of(style, c, from == 0, in_word);
        size_t n = unicode_map(out, c, to);
        if (style == STYLE_SWAPCASE && !unicode_is_upper(c) && !unicode_is_lower(c)) {
            out[0] = c;
            n = 1;
        }
        if (style == STYLE_FOLD) {
            /* Case folding as far as full upper case and back shows it: sharp s becomes ss. */
            n = unicode_map(out, c, CASE_UPPER);
            for (size_t i = 0; i < n; i++) {
                uint32_t low[UNICODE_CASE_MAX];
                (void)unicode_map(low, out[i], CASE_LOWER); /* One each: only U+0130 gives two. */
                out[i] = low[0];
            }
        } else if (c == 0x3A3 && to == CASE_LOWER) {
            out[0] = sigma_is_final(s, from, pos) ? 0x3C2 : 0x3C3;
        }
        bool trusted = str_is_trusted(s, from, pos);
        for (size_t i = 0; i < n; i++) text_add_codepoint(&t, out[i], trusted);
        in_word = unicode_is_cased(c);
    }
    TRY(text_value(&t, ret));
    return str_like(r, ret, s);
}

int str_pad(struct render *r, struct value *ret, const struct str *s, size_t left, size_t right,
            const struct str *fill)
{
    static const struct str space = { .ptr = " ", .len = 1 };
    struct text t;
    if (!fill) fill = &space;
    if (str_chars(fill) != 1)
        return render_fail(r, "the fill character must be exactly one character long");
    text_init(&t, r);
    if (fill->len == 1) {
        bool trusted = fill == &space ? s->trusted : str_is_trusted(fill, 0, 1);
        text_fill(&t, fill->ptr[0], left, trusted);
        text_add_str(&t, s);
        text_fill(&t, fill->ptr[0], right, trusted);
        return text_value(&t, ret);
    }
    for (size_t i = 0; i < left && t.rc == 0; i++) text_add_str(&t, fill);
    text_add_str(&t, s);
    for (size_t i = 0; i < right && t.rc == 0; i++) text_add_str(&t, fill);
    return text_value(&t, ret);
}

int str_center(struct render *r, struct value *ret, const struct str *s, int64_t width,
               const struct str *fill)
{
    int64_t len = (int64_t)str_chars(s), extra = width > len ? width - len : 0;
    int64_t left = extra / 2 + (extra & width & 1); /* As CPython rounds. */
    return str_pad(r, ret, s, (size_t)left, (size_t)(extra - left), fill);
}
