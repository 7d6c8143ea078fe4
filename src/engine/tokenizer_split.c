#include "engine/tokenizer_split.h"

size_t text_contraction(const struct text *t, size_t at, bool fold)
{
    if (text_byte(t, at) != '\'') return at;
    int a = (unsigned char)text_byte(t, at + 1), b = (unsigned char)text_byte(t, at + 2);
    if (fold && a == 0xC5 && b == 0xBF) return at + 3; /* 'ſ */
    if (fold) {
        if (a >= 'A' && a <= 'Z') a += 'a' - 'A';
        if (b >= 'A' && b <= 'Z') b += 'a' - 'A';
    }
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return at + 2;
    if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return at + 3;
    return at;
}

size_t text_spaces(const struct text *t, size_t at)
{
    size_t last = at, end = at, next;
    while (text_class(t, end, &next) & CLASS_SPACE) {
        last = end;
        end = next;
    }
    bool at_end = next == end; /* Of the text, or a wall. */
    return at_end || last == at ? end : last;
}

size_t text_word(const struct text *t, size_t at)
{
    size_t start = at, next;
    uint8_t class = text_class(t, at, &next);
    char c = text_byte(t, at);
    if (!(class & (CLASS_LETTER | CLASS_NUMBER)) && c != '\r' && c != '\n') start = next;
    size_t end = text_run(t, start, CLASS_LETTER);
    return end > start ? end : at;
}

size_t text_punctuation(const struct text *t, size_t at)
{
    size_t start = text_byte(t, at) == ' ' ? at + 1 : at, end = text_run_other(t, start);
    if (end == start) return at;
    while (text_byte(t, end) == '\r' || text_byte(t, end) == '\n') end++;
    return end;
}

size_t text_newlines(const struct text *t, size_t at)
{
    size_t end = at, next;
    for (size_t i = at; text_class(t, i, &next) & CLASS_SPACE; i = next)
        if (t->s[i] == '\r' || t->s[i] == '\n') end = next;
    return end;
}

size_t text_gpt2(const struct text *t, size_t at)
{
    size_t end = text_contraction(t, at, false);
    if (end > at) return end;
    size_t start = text_byte(t, at) == ' ' ? at + 1 : at;
    end = text_run(t, start, CLASS_LETTER);
    if (end == start) end = text_run(t, start, CLASS_NUMBER);
    if (end == start) end = text_run_other(t, start);
    if (end > start) return end;
    return text_spaces(t, at);
}
