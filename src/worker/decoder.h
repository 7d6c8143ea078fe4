/* decoder - how one format of documents becomes text: a file in worker/decoder/ that ends in a
 * descriptor.
 *
 *     const struct decoder decoder_html = { .format = "html", .read = read_html };
 *
 * The build finds it; which names of files are of the format is said in api/extract.c. It runs in a
 * process of its own, behind walls (worker/decode.h), and may be given anything. What can only be
 * read by a program of others is started in its place: `program` is its path and arguments, reading
 * the document from standard input.
 */
#ifndef TIRO_WORKER_DECODER_H
#define TIRO_WORKER_DECODER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

/* Where the text goes. A failure stays, and ends the reading at the next look. */
struct text_out {
    int (*write)(void *ctx, struct slice text, struct err *err);
    void *ctx;
    uint64_t n, n_max;
    int rc; /* below 0: it has failed, and *err says why */
    struct err err;
    struct buf gathered;
};

void text_out_init(struct text_out *out,
                   int (*write)(void *ctx, struct slice text, struct err *err), void *ctx,
                   uint64_t n_max);
void text_out_add(struct text_out *out, struct slice text);
void text_out_codepoint(struct text_out *out, uint32_t codepoint);
/* Writes what is left; what failed on the way. */
int text_out_finish(struct text_out *out, struct err *err) MUST_USE;
void text_out_release(struct text_out *out);

struct decoder {
    const char *format;
    /* -ERR_FORMAT: damaged; -ERR_UNSUPPORTED_FORMAT: no text; -ERR_PERMISSION: encrypted;
     * -ERR_LIMIT, -ERR_NO_MEMORY. */
    int (*read)(struct slice document, struct text_out *out, struct err *err);
    const char *const *program; /* instead of read; ends with NULL */
    /* With `program`: its exit status for what it cannot open, and whether that is encrypted. */
    int cannot_open;
    bool (*is_encrypted)(struct slice document);
};

extern const struct decoder *const decoder_registry[];
extern const size_t decoder_registry_len;

const struct decoder *decoder_find(const char *format); /* NULL: none */

/* `document` as UTF-8 without a byte order mark: from UTF-8, or UTF-16 with a mark; otherwise,
 * where `or_windows_1252`, byte by byte as that. *ret is the document's own bytes or lies in
 * `buf`. -ERR_UNSUPPORTED_FORMAT: no text. */
int decoder_utf8(struct slice *ret, struct buf *buf, struct slice document, bool or_windows_1252,
                 struct err *err) MUST_USE;
/* What 0x80 to 0x9F mean in windows-1252; others mean themselves. */
uint32_t decoder_windows_1252(unsigned char byte);

#endif
