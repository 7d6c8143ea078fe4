#include "index/words.h"

#include "base/utf8.h"

#include <utf8proc.h>

enum { FOLDED_MAX = 32 };

enum char_class {
    CLASS_OTHER,
    CLASS_LETTER,
    CLASS_DIGIT,
    CLASS_MARK, /* belongs to what stands before it */
    CLASS_JOIN, /* _ and its like */
    CLASS_WHOLE /* a word by itself */
};

struct range {
    uint32_t from, to;
};

/* Scripts without spaces between words, in order. */
static const struct range whole[] = {
    { 0x0E01, 0x0EDF },   /* Thai, Lao */
    { 0x0F40, 0x0FBC },   /* Tibetan */
    { 0x1000, 0x109F },   /* Myanmar */
    { 0x1780, 0x17DD },   /* Khmer */
    { 0x3005, 0x3007 },   /* Han: iteration mark, zero */
    { 0x3041, 0x30FF },   /* Hiragana, Katakana */
    { 0x31F0, 0x31FF },   /* Katakana's small letters */
    { 0x3400, 0x4DBF },   /* Han A */
    { 0x4E00, 0x9FFF },   /* Han */
    { 0xF900, 0xFAFF },   /* Han, compatibility */
    { 0xFF66, 0xFF9F },   /* Katakana, half width */
    { 0x20000, 0x3FFFF }, /* Han B and on */
};

static bool is_whole(uint32_t c)
{
    for (size_t i = 0; i < sizeof whole / sizeof *whole && c >= whole[i].from; i++)
        if (c <= whole[i].to) return true;
    return false;
}

static enum char_class class_of(uint32_t c)
{
    switch (utf8proc_category((utf8proc_int32_t)c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return is_whole(c) ? CLASS_WHOLE : CLASS_LETTER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF: return CLASS_MARK;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return CLASS_DIGIT;
    case UTF8PROC_CATEGORY_PC: return CLASS_JOIN;
    default: return CLASS_OTHER;
    }
}

/* Whether `c` is inside a word, between characters of the classes `last` and `next`. */
static bool is_between(uint32_t c, enum char_class last, enum char_class next)
{
    bool apostrophe = c == '\'' || c == 0x2019, stop = c == '.' || c == 0x2024;
    if (last == CLASS_LETTER && next == CLASS_LETTER)
        return apostrophe || stop || c == 0xB7 || c == 0x2027;
    return last == CLASS_DIGIT && next == CLASS_DIGIT && (apostrophe || stop || c == ',');
}

void words_init(struct words *w, struct slice text)
{
    w->text = text;
    w->at = w->len = 0;
}

/* The character at `at`; 0 bytes at the end. Ill-formed bytes are characters that separate. */
static size_t look(const struct words *w, size_t at, uint32_t *ret, enum char_class *ret_class)
{
    if (at >= w->text.len) return 0;
    const char *s = w->text.ptr + at;
    size_t left = w->text.len - at, n = utf8_decode(ret, s, left);
    if (n == 0) *ret = UTF8_REPLACEMENT;
    *ret_class = n ? class_of(*ret) : CLASS_OTHER;
    return n ? n : utf8_bad_len(s, left);
}

static void take(struct words *w, uint32_t c)
{
    utf8proc_int32_t folded[FOLDED_MAX];
    char bytes[UTF8_BYTES_MAX];
    const utf8proc_option_t how = UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD |
                                  UTF8PROC_IGNORE;
    int last = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, folded, FOLDED_MAX, how,
                                                 &last);
    if (n < 0 || n > FOLDED_MAX) folded[0] = (utf8proc_int32_t)c, n = 1;
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        size_t len = utf8_encode(bytes, (uint32_t)folded[i]);
        if (w->len + len > WORD_BYTES_MAX) return;
        memcpy(w->word + w->len, bytes, len);
        w->len += len;
    }
}

/* The rest of a word that began with a character of class `last`. */
static void take_rest(struct words *w, enum char_class last)
{
    uint32_t c, after;
    enum char_class class, next;
    for (size_t n; (n = look(w, w->at, &c, &class)) > 0; w->at += n) {
        if (class == CLASS_MARK) {
            take(w, c);
            continue;
        }
        if (last == CLASS_WHOLE || class == CLASS_WHOLE) return;
        if (class == CLASS_OTHER) {
            if (look(w, w->at + n, &after, &next) == 0 || !is_between(c, last, next)) return;
        } else {
            last = class;
        }
        take(w, c);
    }
}

bool words_next(struct words *w, struct slice *ret)
{
    uint32_t c;
    enum char_class class;
    for (size_t n; (n = look(w, w->at, &c, &class)) > 0;) {
        w->at += n;
        if (class == CLASS_OTHER || class == CLASS_MARK) continue;
        w->len = 0;
        take(w, c);
        take_rest(w, class);
        *ret = (struct slice){ w->word, w->len };
        if (w->len) return true; /* Else only of characters that do not count. */
    }
    return false;
}
