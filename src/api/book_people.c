#include "api/book_people.h"

#include "api/book_text.h"

static struct slice skip(struct slice s, const char *chars)
{
    while (s.len && strchr(chars, s.ptr[0])) s = (struct slice){ s.ptr + 1, s.len - 1 };
    return s;
}

/* What stands before the colon, comma, dash or bracket. */
static struct slice name_of(struct slice line)
{
    static const char *const ends[] = { ":", ",", " - ", " (", " \xe2\x80\x93", " \xe2\x80\x94" };
    struct slice name = { line.ptr, 0 };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t at = slice_find(line, slice_of(ends[i]));
        if (at < line.len && (name.len == 0 || at < name.len)) name.len = at;
    }
    name = slice_trim(name);
    size_t words = book_words(name);
    return words > 0 && words <= BOOK_NAME_WORDS_MAX ? name : (struct slice){ 0 };
}

void book_names(struct book_names *ret, struct slice people)
{
    ret->n = 0;
    while (people.len && ret->n < BOOK_NAMES_MAX) {
        const char *end = memchr(people.ptr, '\n', people.len);
        size_t len = end ? (size_t)(end - people.ptr) : people.len;
        struct slice line = slice_trim((struct slice){ people.ptr, len });
        people = end ? (struct slice){ end + 1, people.len - len - 1 } : SLICE("");
        line = slice_trim(skip(line, "-*0123456789. "));
        struct slice name = name_of(line);
        if (!name.len) continue;
        ret->lines[ret->n] = line;
        ret->at[ret->n++] = name;
    }
}

/* ---- Drift ---- */

static struct slice word_at(struct slice text, size_t at)
{
    size_t end = at;
    while (end < text.len && (((text.ptr[end] | 0x20) >= 'a' && (text.ptr[end] | 0x20) <= 'z') ||
                              (unsigned char)text.ptr[end] >= 0x80))
        end++;
    return (struct slice){ text.ptr + at, end - at };
}

static bool is_capital(struct slice word)
{
    return word.len > 1 && word.ptr[0] >= 'A' && word.ptr[0] <= 'Z';
}

/* First and last word of a name of at least two. */
static bool halves(struct slice *ret_first, struct slice *ret_last, struct slice name)
{
    size_t at = name.len;
    while (at > 0 && name.ptr[at - 1] != ' ') at--;
    *ret_first = word_at(name, 0);
    *ret_last = (struct slice){ name.ptr + at, name.len - at };
    return at > 0 && is_capital(*ret_first) && is_capital(*ret_last);
}

static bool is_half(const struct book_names *names, struct slice first, struct slice last)
{
    bool half = false;
    for (size_t i = 0; i < names->n; i++) {
        struct slice a, b;
        if (!halves(&a, &b, names->at[i])) continue;
        if (slice_eq(a, first) && slice_eq(b, last)) return false;
        /* A family has one name; but a first name has one last name, and no near misses. */
        half = half || slice_eq(a, first) ||
               (slice_eq(b, last) && first.ptr[0] == a.ptr[0] && first.len > 2);
    }
    return half;
}

bool book_names_drift(const struct book_names *names, struct slice text)
{
    static const char *const titles[] = { "Mr", "Mrs", "Ms", "Dr", "Miss", "Sir", "Lady" };
    for (size_t at = 0; at < text.len;) {
        struct slice first = word_at(text, at);
        size_t next = at + first.len;
        at = next + 1;
        bool titled = false;
        for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
            titled = titled || slice_is(first, titles[i]);
        if (titled || !is_capital(first) || next >= text.len || text.ptr[next] != ' ') continue;
        struct slice last = word_at(text, next + 1);
        if (is_capital(last) && is_half(names, first, last)) return true;
    }
    return false;
}
