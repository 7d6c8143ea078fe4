#include "base/utf8.h"

#include <assert.h>
#include <string.h>

/* What may follow a lead byte: total length, and the range of the second byte (Table 3-7). */
struct lead {
    uint8_t len, lo, hi;
};

static struct lead lead_of(unsigned char c)
{
    if (c < 0x80) return (struct lead){ 1, 0, 0 };
    if (c < 0xC2) return (struct lead){ 0, 0, 0 };
    if (c < 0xE0) return (struct lead){ 2, 0x80, 0xBF };
    if (c == 0xE0) return (struct lead){ 3, 0xA0, 0xBF };
    if (c == 0xED) return (struct lead){ 3, 0x80, 0x9F };
    if (c < 0xF0) return (struct lead){ 3, 0x80, 0xBF };
    if (c == 0xF0) return (struct lead){ 4, 0x90, 0xBF };
    if (c < 0xF4) return (struct lead){ 4, 0x80, 0xBF };
    if (c == 0xF4) return (struct lead){ 4, 0x80, 0x8F };
    return (struct lead){ 0, 0, 0 };
}

/* How many bytes at s are a well-formed beginning of a character; sets *ret_whole if all of it. */
static size_t good_len(bool *ret_whole, const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    struct lead lead = lead_of(p[0]);
    *ret_whole = false;
    if (lead.len == 0) return 0;
    size_t i = 1;
    for (; i < lead.len && i < len; i++) {
        unsigned char lo = i == 1 ? lead.lo : 0x80, hi = i == 1 ? lead.hi : 0xBF;
        if (p[i] < lo || p[i] > hi) return i;
    }
    *ret_whole = i == lead.len;
    return i;
}

size_t utf8_decode(uint32_t *ret_codepoint, const char *s, size_t len)
{
    assert(len > 0);
    const unsigned char *p = (const unsigned char *)s;
    if (p[0] < 0x80) {
        *ret_codepoint = p[0];
        return 1;
    }
    bool whole;
    size_t n = good_len(&whole, s, len);
    if (!whole) return 0;
    uint32_t c = p[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) c = c << 6 | (p[i] & 0x3F);
    *ret_codepoint = c;
    return n;
}

size_t utf8_encode(char *out, uint32_t c)
{
    assert(c <= 0x10FFFF && !(c >= 0xD800 && c <= 0xDFFF));
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

bool utf8_valid(const char *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = utf8_decode(&c, s + i, len - i);
        if (n == 0) return false;
        i += n;
    }
    return true;
}

size_t utf8_complete_len(const char *s, size_t len)
{
    /* Only the last three bytes can belong to a character that is not finished. */
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        const char *p = s + len - back;
        struct lead lead = lead_of((unsigned char)*p);
        if (lead.len == 0) continue;
        bool whole;
        if (lead.len > back && good_len(&whole, p, back) == back) return len - back;
        return len;
    }
    return len;
}

size_t utf8_bad_len(const char *s, size_t len)
{
    bool whole;
    size_t n = good_len(&whole, s, len);
    assert(!whole);
    return n ? n : 1;
}

size_t utf8_sanitize(char *out, size_t size, const char *s, size_t len)
{
    assert(size > 0);
    size_t w = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c;
        size_t n = utf8_decode(&c, s + i, len - i);
        size_t step = n ? n : utf8_bad_len(s + i, len - i);
        char enc[UTF8_BYTES_MAX];
        size_t m = utf8_encode(enc, n ? c : UTF8_REPLACEMENT);
        if (w + m >= size) break;
        memcpy(out + w, enc, m);
        w += m;
        i += step;
    }
    out[w] = '\0';
    return w;
}
