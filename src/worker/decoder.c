#include "worker/decoder.h"

#include "base/utf8.h"

enum { GATHER = 64 << 10, UTF16_MAX = 1 << 30 };

/* ---- Where the text goes ---- */

void text_out_init(struct text_out *out,
                   int (*write)(void *ctx, struct slice text, struct err *err), void *ctx,
                   uint64_t n_max)
{
    *out = (struct text_out){ .write = write, .ctx = ctx, .n_max = n_max };
    buf_init(&out->gathered, GATHER);
}

static void flush(struct text_out *out)
{
    if (out->rc == 0 && out->gathered.len > 0)
        out->rc = out->write(out->ctx, buf_slice(&out->gathered), &out->err);
    buf_reset(&out->gathered);
}

void text_out_add(struct text_out *out, struct slice text)
{
    if (out->rc < 0 || text.len == 0) return;
    if (text.len > out->n_max - out->n) {
        out->rc = err_set(&out->err, ERR_LIMIT, "the document has too much text");
        return;
    }
    out->n += text.len;
    if (text.len > GATHER - out->gathered.len) flush(out);
    if (text.len > GATHER / 2) {
        if (out->rc == 0) out->rc = out->write(out->ctx, text, &out->err);
        return;
    }
    buf_add_slice(&out->gathered, text);
    if (out->gathered.failed) out->rc = err_set(&out->err, ERR_NO_MEMORY, "no memory for the text");
}

void text_out_codepoint(struct text_out *out, uint32_t codepoint)
{
    char bytes[UTF8_BYTES_MAX];
    text_out_add(out, (struct slice){ bytes, utf8_encode(bytes, codepoint) });
}

int text_out_finish(struct text_out *out, struct err *err)
{
    flush(out);
    if (out->rc < 0 && err) *err = out->err;
    return out->rc;
}

void text_out_release(struct text_out *out)
{
    buf_release(&out->gathered);
}

/* ---- Which there are ---- */

const struct decoder *decoder_find(const char *format)
{
    for (size_t i = 0; i < decoder_registry_len; i++)
        if (strcmp(decoder_registry[i]->format, format) == 0) return decoder_registry[i];
    return NULL;
}

/* ---- Encodings ---- */

uint32_t decoder_windows_1252(unsigned char byte)
{
    static const uint16_t upper[32] = {
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
    };
    return byte >= 0x80 && byte < 0xA0 ? upper[byte - 0x80] : byte;
}

static void add_codepoint(struct buf *buf, uint32_t codepoint)
{
    char bytes[UTF8_BYTES_MAX];
    buf_add(buf, bytes, utf8_encode(bytes, codepoint));
}

static uint32_t unit(struct slice s, size_t at, bool big)
{
    const unsigned char *p = (const unsigned char *)s.ptr + at;
    return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

/* What is no pair becomes U+FFFD. */
static void add_utf16(struct buf *buf, struct slice s, bool big)
{
    for (size_t at = 0; at + 1 < s.len && !buf->failed; at += 2) {
        uint32_t c = unit(s, at, big);
        uint32_t next = at + 3 < s.len ? unit(s, at + 2, big) : 0;
        if (c >= 0xD800 && c < 0xDC00 && next >= 0xDC00 && next < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (next - 0xDC00);
            at += 2;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = UTF8_REPLACEMENT;
        }
        add_codepoint(buf, c);
    }
}

static void add_windows_1252(struct buf *buf, struct slice s)
{
    for (size_t i = 0; i < s.len && !buf->failed; i++)
        add_codepoint(buf, decoder_windows_1252((unsigned char)s.ptr[i]));
}

static bool is_text(struct slice s)
{
    return s.len == 0 || !memchr(s.ptr, '\0', s.len);
}

static int no_text(struct err *err)
{
    return err_set(err, ERR_UNSUPPORTED_FORMAT, "the document is no text in UTF-8 or UTF-16");
}

int decoder_utf8(struct slice *ret, struct buf *buf, struct slice document, bool or_windows_1252,
                 struct err *err)
{
    struct slice s = document;
    bool little = slice_starts(s, SLICE("\xFF\xFE")), big = slice_starts(s, SLICE("\xFE\xFF"));
    if (slice_starts(s, SLICE("\xEF\xBB\xBF"))) s = (struct slice){ s.ptr + 3, s.len - 3 };
    buf_init(buf, UTF16_MAX);
    if (little || big) {
        if (s.len % 2) return no_text(err);
        add_utf16(buf, (struct slice){ s.ptr + 2, s.len - 2 }, big);
    } else if (s.len == 0 || utf8_valid(s.ptr, s.len)) {
        *ret = s;
        return is_text(s) ? 0 : no_text(err);
    } else if (or_windows_1252 && is_text(s)) {
        add_windows_1252(buf, s);
    } else {
        return no_text(err);
    }
    if (buf->failed) return err_set(err, ERR_NO_MEMORY, "no memory for the text");
    *ret = buf_slice(buf);
    return is_text(*ret) ? 0 : no_text(err);
}
