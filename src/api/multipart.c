#include "api/multipart.h"

#include "api/multipart_head.h"

#include <assert.h>

/* The body is delimiter, head, bytes, delimiter, head, bytes ... delimiter, "--"; the delimiter is
 * CRLF, two dashes and the boundary, of which the first has no CRLF. */
enum state {
    S_BYTES,     /* also the first delimiter: as one that has begun */
    S_DELIMITED, /* behind a delimiter: CR or '-' */
    S_NEXT_LF,   /* a part follows */
    S_LAST_DASH, /* the second dash of the end */
    S_HEAD,      /* lines */
    S_LAST_CR,   /* the end was there; a CRLF may follow */
    S_LAST_LF,
    S_END,
    S_FAILED,
};

static int bad(struct err *err, const char *why)
{
    return err_set(err, ERR_HTTP_SYNTAX, "malformed multipart/form-data: %s", why);
}

int multipart_init(struct multipart *m, struct slice content_type, const struct multipart_ops *ops,
                   void *ctx, struct err *err)
{
    struct slice boundary;
    TRY(multipart_boundary(&boundary, content_type, err));
    *m = (struct multipart){ .ops = ops, .ctx = ctx, .state = S_BYTES, .matched = 2 };
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.ptr, boundary.len);
    m->delimiter_len = boundary.len + 4;
    return 0;
}

static int give(struct multipart *m, const char *ptr, size_t len, struct err *err)
{
    return len ? m->ops->data(m->ctx, (struct slice){ ptr, len }, err) : 0;
}

/* A whole delimiter is there. */
static int end_part(struct multipart *m, struct err *err)
{
    m->matched = 0;
    m->state = S_DELIMITED;
    return m->n_parts > 0 ? m->ops->end(m->ctx, err) : 0;
}

/* Bytes of a part, and the delimiter in them. It begins with CR and has no other, so that where it
 * breaks off nothing but a new CR can begin it again. */
static int on_bytes(struct multipart *m, struct slice *in, struct err *err)
{
    while (m->matched > 0 && in->len > 0) {
        if (in->ptr[0] == m->delimiter[m->matched]) {
            *in = (struct slice){ in->ptr + 1, in->len - 1 };
            if (++m->matched == m->delimiter_len) return end_part(m, err);
            continue;
        }
        size_t was = m->matched;
        m->matched = 0;
        if (m->n_parts == 0) return bad(err, "it does not begin with its boundary");
        TRY(give(m, m->delimiter, was, err));
    }
    if (in->len == 0) return 0;
    const char *cr = memchr(in->ptr, '\r', in->len);
    size_t n = cr ? (size_t)(cr - in->ptr) : in->len;
    TRY(give(m, in->ptr, n, err));
    *in = (struct slice){ in->ptr + n + (cr != NULL), in->len - n - (cr != NULL) };
    m->matched = cr != NULL;
    return 0;
}

static int begin_part(struct multipart *m, struct err *err)
{
    struct multipart_part part;
    if (m->n_parts == MULTIPART_PARTS_MAX)
        return err_set(err, ERR_LIMIT, "the form has more than %d parts", MULTIPART_PARTS_MAX);
    TRY(multipart_read_head(&part, m->head, m->head_len, err));
    m->n_parts++;
    m->state = S_BYTES;
    m->matched = 0;
    return m->ops->begin(m->ctx, &part, err);
}

static int on_head(struct multipart *m, char c, struct err *err)
{
    char *h = m->head;
    if (m->head_len == MULTIPART_HEAD_MAX)
        return err_set(err, ERR_LIMIT, "the headers of a part are longer than %d bytes",
                       MULTIPART_HEAD_MAX);
    h[m->head_len++] = c;
    size_t n = m->head_len;
    if (c != '\n') {
        bool cut = n >= 2 && h[n - 2] == '\r';
        return cut ? bad(err, "CR without LF in a part's header") : 0;
    }
    if (n < 2 || h[n - 2] != '\r') return bad(err, "LF without CR in a part's header");
    bool empty_line = n == 2 || h[n - 3] == '\n';
    if (!empty_line) return 0;
    m->head_len -= 2;
    return begin_part(m, err);
}

static int on_byte(struct multipart *m, char c, struct err *err)
{
    switch ((enum state)m->state) {
    case S_DELIMITED:
        m->state = c == '\r' ? S_NEXT_LF : S_LAST_DASH;
        return c == '\r' || c == '-' ? 0 : bad(err, "neither CRLF nor '--' behind a boundary");
    case S_NEXT_LF:
        m->state = S_HEAD;
        m->head_len = 0;
        return c == '\n' ? 0 : bad(err, "CR without LF behind a boundary");
    case S_HEAD: return on_head(m, c, err);
    case S_LAST_DASH:
        m->state = S_LAST_CR;
        return c == '-' ? 0 : bad(err, "neither CRLF nor '--' behind a boundary");
    case S_LAST_CR:
        m->state = S_LAST_LF;
        return c == '\r' ? 0 : bad(err, "bytes behind the last boundary");
    case S_LAST_LF:
        m->state = S_END;
        return c == '\n' ? 0 : bad(err, "bytes behind the last boundary");
    case S_END: return bad(err, "bytes behind the last boundary");
    default: assert(!"a state of single bytes"); return 0;
    }
}

int multipart_push(struct multipart *m, struct slice in, struct err *err)
{
    assert(m->state != S_FAILED);
    while (in.len > 0) {
        int rc;
        if (m->state == S_BYTES) {
            rc = on_bytes(m, &in, err);
        } else {
            rc = on_byte(m, in.ptr[0], err);
            in = (struct slice){ in.ptr + 1, in.len - 1 };
        }
        if (rc >= 0) continue;
        m->state = S_FAILED;
        return rc;
    }
    return 0;
}

int multipart_finish(const struct multipart *m, struct err *err)
{
    if (m->state == S_LAST_CR || m->state == S_END) return 0;
    return bad(err, "it ends before its last boundary");
}
