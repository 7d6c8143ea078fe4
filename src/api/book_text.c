#include "api/book_text.h"

#include "api/book_people.h"
#include "base/seam.h"
#include "base/utf8.h"

enum { GRAMS_FIRST = 1024, WORD_BYTES_MAX = 40, SHORT_WORDS_MIN = 4 };

/* ---- Words ---- */

/* Scripts that set no spaces: there each character counts. */
static bool stands_alone(uint32_t c)
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

struct word {
    size_t begin, end;
    uint64_t hash;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ (h >> 29);
}

/* The next word from `at` on; false: there is none. */
static bool next_word(struct word *ret, struct slice text, size_t at)
{
    bool inside = false;
    ret->hash = 0;
    while (at < text.len) {
        uint32_t c;
        size_t n = utf8_decode(&c, text.ptr + at, text.len - at);
        if (n == 0) {
            n = 1;
            c = ' ';
        }
        bool alone = stands_alone(c);
        if (inside && (alone || !in_word(c))) break;
        if (alone || in_word(c)) {
            if (!inside) ret->begin = at;
            inside = true;
            ret->hash = mix(ret->hash, c == 0x2019 ? '\'' : c >= 'A' && c <= 'Z' ? c | 0x20 : c);
            ret->end = at + n;
        }
        at += n;
        if (alone) break;
    }
    return inside;
}

size_t book_words(struct slice text)
{
    struct word w = { .end = 0 };
    size_t n = 0;
    while (next_word(&w, text, w.end)) n++;
    return n;
}

struct slice book_tail(struct slice text, size_t words)
{
    size_t all = book_words(text);
    struct word w = { .end = 0 };
    if (all <= words) return text;
    for (size_t i = 0; i <= all - words; i++)
        if (!next_word(&w, text, w.end)) return text;
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
    struct word w = { .end = 0 };
    size_t n = 0;
    while (n < TITLE_WORDS_MAX && next_word(&w, title, w.end)) {
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

/* Where the sentence that begins at `at` ends: behind its mark and closing quotes, or at a line's
 * end; *ret_whole: by a mark. */
static size_t sentence_end(struct slice text, size_t at, bool *ret_whole)
{
    bool marked = false;
    *ret_whole = false;
    while (at < text.len) {
        uint32_t c;
        size_t n = utf8_decode(&c, text.ptr + at, text.len - at);
        if (n == 0) {
            n = 1;
            c = ' ';
        }
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
    struct word w = { .end = 0 };
    if (book_words(text) <= words_max) return text;
    while (at < text.len) {
        bool whole;
        size_t end = sentence_end(text, at, &whole);
        n += book_words((struct slice){ text.ptr + at, end - at });
        if (n > words_max) break;
        if (whole) whole_to = end;
        at = end;
        while (at < text.len && strchr(" \t\r\n", text.ptr[at])) at++;
    }
    if (whole_to > 0) return (struct slice){ text.ptr, whole_to };
    for (size_t i = 0; i < words_max; i++) (void)next_word(&w, text, w.end); /* It has more. */
    return (struct slice){ text.ptr, w.end };
}

struct slice book_whole_sentences(struct slice text)
{
    size_t at = 0, whole_to = 0;
    while (at < text.len) {
        bool whole;
        size_t end = sentence_end(text, at, &whole);
        if (whole) whole_to = end;
        at = end;
        while (at < text.len && strchr(" \t\r\n", text.ptr[at])) at++;
    }
    return whole_to > 0 ? (struct slice){ text.ptr, whole_to } : text;
}

/* ---- Prose ---- */

static bool starts_nocase(struct slice line, const char *word)
{
    size_t n = strlen(word);
    return line.len >= n && slice_eq_nocase((struct slice){ line.ptr, n }, slice_of(word));
}

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
        if (starts_nocase(bare, labels[i]) && book_words(bare) < 12) return true;
    return starts_nocase(bare, "sure") && book_words(bare) < 30;
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

/* ---- 8-grams ---- */

void book_grams_release(struct book_grams *g)
{
    mem_free(g->slots);
    *g = (struct book_grams){ 0 };
}

static bool has(const struct book_grams *g, uint64_t h)
{
    if (!g || !g->cap || !h) return false;
    for (size_t i = h & (g->cap - 1); g->slots[i]; i = (i + 1) & (g->cap - 1))
        if (g->slots[i] == h) return true;
    return false;
}

static void put(struct book_grams *g, uint64_t h)
{
    size_t i = h & (g->cap - 1);
    while (g->slots[i] && g->slots[i] != h) i = (i + 1) & (g->cap - 1);
    g->n += !g->slots[i];
    g->slots[i] = h;
}

static int add_gram(struct book_grams *g, uint64_t h, struct err *err)
{
    if (g->n * 2 >= g->cap) {
        struct book_grams bigger = { .cap = g->cap ? g->cap * 2 : GRAMS_FIRST };
        bigger.slots = mem_calloc(bigger.cap, sizeof *bigger.slots);
        if (!bigger.slots) return err_set(err, ERR_NO_MEMORY, "There is no memory for the book.");
        for (size_t i = 0; i < g->cap; i++)
            if (g->slots[i]) put(&bigger, g->slots[i]);
        mem_free(g->slots);
        *g = bigger;
    }
    put(g, h);
    return 0;
}

/* The last eight words. */
struct ring {
    uint64_t words[BOOK_GRAM];
    size_t n;
};

/* Takes a word; the 8-gram that it ends, or 0 when there are not eight yet. */
static uint64_t ring_take(struct ring *r, uint64_t word)
{
    uint64_t h = 1;
    r->words[r->n++ % BOOK_GRAM] = word;
    if (r->n < BOOK_GRAM) return 0;
    for (size_t i = 0; i < BOOK_GRAM; i++) h = mix(h, r->words[(r->n + i) % BOOK_GRAM]);
    return h ? h : 1;
}

int book_grams_add(struct book_grams *g, struct slice text, struct err *err)
{
    struct word w = { .end = 0 };
    struct ring ring = { .n = 0 };
    while (next_word(&w, text, w.end)) {
        uint64_t h = ring_take(&ring, w.hash);
        if (h) TRY(add_gram(g, h, err));
    }
    return 0;
}

/* Counts the 8-grams that end in the text, and those that were there; all join `own`. */
static int count(size_t *ret_n, size_t *ret_hits, const struct book_grams *g,
                 struct book_grams *own, struct ring *ring, struct slice text, struct err *err)
{
    struct word w = { .end = 0 };
    *ret_n = *ret_hits = 0;
    while (next_word(&w, text, w.end)) {
        uint64_t h = ring_take(ring, w.hash);
        if (!h) continue;
        ++*ret_n;
        if (has(g, h) || has(own, h)) ++*ret_hits;
        TRY(add_gram(own, h, err));
    }
    return 0;
}

int book_repeated(double *ret, const struct book_grams *g, struct slice text, struct err *err)
{
    struct book_grams own = { 0 };
    struct ring ring = { .n = 0 };
    size_t n, hits;
    int rc = count(&n, &hits, g, &own, &ring, text, err);
    book_grams_release(&own);
    *ret = rc == 0 && n ? (double)hits / (double)n : 0;
    return rc;
}

/* Of a sentence that is too short for an 8-gram, and too long to be said twice; else 0. */
static uint64_t short_sentence(struct slice sentence)
{
    struct word w = { .end = 0 };
    uint64_t h = 2;
    size_t n = 0;
    for (; n < BOOK_GRAM && next_word(&w, sentence, w.end); n++) h = mix(h, w.hash);
    return n >= SHORT_WORDS_MIN && n < BOOK_GRAM ? (h ? h : 1) : 0;
}

/* Whether most of the 8-grams that lie wholly inside the sentence stood before. */
static bool is_old(const struct book_grams *g, const struct book_grams *own, struct slice sentence)
{
    struct word w = { .end = 0 };
    struct ring ring = { .n = 0 };
    size_t n = 0, hits = 0;
    while (next_word(&w, sentence, w.end)) {
        uint64_t h = ring_take(&ring, w.hash);
        n += h != 0;
        hits += h && (has(g, h) || has(own, h));
    }
    return hits * 2 > n || (n == 0 && has(own, short_sentence(sentence)));
}

/* That speaks of the text, and not in it; or a row of a list. */
static bool is_about_text(struct slice sentence)
{
    static const char *const begins[] = { "This scene",
                                          "In this scene",
                                          "The scene ends",
                                          "The scene concludes",
                                          "The story ends",
                                          "The story concludes",
                                          "The story continues",
                                          "This chapter",
                                          "In this chapter",
                                          "In chapter ",
                                          "In conclusion",
                                          "In summary",
                                          "Overall,",
                                          "To be continued",
                                          "Before the scene",
                                          "- ",
                                          "* " };
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (starts_nocase(sentence, begins[i])) return true;
    return slice_find(sentence, SLICE("words of the story")) < sentence.len;
}

/* A word of no language, or of a script that the book is not in. */
static bool is_garbled(struct slice sentence, bool latin)
{
    struct word w = { .end = 0 };
    while (next_word(&w, sentence, w.end)) {
        uint32_t c = 0;
        if (w.end - w.begin > WORD_BYTES_MAX) return true;
        (void)utf8_decode(&c, sentence.ptr + w.begin, w.end - w.begin); /* It was decoded before. */
        if (latin && stands_alone(c)) return true;
    }
    return false;
}

enum script { SCRIPT_NO, SCRIPT_LABEL, SCRIPT_LINE };

/* Of a play: "Emily Ives (quietly): ...", or her name alone, and what she says in the next line. */
static enum script script_of(struct slice sentence)
{
    const char *colon = sentence.len ? memchr(sentence.ptr, ':', sentence.len) : NULL;
    struct slice who = { sentence.ptr, colon ? (size_t)(colon - sentence.ptr) : 0 };
    struct slice said = { colon, sentence.len - who.len };
    if (who.len == 0 || book_words(who) > 4 || !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ*", who.ptr[0]))
        return SCRIPT_NO;
    said = slice_trim((struct slice){ said.ptr + 1, said.len - 1 });
    if (said.len == 0 || slice_is(said, "**")) return SCRIPT_LABEL;
    return strchr("\"*", said.ptr[0]) || slice_starts(said, SLICE("\xe2\x80\x9c")) ? SCRIPT_LINE
                                                                                   : SCRIPT_NO;
}

struct sieve {
    const struct book_grams *grams;
    const struct book_names *names;
    bool latin;
    struct book_grams own; /* of what came before in this text */
    struct ring ring;
    bool labelled; /* the line before said who speaks */
};

static bool is_out_of_place(const struct sieve *s, struct slice sentence)
{
    return s->labelled || script_of(sentence) != SCRIPT_NO || is_about_text(sentence) ||
           is_garbled(sentence, s->latin) || is_old(s->grams, &s->own, sentence) ||
           book_names_drift(s->names, sentence);
}

/* Behind a sentence: to the next, and whether that is what a play's label announced. */
static size_t skip_space(struct sieve *s, struct slice text, size_t at, struct slice sentence)
{
    bool next_line = at == text.len;
    for (; at < text.len && strchr(" \t\r\n", text.ptr[at]); at++)
        next_line = next_line || text.ptr[at] == '\n';
    if (next_line) s->labelled = script_of(sentence) == SCRIPT_LABEL;
    return at;
}

static int sift(struct buf *out, struct sieve *s, struct slice text, struct err *err)
{
    size_t at = 0, gap_from = 0;
    while (at < text.len) {
        bool whole;
        size_t n, hits, end = sentence_end(text, at, &whole);
        struct slice sentence = { text.ptr + at, end - at };
        bool out_of_place = is_out_of_place(s, sentence);
        TRY(count(&n, &hits, s->grams, &s->own, &s->ring, sentence, err));
        if (out_of_place || hits * 2 > n) {
            s->ring.n = 0; /* What follows stands beside something else now. */
        } else {
            if (out->len > 0) buf_add(out, text.ptr + gap_from, at - gap_from);
            buf_add_slice(out, sentence);
        }
        uint64_t h = short_sentence(sentence);
        if (h) TRY(add_gram(&s->own, h, err));
        gap_from = end;
        at = skip_space(s, text, end, sentence);
    }
    return out->failed ? err_set(err, ERR_NO_MEMORY, "There is no memory for the book.") : 0;
}

/* What stood before it in the same scene. */
static int note_before(struct sieve *s, struct slice before, struct err *err)
{
    size_t n, hits, at = 0;
    bool whole;
    TRY(count(&n, &hits, s->grams, &s->own, &s->ring, before, err));
    while (at < before.len) {
        size_t end = sentence_end(before, at, &whole);
        uint64_t h = short_sentence((struct slice){ before.ptr + at, end - at });
        if (h) TRY(add_gram(&s->own, h, err));
        at = end;
        while (at < before.len && strchr(" \t\r\n", before.ptr[at])) at++;
    }
    return 0;
}

int book_sift(struct buf *out, const struct book_grams *g, const struct book_names *names,
              bool latin, struct slice before, struct slice text, struct err *err)
{
    struct sieve s = { .grams = g, .names = names, .latin = latin };
    int rc = note_before(&s, before, err);
    if (rc == 0) rc = sift(out, &s, text, err);
    book_grams_release(&s.own);
    return rc;
}
