#include "api/book_text.h"

#include "base/utf8.h"

#include <assert.h>

/* Its length; what is no UTF-8 is a space. */
static size_t character_at(uint32_t *ret, struct slice text, size_t at)
{
    size_t n = utf8_decode(ret, text.ptr + at, text.len - at);
    if (n > 0) return n;
    *ret = ' ';
    return 1;
}

/* ---- Words ---- */

bool book_stands_alone(uint32_t c)
{
    return (c >= 0x2E80 && c <= 0x9FFF && !(c >= 0x3000 && c <= 0x303F)) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x0E00 && c <= 0x0EFF) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

static bool in_word(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '\'';
    if (c >= 0x2000 && c <= 0x206F) return c == 0x2019; /* dashes, quotes, spaces */
    return c > 0xBF && c != 0xD7 && c != 0xF7 && !(c >= 0x3000 && c <= 0x303F) &&
           !(c >= 0xFF00 && c <= 0xFF20);
}

uint64_t book_mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ (h >> 29);
}

bool book_next_word(struct book_word *ret, struct slice text, size_t at)
{
    bool inside = false;
    ret->hash = 0;
    while (at < text.len) {
        uint32_t c;
        size_t n = character_at(&c, text, at);
        bool alone = book_stands_alone(c);
        if (inside && (alone || !in_word(c))) break;
        if (alone || in_word(c)) {
            if (!inside) ret->begin = at;
            inside = true;
            ret->hash = book_mix(ret->hash, c == 0x2019            ? '\''
                                            : c >= 'A' && c <= 'Z' ? c | 0x20
                                                                   : c);
            ret->end = at + n;
        }
        at += n;
        if (alone) break;
    }
    return inside;
}

/* Puts a word behind the last ones, of which it keeps n. */
static size_t slide(uint64_t *run, size_t have, size_t n, uint64_t word)
{
    if (have == n) memmove(run, run + 1, --have * sizeof *run);
    run[have] = word;
    return have + 1;
}

static bool stands_in(const uint64_t *run, size_t n, struct slice text)
{
    uint64_t here[BOOK_RUN_MAX];
    struct book_word w = { .end = 0 };
    size_t have = 0;
    while (book_next_word(&w, text, w.end)) {
        have = slide(here, have, n, w.hash);
        if (have == n && memcmp(here, run, n * sizeof *run) == 0) return true;
    }
    return false;
}

bool book_shares_run(struct slice text, struct slice other, size_t n)
{
    uint64_t run[BOOK_RUN_MAX];
    struct book_word w = { .end = 0 };
    size_t have = 0;
    assert(n > 0 && n <= BOOK_RUN_MAX);
    while (book_next_word(&w, text, w.end)) {
        have = slide(run, have, n, w.hash);
        if (have == n && stands_in(run, n, other)) return true;
    }
    return have > 0 && have < n && stands_in(run, have, other);
}

size_t book_words(struct slice text)
{
    struct book_word w = { .end = 0 };
    size_t n = 0;
    while (book_next_word(&w, text, w.end)) n++;
    return n;
}

struct slice book_tail(struct slice text, size_t words)
{
    size_t all = book_words(text);
    struct book_word w = { .end = 0 };
    if (all <= words) return text;
    for (size_t i = 0; i <= all - words; i++)
        if (!book_next_word(&w, text, w.end)) return text;
    return (struct slice){ text.ptr + w.begin, text.len - w.begin };
}

bool book_is_latin(struct slice text)
{
    size_t latin = 0, others = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        latin += ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= 0xC3 && c <= 0xC9);
        others += c >= 0xCD;
    }
    return latin >= others;
}

struct slice book_clip(struct slice text, size_t bytes_max)
{
    if (text.len <= bytes_max) return text;
    return (struct slice){ text.ptr, utf8_complete_len(text.ptr, bytes_max) };
}

/* ---- Titles ---- */

enum { TITLE_WORDS_MAX = 16 };

static size_t title_words(uint64_t *ret, struct slice title)
{
    static const char *const small[] = { "the", "a", "an", "of", "in", "and", "to", "on" };
    struct book_word w = { .end = 0 };
    size_t n = 0;
    while (n < TITLE_WORDS_MAX && book_next_word(&w, title, w.end)) {
        struct slice word = { title.ptr + w.begin, w.end - w.begin };
        bool is_small = false;
        for (size_t i = 0; i < sizeof small / sizeof *small; i++)
            is_small = is_small || slice_eq_nocase(word, slice_of(small[i]));
        if (!is_small) ret[n++] = w.hash;
    }
    return n;
}

bool book_titles_alike(struct slice a, struct slice b)
{
    uint64_t in_a[TITLE_WORDS_MAX], in_b[TITLE_WORDS_MAX];
    size_t n_a = title_words(in_a, a), n_b = title_words(in_b, b), n = n_a < n_b ? n_a : n_b,
           same = 0;
    for (size_t i = 0; i < n_a; i++)
        for (size_t k = 0; k < n_b; k++) same += in_a[i] == in_b[k];
    return n > 0 && same * 2 >= n;
}

/* ---- Sentences ---- */

static bool ends_sentence(uint32_t c)
{
    return c == '.' || c == '!' || c == '?' || c == 0x2026 || c == 0x3002 || c == 0xFF01 ||
           c == 0xFF1F || c == 0x061F || c == 0x06D4 || c == 0x0964;
}

static bool closes(uint32_t c)
{
    return c == '"' || c == '\'' || c == ')' || c == 0x201D || c == 0x2019 || c == 0xBB ||
           c == 0x300D || c == '*' || c == '_';
}

size_t book_sentence_end(struct slice text, size_t at, bool *ret_whole)
{
    bool marked = false;
    *ret_whole = false;
    while (at < text.len) {
        uint32_t c;
        size_t n = character_at(&c, text, at);
        if (c == '\n') break;
        if (marked && !closes(c) && !ends_sentence(c)) {
            /* 3.14 and U.S. have nothing between; Chinese has no spaces. */
            uint32_t before;
            bool wide = utf8_decode(&before, text.ptr + at - 3 * (at >= 3), 3) == 3 &&
                        before >= 0x3000 && at >= 3;
            if (c == ' ' || c == '\t' || c == '\r' || wide) {
                *ret_whole = true;
                return at;
            }
            marked = false;
        }
        if (ends_sentence(c)) marked = true;
        at += n;
    }
    *ret_whole = marked;
    return at;
}

struct slice book_cut(struct slice text, size_t words_max)
{
    size_t at = 0, whole_to = 0, n = 0;
    struct book_word w = { .end = 0 };
    if (book_words(text) <= words_max) return text;
    while (at < text.len) {
        bool whole;
        size_t end = book_sentence_end(text, at, &whole);
        n += book_words((struct slice){ text.ptr + at, end - at });
        if (n > words_max) break;
        if (whole) whole_to = end;
        at = end;
        while (at < text.len && strchr(" \t\r\n", text.ptr[at])) at++;
    }
    if (whole_to > 0) return (struct slice){ text.ptr, whole_to };
    for (size_t i = 0; i < words_max; i++) (void)book_next_word(&w, text, w.end); /* It has more. */
    return (struct slice){ text.ptr, w.end };
}

struct slice book_whole_sentences(struct slice text)
{
    size_t at = 0, whole_to = 0;
    while (at < text.len) {
        bool whole;
        size_t end = book_sentence_end(text, at, &whole);
        if (whole) whole_to = end;
        at = end;
        while (at < text.len && strchr(" \t\r\n", text.ptr[at])) at++;
    }
    return whole_to > 0 ? (struct slice){ text.ptr, whole_to } : text;
}

/* ---- Prose ---- */

/* A line that is no part of a story: a heading, a rule, a fence, "Scene 2:". */
static bool is_frame(struct slice line)
{
    static const char *const labels[] = { "scene ",        "chapter ", "title:", "the end",
                                          "in conclusion", "end of ",  "note:",  "word count" };
    struct slice bare = line;
    while (bare.len && strchr("*_> ", bare.ptr[0]))
        bare = (struct slice){ bare.ptr + 1, bare.len - 1 };
    if (bare.len == 0) return true;
    if (bare.ptr[0] == '#' || slice_starts(bare, SLICE("---")) || slice_starts(bare, SLICE("```")))
        return true;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (slice_starts_nocase(bare, slice_of(labels[i])) && book_words(bare) < 12) return true;
    return slice_starts_nocase(bare, SLICE("sure")) && book_words(bare) < 30;
}

static struct slice first_line(struct slice text)
{
    const char *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    return (struct slice){ text.ptr, end ? (size_t)(end - text.ptr) : text.len };
}

static struct slice last_line(struct slice text)
{
    size_t at = text.len;
    while (at > 0 && text.ptr[at - 1] != '\n') at--;
    return (struct slice){ text.ptr + at, text.len - at };
}

struct slice book_prose(struct slice text)
{
    text = slice_trim(text);
    while (text.len > 0) {
        struct slice line = first_line(text);
        if (!is_frame(slice_trim(line))) break;
        text = slice_trim((struct slice){ text.ptr + line.len, text.len - line.len });
    }
    while (text.len > 0) {
        struct slice line = last_line(text);
        if (!is_frame(slice_trim(line))) break;
        text = slice_trim((struct slice){ text.ptr, text.len - line.len });
    }
    return text;
}
