/* Text of itself: Markdown, source code, CSV, JSON ... Line ends become LF. */
#include "worker/decoder.h"

static void add_lines(struct text_out *out, struct slice s)
{
    while (s.len > 0 && out->rc == 0) {
        const char *cr = memchr(s.ptr, '\r', s.len);
        size_t n = cr ? (size_t)(cr - s.ptr) : s.len;
        text_out_add(out, (struct slice){ s.ptr, n });
        if (!cr) return;
        text_out_add(out, SLICE("\n"));
        n += n + 1 < s.len && s.ptr[n + 1] == '\n' ? 2 : 1;
        s = (struct slice){ s.ptr + n, s.len - n };
    }
}

static int read_text(struct slice document, struct text_out *out, struct err *err)
{
    struct slice text;
    struct buf buf;
    int rc = decoder_utf8(&text, &buf, document, false, err);
    if (rc == 0) add_lines(out, text);
    buf_release(&buf);
    return rc;
}

const struct decoder decoder_text = { .format = "text", .read = read_text };
