/* multipart - a strict push parser of multipart/form-data (RFC 7578, RFC 2046).
 *
 *     struct multipart m;
 *     TRY(multipart_init(&m, content_type, &ops, ctx, err));
 *     TRY(multipart_push(&m, bytes, err));          as they come, in pieces of any size
 *     TRY(multipart_finish(&m, err));               the last boundary must have been there
 *
 * Nothing is kept but the head of the part that is being read; the bytes of parts are handed on as
 * views into what was pushed. What comes out does not depend on how the body was cut.
 *
 * Refused: bytes before the first boundary and after the last, white space behind a boundary, a
 * boundary that goes on in a part's bytes, lines without CRLF, folded lines, a part without exactly
 * one Content-Disposition of type form-data with a name, the same parameter twice, filename*, other
 * Content-Transfer-Encodings than 7bit, 8bit and binary, parts inside parts, text that is no UTF-8
 * in names, and what is over a limit. A name keeps nothing of what a path might be: of a file name
 * only what stands behind the last slash or backslash.
 */
#ifndef TIRO_API_MULTIPART_H
#define TIRO_API_MULTIPART_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum {
    MULTIPART_BOUNDARY_MAX = 70, /* RFC 2046 */
    MULTIPART_HEAD_MAX = 8 << 10,
    MULTIPART_LINES_MAX = 16, /* of one head */
    MULTIPART_PARTS_MAX = 64,
    MULTIPART_NAME_MAX = 128,
    MULTIPART_FILENAME_MAX = 512,
    MULTIPART_DELIMITER_SIZE = MULTIPART_BOUNDARY_MAX + 4, /* CRLF and two dashes before it */
};

struct multipart_part {
    struct slice name, filename; /* of UTF-8; filename.ptr NULL: it is no file */
    struct slice content_type;   /* as sent; ptr NULL: none */
};

/* Each returns 0, or an error that ends the parsing. */
struct multipart_ops {
    /* The part's strings live until this returns. */
    int (*begin)(void *ctx, const struct multipart_part *part, struct err *err);
    int (*data)(void *ctx, struct slice bytes, struct err *err); /* never empty */
    int (*end)(void *ctx, struct err *err);
};

struct multipart {
    const struct multipart_ops *ops;
    void *ctx;
    char delimiter[MULTIPART_DELIMITER_SIZE];
    size_t delimiter_len, matched; /* matched: bytes of the delimiter that have come */
    char head[MULTIPART_HEAD_MAX];
    size_t head_len;
    unsigned n_parts, state;
};

/* -ERR_MEDIA_TYPE when the content type is another, or says no boundary. */
int multipart_init(struct multipart *m, struct slice content_type, const struct multipart_ops *ops,
                   void *ctx, struct err *err) MUST_USE;
/* -ERR_HTTP_SYNTAX, -ERR_LIMIT, or what a callback said; nothing more is to be pushed then. */
int multipart_push(struct multipart *m, struct slice bytes, struct err *err) MUST_USE;
int multipart_finish(const struct multipart *m, struct err *err) MUST_USE;

#endif
