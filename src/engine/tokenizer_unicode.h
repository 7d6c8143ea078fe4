/* tokenizer_unicode - what each code point is to Hugging Face's tokenizers, and its normal forms.
 *
 * The classes come from that library itself (tools/make_unicode_ranges.py): it mixes four Unicode
 * versions, so no Unicode library agrees with it on all code points. Composition and decomposition
 * are utf8proc's, which do agree, held back to the marks that the library knows.
 */
#ifndef TIRO_ENGINE_TOKENIZER_UNICODE_H
#define TIRO_ENGINE_TOKENIZER_UNICODE_H

#include "base/buf.h"
#include "base/utf8.h"

enum {
    CLASS_LETTER = 1,  /* \p{L} */
    CLASS_NUMBER = 2,  /* \p{N} */
    CLASS_SPACE = 4,   /* \s */
    CLASS_NUMERIC = 8, /* Isolated by the Digits pre-tokeniser. */
    CLASS_PUNCT = 16,  /* The rest as BERT sees it. */
    CLASS_CONTROL = 32,
    CLASS_ACCENT = 64,
    CLASS_CHINESE = 128,
    UNICODE_POINTS = 0x110000,
};

/* One byte of classes for each of UNICODE_POINTS; free with mem_free. NULL without memory. */
uint8_t *unicode_classes_new(void);
/* The lower case of one code point, where that is one code point too. */
uint32_t unicode_lower(uint32_t c);

/* A list of code points that grows. */
struct points {
    int32_t *at; /* `len` of them; owned. */
    size_t len, cap;
};

void points_release(struct points *p);
/* Whether NFC may change `text` at all: cheap, may say true for nothing. */
bool unicode_may_change(struct slice text);
/* The canonical decomposition of well-formed `text` into *ret (contents replaced); linear time. */
int unicode_decompose(struct points *ret, struct slice text) MUST_USE;
/* Appends NFC of well-formed `text` to *out; `scratch` is reused between calls. */
int unicode_compose(struct buf *out, struct points *scratch, struct slice text) MUST_USE;

/* The well-formed character at s[at], at < len. Returns its bytes. */
static inline size_t unicode_at(uint32_t *ret, const char *s, size_t len, size_t at)
{
    unsigned char c = (unsigned char)s[at];
    if (c < 0x80) {
        *ret = c;
        return 1;
    }
    return utf8_decode(ret, s + at, len - at);
}

/* Tables of tokenizer_unicode_ranges.c: ascending and disjoint. */
struct unicode_range {
    uint32_t from, to;
};
struct unicode_lower_run {
    uint32_t from, to, step;
    int32_t delta;
};

#define UNICODE_TABLE(name)                   \
    extern const struct unicode_range name[]; \
    extern const size_t name##_len

UNICODE_TABLE(unicode_letter);
UNICODE_TABLE(unicode_number);
UNICODE_TABLE(unicode_space);
UNICODE_TABLE(unicode_numeric);
UNICODE_TABLE(unicode_bert_punct);
UNICODE_TABLE(unicode_bert_control);
UNICODE_TABLE(unicode_bert_chinese);
UNICODE_TABLE(unicode_bert_accent);
UNICODE_TABLE(unicode_reorders);
extern const struct unicode_lower_run unicode_lower_runs[];
extern const size_t unicode_lower_runs_len;

#endif
