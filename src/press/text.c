#include "press/text.h"

#include "base/utf8.h"

#include <assert.h>
#include <utf8proc.h>

enum { MARKS_MAX = 3, NESTED_MAX = 6 };

/* ---- Cleaning ---- */

static bool is_line_end(uint32_t c)
{
    return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/* Controls, noncharacters, and the mark of byte order. */
static bool is_dropped(uint32_t c)
{
    return (c < 0x20 && c != '\t') || (c >= 0x7F && c < 0xA0) || c == 0xFEFF ||
           (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE;
}

struct cleaning {
    char *to;
    size_t n;
    bool lines, space; /* space: one is due, if something follows on the line */
    unsigned ends;     /* line ends that are due, if something follows */
};

static void put(struct cleaning *c, const char *bytes, size_t n)
{
    if (c->n > 0) {
        for (unsigned i = 0; i < c->ends && i < 2; i++) c->to[c->n++] = '\n';
        if (c->space && c->ends == 0) c->to[c->n++] = ' ';
    }
    memcpy(c->to + c->n, bytes, n);
    c->n += n;
    c->ends = 0;
    c->space = false;
}

struct slice press_text_clean(struct slice text, bool lines, struct arena *arena)
{
    struct cleaning c = { .to = arena_alloc(arena, text.len + 1), .lines = lines };
    size_t at = 0;
    if (!c.to) return (struct slice){ 0 };
    while (at < text.len) {
        uint32_t codepoint;
        size_t n = utf8_decode(&codepoint, text.ptr + at, text.len - at);
        bool crlf = n == 1 && codepoint == '\r' && at + 1 < text.len && text.ptr[at + 1] == '\n';
        if (n == 0) {
            n = utf8_bad_len(text.ptr + at, text.len - at); /* Left out. */
        } else if (is_line_end(codepoint) && lines) {
            c.ends += !crlf;
        } else if (codepoint == ' ' || codepoint == '\t' || is_line_end(codepoint)) {
            c.space = true;
        } else if (!is_dropped(codepoint)) {
            put(&c, text.ptr + at, n);
        }
        at += n;
    }
    return (struct slice){ c.to, c.n };
}

/* ---- Which way it runs ---- */

bool press_text_runs_right_to_left(struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t codepoint;
        size_t n = utf8_decode(&codepoint, text.ptr + at, text.len - at);
        if (n == 0) return false;
        switch (utf8proc_get_property((utf8proc_int32_t)codepoint)->bidi_class) {
        case UTF8PROC_BIDI_CLASS_L: return false;
        case UTF8PROC_BIDI_CLASS_R:
        case UTF8PROC_BIDI_CLASS_AL: return true;
        default: break;
        }
        at += n;
    }
    return false;
}

/* ---- Marks ---- */

/* One paragraph being read. */
struct reading {
    struct slice text;
    struct press_run *runs;
    size_t n_runs;
    size_t plain; /* where text begins that is in no run yet */
    struct {
        size_t close; /* where its closing marks are */
        size_t n;
        unsigned style;
    } open[NESTED_MAX]; /* the innermost last */
    size_t n_open;
    /* By character and number: where the first marks at or behind the last question are that may
     * close; never asked: 0, none: text.len. So each is searched for once. */
    size_t close[2][MARKS_MAX];
    size_t close_from[2][MARKS_MAX];
};

static bool is_mark(char c)
{
    return c == '*' || c == '_';
}

/* As many as stand there; a backslash in front of the first is no part of it. */
static size_t marks_at(struct slice s, size_t at)
{
    size_t n = 0;
    while (at + n < s.len && s.ptr[at + n] == s.ptr[at]) n++;
    return n;
}

enum side { SIDE_SPACE, SIDE_PUNCTUATION, SIDE_WORD, SIDE_OTHER_LETTER };

static enum side side_of(uint32_t codepoint)
{
    switch (utf8proc_category((utf8proc_int32_t)codepoint)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return SIDE_SPACE;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO: return SIDE_PUNCTUATION;
    case UTF8PROC_CATEGORY_LO: return SIDE_OTHER_LETTER; /* Not all such scripts have spaces. */
    default: return codepoint == '\n' ? SIDE_SPACE : SIDE_WORD;
    }
}

static enum side side_before(struct slice s, size_t at)
{
    uint32_t codepoint;
    size_t start = at;
    if (at == 0) return SIDE_SPACE;
    do start--;
    while (start > 0 && ((unsigned char)s.ptr[start] & 0xC0) == 0x80);
    return utf8_decode(&codepoint, s.ptr + start, at - start) ? side_of(codepoint) : SIDE_WORD;
}

static enum side side_behind(struct slice s, size_t at)
{
    uint32_t codepoint;
    if (at >= s.len) return SIDE_SPACE;
    return utf8_decode(&codepoint, s.ptr + at, s.len - at) ? side_of(codepoint) : SIDE_WORD;
}

/* `inner` lies within the emphasis, `outer` outside of it. */
static bool may_stand(char mark, enum side inner, enum side outer)
{
    if (inner == SIDE_SPACE || outer == SIDE_WORD) return false;
    if (outer == SIDE_OTHER_LETTER) return mark == '*' && inner != SIDE_PUNCTUATION;
    return true;
}

static bool may_open(struct slice s, size_t at, size_t n)
{
    return may_stand(s.ptr[at], side_behind(s, at + n), side_before(s, at));
}

static bool may_close(struct slice s, size_t at, size_t n)
{
    return may_stand(s.ptr[at], side_before(s, at), side_behind(s, at + n));
}

/* The first `n` marks that may close at or behind `from`, text.len: none. */
static size_t find_close(struct reading *r, char mark, size_t n, size_t from)
{
    struct slice s = r->text;
    size_t *found = &r->close[mark == '_'][n - 1];
    if (*found >= from && *found > 0) return *found;
    for (size_t at = from; at < s.len;) {
        if (s.ptr[at] == '\\' && at + 1 < s.len && is_mark(s.ptr[at + 1])) {
            at += 2;
        } else if (!is_mark(s.ptr[at])) {
            at++;
        } else {
            size_t len = marks_at(s, at);
            if (s.ptr[at] == mark && len == n && may_close(s, at, len)) return *found = at;
            at += len;
        }
    }
    return *found = s.len;
}

static void add_run(struct reading *r, size_t from, size_t to, int kind, unsigned style)
{
    if (from == to) return;
    r->runs[r->n_runs++] = (struct press_run){
        .text = { r->text.ptr + from, to - from },
        .style = style,
        .kind = kind,
    };
}

static unsigned style_now(const struct reading *r)
{
    unsigned style = 0;
    for (size_t i = 0; i < r->n_open; i++) style |= r->open[i].style;
    return style;
}

/* What stands before `at` is a run, and the text goes on at `to`. */
static void end_plain(struct reading *r, size_t at, size_t to)
{
    add_run(r, r->plain, at, PRESS_TEXT, style_now(r));
    r->plain = to;
}

/* Marks at `at`: whether they begin a style; then where it ends is known. */
static bool begin_style(struct reading *r, size_t at, size_t n)
{
    size_t limit = r->n_open ? r->open[r->n_open - 1].close : r->text.len;
    if (n > MARKS_MAX || r->n_open == NESTED_MAX || !may_open(r->text, at, n)) return false;
    size_t close = find_close(r, r->text.ptr[at], n, at + n);
    if (close >= limit) return false;
    end_plain(r, at, at + n);
    add_run(r, at, at + n, PRESS_MARK, 0);
    r->open[r->n_open].close = close;
    r->open[r->n_open].n = n;
    r->open[r->n_open++].style = (unsigned)n;
    return true;
}

static size_t end_style(struct reading *r, size_t at)
{
    size_t n = r->open[r->n_open - 1].n;
    end_plain(r, at, at + n);
    add_run(r, at, at + n, PRESS_MARK, 0);
    r->n_open--;
    return at + n;
}

static void read_runs(struct reading *r)
{
    struct slice s = r->text;
    for (size_t at = 0; at < s.len;) {
        char c = s.ptr[at];
        if (r->n_open && at == r->open[r->n_open - 1].close) {
            at = end_style(r, at);
        } else if (c == '\\' && at + 1 < s.len && is_mark(s.ptr[at + 1])) {
            end_plain(r, at, at + 1);
            at += 2;
        } else if (c == '\n') {
            end_plain(r, at, at + 1);
            add_run(r, at, at + 1, PRESS_LINE_END, 0);
            at++;
        } else if (is_mark(c)) {
            size_t n = marks_at(s, at);
            (void)begin_style(r, at, n); /* Else they are text. */
            at += n;
        } else {
            at++;
        }
    }
    assert(r->n_open == 0);
    end_plain(r, s.len, s.len);
}

/* ---- Paragraphs ---- */

/* Three or more of one character, with spaces between. */
static bool is_break(struct slice s)
{
    size_t n = 0;
    char c = s.len ? s.ptr[0] : ' ';
    if (!is_mark(c) && c != '-') return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] != c && s.ptr[i] != ' ') return false;
        n += s.ptr[i] == c;
    }
    return n >= 3;
}

/* Each of these ends a run, begins one, and may be one. */
static size_t runs_max(struct slice s)
{
    size_t n = 1;
    for (size_t i = 0; i < s.len; i++)
        if (is_mark(s.ptr[i]) || s.ptr[i] == '\\' || s.ptr[i] == '\n') n += 2;
    return n;
}

void press_text_begin(struct press_text *t, struct slice text, struct arena *arena)
{
    *t = (struct press_text){ .rest = text, .arena = arena, .mark = arena_mark(arena) };
}

bool press_text_next(struct press_text *t, struct press_paragraph *ret)
{
    if (!t->rest.len) return false;
    size_t n = slice_find(t->rest, SLICE("\n\n"));
    struct slice text = { t->rest.ptr, n };
    arena_reset_to(t->arena, t->mark);
    *ret = (struct press_paragraph){ .text = text, .is_break = is_break(text) };
    if (!ret->is_break) {
        struct reading r = { .text = text };
        r.runs = ARENA_NEWS(t->arena, runs_max(text), struct press_run);
        if (!r.runs) return false;
        read_runs(&r);
        ret->runs = r.runs;
        ret->n_runs = r.n_runs;
        ret->right_to_left = press_text_runs_right_to_left(text);
    }
    size_t skip = n + 2 < t->rest.len ? n + 2 : t->rest.len;
    t->rest = (struct slice){ t->rest.ptr + skip, t->rest.len - skip };
    return true;
}

int press_text_check(const struct press_text *t, struct err *err)
{
    return arena_check(t->arena, "the book's text", err);
}
