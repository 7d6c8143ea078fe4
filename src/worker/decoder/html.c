/* HTML: what a reader would see. Tags become line ends or nothing, characters that are named become
 * themselves, runs of white space one space; scripts and styles are left out. No tree is built:
 * what is open counts only where the text depends on it. */
#include "base/utf8.h"
#include "worker/decoder.h"
#include "worker/html_entities.h"

enum { TAG_NAME_MAX = 16, ENTITY_MAX = 32 };

struct reading {
    struct text_out *out;
    struct slice rest;
    unsigned breaks;  /* line ends to be written before the next character */
    bool space;       /* a space likewise */
    bool any;         /* something has been written */
    int preformatted; /* how many <pre> are open */
};

/* What an element does to the text around it. */
enum effect {
    EFFECT_LINE = 1,   /* on lines of its own */
    EFFECT_BLOCK = 2,  /* and an empty one between */
    EFFECT_HIDDEN = 4, /* all up to its end tag is not for readers */
    EFFECT_PRE = 8,
    EFFECT_CELL = 16,
    EFFECT_TEXT = 32, /* text without tags up to its end tag */
};

static const struct element {
    const char *name;
    unsigned effect;
} elements[] = {
    { "address", EFFECT_BLOCK },
    { "article", EFFECT_BLOCK },
    { "aside", EFFECT_BLOCK },
    { "blockquote", EFFECT_BLOCK },
    { "body", EFFECT_BLOCK },
    { "br", EFFECT_LINE },
    { "caption", EFFECT_LINE },
    { "dd", EFFECT_LINE },
    { "details", EFFECT_BLOCK },
    { "dialog", EFFECT_BLOCK },
    { "div", EFFECT_LINE },
    { "dl", EFFECT_BLOCK },
    { "dt", EFFECT_LINE },
    { "fieldset", EFFECT_BLOCK },
    { "figcaption", EFFECT_LINE },
    { "figure", EFFECT_BLOCK },
    { "footer", EFFECT_BLOCK },
    { "form", EFFECT_BLOCK },
    { "h1", EFFECT_BLOCK },
    { "h2", EFFECT_BLOCK },
    { "h3", EFFECT_BLOCK },
    { "h4", EFFECT_BLOCK },
    { "h5", EFFECT_BLOCK },
    { "h6", EFFECT_BLOCK },
    { "head", EFFECT_BLOCK },
    { "header", EFFECT_BLOCK },
    { "hr", EFFECT_BLOCK },
    { "iframe", EFFECT_HIDDEN },
    { "legend", EFFECT_LINE },
    { "li", EFFECT_LINE },
    { "main", EFFECT_BLOCK },
    { "nav", EFFECT_BLOCK },
    { "noembed", EFFECT_HIDDEN },
    { "noframes", EFFECT_HIDDEN },
    { "ol", EFFECT_BLOCK },
    { "option", EFFECT_LINE },
    { "p", EFFECT_BLOCK },
    { "pre", EFFECT_BLOCK | EFFECT_PRE },
    { "script", EFFECT_HIDDEN },
    { "section", EFFECT_BLOCK },
    { "style", EFFECT_HIDDEN },
    { "summary", EFFECT_LINE },
    { "table", EFFECT_BLOCK },
    { "td", EFFECT_CELL },
    { "template", EFFECT_HIDDEN },
    { "textarea", EFFECT_BLOCK | EFFECT_TEXT },
    { "th", EFFECT_CELL },
    { "title", EFFECT_BLOCK | EFFECT_TEXT },
    { "tr", EFFECT_LINE },
    { "ul", EFFECT_BLOCK },
    { "xmp", EFFECT_BLOCK | EFFECT_TEXT },
};

static void skip(struct slice *s, size_t n)
{
    *s = (struct slice){ s->ptr + n, s->len - n };
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ---- Text ---- */

/* What stands between what was written and what comes. */
static void write_gap(struct reading *r)
{
    if (r->any && r->breaks > 0)
        text_out_add(r->out, r->breaks > 1 ? SLICE("\n\n") : SLICE("\n"));
    else if (r->any && r->space)
        text_out_add(r->out, SLICE(" "));
    r->breaks = 0;
    r->space = false;
    r->any = true;
}

static void want_breaks(struct reading *r, unsigned n)
{
    if (r->breaks < n) r->breaks = n;
}

static void add_codepoint(struct reading *r, uint32_t c)
{
    if (c < 0x80 && is_space((char)c) && !r->preformatted) {
        r->space = true;
        return;
    }
    write_gap(r);
    text_out_codepoint(r->out, c);
}

/* A stretch without '<' and '&'. */
static void add_text(struct reading *r, struct slice s)
{
    while (s.len > 0 && r->out->rc == 0) {
        size_t n = 0;
        while (n < s.len && is_space(s.ptr[n]) && !r->preformatted) n++;
        if (n > 0) r->space = true;
        skip(&s, n);
        for (n = 0; n < s.len && (r->preformatted || !is_space(s.ptr[n]));) n++;
        if (n > 0) {
            write_gap(r);
            text_out_add(r->out, (struct slice){ s.ptr, n });
        }
        skip(&s, n);
    }
}

/* &#233; &#xE9;: its length, or 0. */
static size_t numbered(uint32_t *ret, struct slice s)
{
    bool hex = s.len > 2 && (s.ptr[2] | 0x20) == 'x';
    size_t start = hex ? 3 : 2, n = start;
    uint32_t value = 0;
    for (; n < s.len; n++) {
        char c = s.ptr[n];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
                         : hex && is_letter(c) && (c | 0x20) <= 'f'
                             ? (unsigned)((c | 0x20) - 'a') + 10
                             : 16;
        if (digit == 16) break;
        value = value > 0x10FFFF ? value : value * (hex ? 16 : 10) + digit;
    }
    if (n == start) return 0;
    bool good = value > 0 && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
    if (value < 0x100) value = decoder_windows_1252((unsigned char)value);
    *ret = good ? value : UTF8_REPLACEMENT;
    return n < s.len && s.ptr[n] == ';' ? n + 1 : n;
}

static size_t named(uint32_t *ret, struct slice s)
{
    size_t n = 1;
    while (n < s.len && n < ENTITY_MAX &&
           (is_letter(s.ptr[n]) || (s.ptr[n] >= '0' && s.ptr[n] <= '9')))
        n++;
    *ret = html_entity((struct slice){ s.ptr + 1, n - 1 });
    if (!*ret) return 0;
    return n < s.len && s.ptr[n] == ';' ? n + 1 : n;
}

/* `rest` begins with '&'. */
static void add_reference(struct reading *r)
{
    uint32_t c = '&';
    struct slice s = r->rest;
    size_t n = s.len > 1 && s.ptr[1] == '#' ? numbered(&c, s) : named(&c, s);
    if (n == 0) {
        c = '&';
        n = 1;
    }
    add_codepoint(r, c);
    skip(&r->rest, n);
}

/* Text with references up to `end`, which is not passed. */
static void add_stretch(struct reading *r, const char *end)
{
    while (r->rest.ptr < end && r->out->rc == 0) {
        struct slice s = { r->rest.ptr, (size_t)(end - r->rest.ptr) };
        const char *amp = memchr(s.ptr, '&', s.len);
        size_t n = amp ? (size_t)(amp - s.ptr) : s.len;
        add_text(r, (struct slice){ s.ptr, n });
        skip(&r->rest, n);
        if (amp) add_reference(r);
    }
}

/* ---- Tags ---- */

static const struct element *find_element(const char *name)
{
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        if (strcmp(elements[i].name, name) == 0) return &elements[i];
    return NULL;
}

/* Behind "<" or "</": the name in lower case, "" when that is long. All of the tag is passed. */
static void pass_tag(char name[TAG_NAME_MAX], struct slice *s)
{
    size_t n = 0;
    bool in_name = true;
    char quote = '\0', before = '\0';
    while (s->len > 0) {
        char c = s->ptr[0];
        skip(s, 1);
        if (quote) {
            if (c == quote) quote = '\0';
            continue;
        }
        if (c == '>') break;
        if ((c == '"' || c == '\'') && before == '=') quote = c;
        if (is_space(c) || c == '/') in_name = false;
        if (in_name && n < TAG_NAME_MAX) name[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        if (!is_space(c)) before = c;
    }
    name[n < TAG_NAME_MAX ? n : 0] = '\0';
}

/* Where "</name" stands; the end when it does not. */
static size_t find_end_tag(struct slice s, const char *name)
{
    size_t len = strlen(name);
    for (size_t at = 0; at + 2 + len <= s.len; at++) {
        const char *lt = memchr(s.ptr + at, '<', s.len - at);
        if (!lt) break;
        at = (size_t)(lt - s.ptr);
        if (at + 2 + len > s.len) break;
        struct slice candidate = { lt + 2, len };
        if (lt[1] == '/' && slice_eq_nocase(candidate, slice_of(name)) &&
            (at + 2 + len == s.len || !is_letter(lt[2 + len])))
            return at;
    }
    return s.len;
}

static void on_start_tag(struct reading *r, const char *name)
{
    const struct element *e = find_element(name);
    if (!e) return;
    if (e->effect & EFFECT_LINE) want_breaks(r, 1);
    if (e->effect & EFFECT_BLOCK) want_breaks(r, 2);
    if (e->effect & EFFECT_PRE) r->preformatted++;
    if (e->effect & EFFECT_CELL) r->space = true;
    if (!(e->effect & (EFFECT_HIDDEN | EFFECT_TEXT))) return;
    size_t n = find_end_tag(r->rest, name);
    if (e->effect & EFFECT_TEXT)
        add_stretch(r, r->rest.ptr + n);
    else
        skip(&r->rest, n);
}

static void on_end_tag(struct reading *r, const char *name)
{
    const struct element *e = find_element(name);
    if (!e) return;
    if (e->effect & EFFECT_LINE) want_breaks(r, 1);
    if (e->effect & EFFECT_BLOCK) want_breaks(r, 2);
    if (e->effect & EFFECT_PRE && r->preformatted > 0) r->preformatted--;
    if (e->effect & EFFECT_CELL) r->space = true;
}

/* Behind the first `what`, or at the end. */
static void pass(struct slice *s, struct slice what)
{
    size_t n = slice_find(*s, what);
    skip(s, n < s->len ? n + what.len : n);
}

/* `rest` begins with '<'. */
static void on_markup(struct reading *r)
{
    char name[TAG_NAME_MAX];
    struct slice s = r->rest;
    char next = s.len > 1 ? s.ptr[1] : '\0', third = s.len > 2 ? s.ptr[2] : '\0';
    if (slice_starts(s, SLICE("<!--"))) {
        skip(&r->rest, 4);
        /* The shortest is <!-->. */
        pass(&r->rest, slice_starts(r->rest, SLICE(">")) ? SLICE(">") : SLICE("-->"));
    } else if (next == '!' || next == '?') {
        pass(&r->rest, SLICE(">"));
    } else if (is_letter(next)) {
        skip(&r->rest, 1);
        pass_tag(name, &r->rest);
        on_start_tag(r, name);
    } else if (next == '/' && is_letter(third)) {
        skip(&r->rest, 2);
        pass_tag(name, &r->rest);
        on_end_tag(r, name);
    } else {
        add_codepoint(r, '<');
        skip(&r->rest, 1);
    }
}

static int read_html(struct slice document, struct text_out *out, struct err *err)
{
    struct reading r = { .out = out };
    struct buf buf;
    int rc = decoder_utf8(&r.rest, &buf, document, true, err);
    while (rc == 0 && r.rest.len > 0 && out->rc == 0) {
        const char *lt = memchr(r.rest.ptr, '<', r.rest.len);
        add_stretch(&r, lt ? lt : r.rest.ptr + r.rest.len);
        if (lt && out->rc == 0) on_markup(&r);
    }
    if (rc == 0 && r.any) text_out_add(out, SLICE("\n"));
    buf_release(&buf);
    return rc;
}

const struct decoder decoder_html = { .format = "html", .read = read_html };
