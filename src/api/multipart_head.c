#include "api/multipart_head.h"

#include "base/utf8.h"

static int bad(struct err *err, const char *why)
{
    return err_set(err, ERR_HTTP_SYNTAX, "malformed multipart/form-data: %s", why);
}

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip(struct slice *s, size_t n)
{
    *s = (struct slice){ s->ptr + n, s->len - n };
}

static void skip_spaces(struct slice *s)
{
    while (s->len > 0 && (s->ptr[0] == ' ' || s->ptr[0] == '\t')) skip(s, 1);
}

/* ---- The parameters of a header's value: ; name=token ; name="quoted" ---- */

struct parameter {
    struct slice name, value;
    bool quoted;
};

static size_t token_len(struct slice s)
{
    size_t n = 0;
    while (n < s.len && is_token(s.ptr[n])) n++;
    return n;
}

/* Up to the closing quote, which is taken too; escapes stay. */
static bool take_quoted(struct slice *ret, struct slice *rest)
{
    for (size_t i = 1; i < rest->len; i++) {
        if (rest->ptr[i] == '\\') {
            i++;
        } else if (rest->ptr[i] == '"') {
            *ret = (struct slice){ rest->ptr + 1, i - 1 };
            skip(rest, i + 1);
            return true;
        }
    }
    return false;
}

/* 1: there was one; 0: `rest` is at its end. */
static int next_parameter(struct parameter *ret, struct slice *rest, struct err *err)
{
    skip_spaces(rest);
    if (rest->len == 0) return 0;
    if (rest->ptr[0] != ';') return bad(err, "no ';' between the parameters of a header");
    skip(rest, 1);
    skip_spaces(rest);
    size_t n = token_len(*rest);
    ret->name = (struct slice){ rest->ptr, n };
    skip(rest, n);
    if (n == 0 || rest->len == 0 || rest->ptr[0] != '=')
        return bad(err, "a parameter of a header that is not name=value");
    skip(rest, 1);
    ret->quoted = rest->len > 0 && rest->ptr[0] == '"';
    if (ret->quoted)
        return take_quoted(&ret->value, rest) ? 1 : bad(err, "a quoted value without its end");
    n = token_len(*rest);
    if (n == 0) return bad(err, "a parameter of a header without a value");
    ret->value = (struct slice){ rest->ptr, n };
    skip(rest, n);
    return 1;
}

/* ---- The content type of the body ---- */

static bool is_boundary(struct slice s)
{
    if (s.len == 0 || s.len > MULTIPART_BOUNDARY_MAX || s.ptr[s.len - 1] == ' ') return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && (c == '\0' || !strchr("'()+_,-./:=? ", c))) return false;
    }
    return true;
}

int multipart_boundary(struct slice *ret, struct slice content_type, struct err *err)
{
    struct slice rest = slice_trim(content_type), type, boundary = { 0 };
    struct parameter p;
    int rc;
    size_t n = slice_find(rest, SLICE(";"));
    type = slice_trim((struct slice){ rest.ptr, n });
    if (!slice_eq_nocase(type, SLICE("multipart/form-data")))
        return err_set(err, ERR_MEDIA_TYPE,
                       "Unsupported content type: '%.*s'. This API method only accepts "
                       "'multipart/form-data' requests.",
                       (int)(type.len < 100 ? type.len : 100), type.ptr ? type.ptr : "");
    skip(&rest, n);
    while ((rc = next_parameter(&p, &rest, err)) > 0) {
        if (!slice_eq_nocase(p.name, SLICE("boundary"))) continue;
        if (boundary.ptr) return bad(err, "two boundaries in the content type");
        boundary = p.value;
    }
    if (rc < 0) return rc;
    if (!boundary.ptr)
        return err_set(err, ERR_MEDIA_TYPE, "the content type multipart/form-data has no boundary");
    if (!is_boundary(boundary))
        return bad(err, "the boundary is not 1 to 70 of the characters that may stand in one");
    *ret = boundary;
    return 0;
}

/* ---- The head of a part ---- */

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Undoes, in place, what clients write for the bytes that cannot stand in a quoted value: \" and \\
 * as RFC 9110 has it, %22 %0D %0A as browsers do. */
static struct slice unescape(const struct parameter *p, char *head)
{
    char *out = head + (p->value.ptr - head);
    size_t n = 0;
    for (size_t i = 0; i < p->value.len; i++) {
        char c = p->value.ptr[i];
        if (c == '\\' && i + 1 < p->value.len && strchr("\"\\", p->value.ptr[i + 1])) {
            c = p->value.ptr[++i];
        } else if (c == '%' && i + 2 < p->value.len) {
            int byte = hex(p->value.ptr[i + 1]) * 16 + hex(p->value.ptr[i + 2]);
            if (byte == '"' || byte == '\r' || byte == '\n') {
                c = (char)byte;
                i += 2;
            }
        }
        out[n++] = c;
    }
    return (struct slice){ out, n };
}

/* Behind the last slash of either kind; nobody here makes a path of it, and nobody else shall. */
static struct slice base_name(struct slice s)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.ptr[i - 1] == '/' || s.ptr[i - 1] == '\\')
            return (struct slice){ s.ptr + i, s.len - i };
    return s;
}

static bool is_plain_text(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] < 0x20 || s.ptr[i] == 0x7F) return false;
    return utf8_valid(s.ptr, s.len);
}

static int check_part(struct multipart_part *part, struct err *err)
{
    if (!part->name.ptr || part->name.len == 0) return bad(err, "a part without a name");
    if (part->name.len > MULTIPART_NAME_MAX)
        return err_set(err, ERR_LIMIT, "a part's name is longer than %d bytes", MULTIPART_NAME_MAX);
    if (!is_plain_text(part->name)) return bad(err, "a part's name is not plain UTF-8 text");
    if (!part->filename.ptr) return 0;
    part->filename = base_name(part->filename);
    if (part->filename.len > MULTIPART_FILENAME_MAX)
        return err_set(err, ERR_LIMIT, "a file's name is longer than %d bytes",
                       MULTIPART_FILENAME_MAX);
    if (!is_plain_text(part->filename)) return bad(err, "a file's name is not plain UTF-8 text");
    return 0;
}

static int read_disposition(struct multipart_part *ret, struct slice value, char *head,
                            struct err *err)
{
    struct parameter p;
    int rc;
    size_t n = token_len(value);
    if (!slice_eq_nocase((struct slice){ value.ptr, n }, SLICE("form-data")))
        return bad(err, "a part's Content-Disposition is not form-data");
    skip(&value, n);
    while ((rc = next_parameter(&p, &value, err)) > 0) {
        bool name = slice_eq_nocase(p.name, SLICE("name"));
        bool filename = slice_eq_nocase(p.name, SLICE("filename"));
        if (slice_eq_nocase(p.name, SLICE("filename*")))
            return bad(err, "filename* is not for forms (RFC 7578 section 4.2); send filename");
        if (!name && !filename) continue;
        struct slice *to = name ? &ret->name : &ret->filename;
        if (to->ptr) return bad(err, "a parameter of Content-Disposition stands there twice");
        *to = p.quoted ? unescape(&p, head) : p.value;
    }
    return rc < 0 ? rc : check_part(ret, err);
}

static int check_encoding(struct slice value, struct err *err)
{
    static const char *const plain[] = { "7bit", "8bit", "binary" };
    for (size_t i = 0; i < 3; i++)
        if (slice_eq_nocase(value, slice_of(plain[i]))) return 0;
    return bad(err, "a Content-Transfer-Encoding other than binary");
}

static int read_line(struct multipart_part *ret, bool *have, struct slice line, char *head,
                     struct err *err)
{
    size_t n = token_len(line);
    if (n == 0 || n == line.len || line.ptr[n] != ':')
        return bad(err, "a header of a part that is not name: value");
    struct slice name = { line.ptr, n };
    struct slice value = slice_trim((struct slice){ line.ptr + n + 1, line.len - n - 1 });
    if (slice_eq_nocase(name, SLICE("content-disposition"))) {
        if (*have) return bad(err, "a part with two Content-Dispositions");
        *have = true;
        return read_disposition(ret, value, head, err);
    }
    if (slice_eq_nocase(name, SLICE("content-transfer-encoding")))
        return check_encoding(value, err);
    if (!slice_eq_nocase(name, SLICE("content-type"))) return 0; /* RFC 7578 4.8: of no meaning. */
    if (ret->content_type.ptr) return bad(err, "a part with two Content-Types");
    if (slice_starts(value, SLICE("multipart/"))) return bad(err, "a part that has parts itself");
    ret->content_type = value;
    return 0;
}

int multipart_read_head(struct multipart_part *ret, char *head, size_t len, struct err *err)
{
    struct multipart_part part = { 0 };
    struct slice rest = { head, len };
    bool have = false;
    for (int n = 0; rest.len > 0; n++) {
        size_t end = slice_find(rest, SLICE("\r\n"));
        if (n == MULTIPART_LINES_MAX)
            return err_set(err, ERR_LIMIT, "a part has more than %d headers", MULTIPART_LINES_MAX);
        for (size_t i = 0; i < end; i++)
            if ((unsigned char)rest.ptr[i] < 0x20 && rest.ptr[i] != '\t')
                return bad(err, "a control byte in a part's header");
        TRY(read_line(&part, &have, (struct slice){ rest.ptr, end }, head, err));
        skip(&rest, end + 2);
    }
    if (!have) return bad(err, "a part without a Content-Disposition");
    *ret = part;
    return 0;
}
