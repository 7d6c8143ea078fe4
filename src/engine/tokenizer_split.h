/* tokenizer_split - what the published regexes of byte-level BPE have in common.
 *
 * Each function stands for one alternative: given s[at], it returns where the match ends, or `at`
 * when there is none. A family's word_end tries them in the order of its regex. Text must be well
 * formed.
 */
#ifndef TIRO_ENGINE_TOKENIZER_SPLIT_H
#define TIRO_ENGINE_TOKENIZER_SPLIT_H

#include "engine/tokenizer_unicode.h"

struct text {
    const uint8_t *classes;
    const char *s;
    size_t len;
    uint8_t walls; /* A code point of one of these classes is the end of the text. */
};

/* Classes of the character at `at`; *ret_next is behind it, or `at` at the end or a wall. */
static inline uint8_t text_class(const struct text *t, size_t at, size_t *ret_next)
{
    *ret_next = at;
    if (at >= t->len) return 0;
    uint32_t c;
    size_t n = unicode_at(&c, t->s, t->len, at);
    uint8_t class = t->classes[c];
    if (class & t->walls) return 0;
    *ret_next = at + n;
    return class;
}

/* Characters with a class among `any`, as many as there are. */
static inline size_t text_run(const struct text *t, size_t at, uint8_t any)
{
    for (;;) {
        size_t next;
        if (!(text_class(t, at, &next) & any)) return at;
        at = next;
    }
}

/* [^\s\p{L}\p{N}]* */
static inline size_t text_run_other(const struct text *t, size_t at)
{
    for (;;) {
        size_t next;
        uint8_t class = text_class(t, at, &next);
        if (next == at || (class & (CLASS_SPACE | CLASS_LETTER | CLASS_NUMBER))) return at;
        at = next;
    }
}

static inline char text_byte(const struct text *t, size_t at)
{
    return at < t->len ? t->s[at] : '\0';
}

/* 's|'t|'re|'ve|'m|'ll|'d; `fold` for (?i:...), which also takes U+017F, the long s. */
size_t text_contraction(const struct text *t, size_t at, bool fold);
/* \s+(?!\S)|\s+ for a space at `at`: all of the run but its last character, which goes with what
 * follows; the whole run at the end of the text. */
size_t text_spaces(const struct text *t, size_t at);
/* [^\r\n\p{L}\p{N}]?\p{L}+ */
size_t text_word(const struct text *t, size_t at);
/*  ?[^\s\p{L}\p{N}]+[\r\n]* */
size_t text_punctuation(const struct text *t, size_t at);
/* \s*[\r\n]+ */
size_t text_newlines(const struct text *t, size_t at);
/* GPT-2's whole regex, also used behind Digits. */
size_t text_gpt2(const struct text *t, size_t at);

#endif
