/* multipart: what comes out of good bodies, however they are cut; what is refused; limits. */
#include "unit/test.h"

#include "api/multipart.h"
#include "base/buf.h"

#include <stdio.h>

#define TYPE        "multipart/form-data; boundary=B"
#define DISPOSITION "Content-Disposition: form-data; name="

static struct err err;

struct seen {
    struct buf trace;
    bool refuse_data;
};

static int on_begin(void *ctx, const struct multipart_part *part, struct err *e)
{
    struct seen *s = ctx;
    (void)e;
    buf_printf(&s->trace, "[%.*s", SLICE_FMT(part->name));
    if (part->filename.ptr) buf_printf(&s->trace, " file %.*s", SLICE_FMT(part->filename));
    if (part->content_type.ptr) buf_printf(&s->trace, " type %.*s", SLICE_FMT(part->content_type));
    buf_add_char(&s->trace, '|');
    return 0;
}

static int on_data(void *ctx, struct slice bytes, struct err *e)
{
    struct seen *s = ctx;
    if (s->refuse_data) return err_set(e, ERR_TOO_LARGE, "enough");
    assert_true(bytes.len > 0);
    buf_add_slice(&s->trace, bytes);
    return 0;
}

static int on_end(void *ctx, struct err *e)
{
    struct seen *s = ctx;
    (void)e;
    buf_add_char(&s->trace, ']');
    return 0;
}

static const struct multipart_ops ops = { .begin = on_begin, .data = on_data, .end = on_end };

/* In pieces that end at `cut` and then every `step` bytes. */
static int parse(struct seen *s, const char *type, struct slice body, size_t cut, size_t step)
{
    static struct multipart m;
    buf_init(&s->trace, 1 << 20);
    TRY(multipart_init(&m, slice_of(type), &ops, s, &err));
    for (size_t at = 0; at < body.len;) {
        size_t n = at < cut ? cut - at : step;
        if (n > body.len - at) n = body.len - at;
        /* A copy of its own size, so that a sanitizer sees a byte too far. */
        char *piece = test_malloc(n);
        memcpy(piece, body.ptr + at, n);
        int rc = multipart_push(&m, (struct slice){ piece, n }, &err);
        test_free(piece);
        if (rc < 0) return rc;
        at += n;
    }
    return multipart_finish(&m, &err);
}

static void expect(const char *type, struct slice body, const char *expected)
{
    struct seen s = { 0 };
    for (size_t cut = 1; cut <= body.len; cut++) {
        assert_ok(parse(&s, type, body, cut, body.len), &err);
        assert_string_equal(buf_str(&s.trace), expected);
        buf_release(&s.trace);
    }
    for (size_t step = 1; step < 9; step++) {
        assert_ok(parse(&s, type, body, 0, step), &err);
        assert_string_equal(buf_str(&s.trace), expected);
        buf_release(&s.trace);
    }
}

static void refuse(const char *type, const char *body, int code, const char *part)
{
    struct seen s = { 0 };
    size_t len = strlen(body);
    for (size_t step = 1; step <= len + 1; step += len > 200 ? len : 1) {
        assert_fails(parse(&s, type, (struct slice){ body, len }, 0, step), code, &err, part);
        buf_release(&s.trace);
    }
}

static void test_parts_come_out_however_the_body_is_cut(void **state)
{
    (void)state;
    expect(TYPE,
           SLICE("--B\r\n" DISPOSITION "\"purpose\"\r\n\r\nuser_data\r\n--B\r\n" DISPOSITION
                 "\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nline\r\n\r\n"
                 "-\r\n--\r\n--A\r\r\n--b\r\n--B--\r\n"),
           "[purpose|user_data][file file a.txt type text/plain|line\r\n\r\n-\r\n--\r\n--A\r\r\n"
           "--b]");
    expect("Multipart/Form-Data ; charset=x; boundary=\"B\"",
           SLICE("--B\r\nX-Other: 1\r\ncontent-disposition:form-data;name=a\r\n\r\n\r\n--B--"),
           "[a|]");
    expect(TYPE, SLICE("--B--"), "");
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *sent, *name;
    } rows[] = {
        { "\"../../etc/passwd\"", "passwd" },
        { "\"C:\\\\x\\\\evil.exe\"", "evil.exe" },
        { "\"say \\\"hi\\\".txt\"", "say \"hi\".txt" },
        { "\"say %22hi%22.txt\"", "say \"hi\".txt" },
        { "\"100%25 %41.txt\"", "100%25 %41.txt" },
        { "\"\"", "" },
        { "\"..\"", ".." },
        { "\"a;b=c.txt\"", "a;b=c.txt" },
        { "\"\xc3\xa9.txt\"", "\xc3\xa9.txt" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char body[256], expected[256];
        (void)snprintf(body, sizeof body,
                       "--B\r\n" DISPOSITION "\"f\"; filename=%s\r\n\r\nx\r\n--B--", rows[i].sent);
        (void)snprintf(expected, sizeof expected, "[f file %s|x]", rows[i].name);
        expect(TYPE, slice_of(body), expected);
    }
}

static void test_content_types(void **state)
{
    (void)state;
    refuse("application/json", "--B--", ERR_MEDIA_TYPE, "application/json");
    refuse("", "--B--", ERR_MEDIA_TYPE, "only accepts");
    refuse("multipart/mixed; boundary=B", "--B--", ERR_MEDIA_TYPE, "multipart/mixed");
    refuse("multipart/form-data", "--B--", ERR_MEDIA_TYPE, "no boundary");
    refuse("multipart/form-data; boundary=", "--B--", ERR_HTTP_SYNTAX, "without a value");
    refuse("multipart/form-data; boundary=\"\"", "--B--", ERR_HTTP_SYNTAX, "boundary");
    refuse("multipart/form-data; boundary=\"a ", "--B--", ERR_HTTP_SYNTAX, "without its end");
    refuse("multipart/form-data; boundary=\"a \"", "--B--", ERR_HTTP_SYNTAX, "boundary");
    refuse("multipart/form-data; boundary=\"a\xc3\xa9\"", "--B--", ERR_HTTP_SYNTAX, "boundary");
    refuse("multipart/form-data; boundary=a; boundary=b", "--B--", ERR_HTTP_SYNTAX, "two bound");
    refuse("multipart/form-data boundary=B", "--B--", ERR_MEDIA_TYPE, "only accepts");
}

static void test_malformed_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *body, *why;
    } rows[] = {
        { "x--B--", "does not begin" },
        { "\r\n--B--", "does not begin" },
        { "--C--", "does not begin" },
        { "--B\n", "neither CRLF nor" },
        { "--B \r\n", "neither CRLF nor" },
        { "--Bx", "neither CRLF nor" },
        { "--B-x", "neither CRLF nor" },
        { "--B\rx", "CR without LF" },
        { "--B--x", "behind the last" },
        { "--B--\r\nx", "behind the last" },
        { "--B--\rx", "behind the last" },
        { "--B", "ends before" },
        { "--B\r\n" DISPOSITION "a\r\n\r\nbytes\r\n--B", "ends before" },
        { "--B\r\n" DISPOSITION "a\r\n\r\nbytes\r\n--Bx", "neither CRLF nor" },
        { "--B\r\n" DISPOSITION "a\n\r\n", "LF without CR" },
        { "--B\r\n" DISPOSITION "a\rx\r\n", "CR without LF" },
        { "--B\r\n\r\nx\r\n--B--", "without a Content-Disposition" },
        { "--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--B--", "without a name" },
        { "--B\r\n" DISPOSITION "\"\"\r\n\r\nx\r\n--B--", "without a name" },
        { "--B\r\nContent-Disposition: attachment; name=a\r\n\r\n", "not form-data" },
        { "--B\r\n" DISPOSITION "a; name=b\r\n\r\n", "twice" },
        { "--B\r\n" DISPOSITION "a\r\n" DISPOSITION "a\r\n\r\n", "two Content-Dispositions" },
        { "--B\r\n" DISPOSITION "a; filename*=UTF-8''x\r\n\r\n", "filename*" },
        { "--B\r\n" DISPOSITION "a; filename=\"x\r\n\r\n", "without its end" },
        { "--B\r\n" DISPOSITION "a; filename\r\n\r\n", "name=value" },
        { "--B\r\n" DISPOSITION "a; filename=\"x\"y\r\n\r\n", "no ';'" },
        { "--B\r\n" DISPOSITION "\"a\xff\"\r\n\r\n", "not plain UTF-8" },
        { "--B\r\n" DISPOSITION "a; filename=\"x\xff\"\r\n\r\n", "not plain UTF-8" },
        { "--B\r\n" DISPOSITION "a; filename=\"x%0D%0Ay\"\r\n\r\n", "not plain UTF-8" },
        { "--B\r\n" DISPOSITION "a\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n",
          "itself" },
        { "--B\r\n" DISPOSITION "a\r\nContent-Transfer-Encoding: base64\r\n\r\n", "binary" },
        { "--B\r\n" DISPOSITION "a\r\n folded\r\n\r\n", "name: value" },
        { "--B\r\n" DISPOSITION "a\r\nNo colon\r\n\r\n", "name: value" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuse(TYPE, rows[i].body, ERR_HTTP_SYNTAX, rows[i].why);
}

/* A body whose one part has a header of so many bytes, or so many parts or headers. */
static void make(struct buf *b, int head_bytes, int headers, int parts, int name, int filename)
{
    buf_init(b, 1 << 20);
    for (int i = 0; i < parts; i++) {
        buf_add_str(b, "--B\r\n");
        size_t start = b->len;
        buf_add_str(b, DISPOSITION "\"");
        for (int k = 0; k < name; k++) buf_add_char(b, 'n');
        buf_add_str(b, "\"; filename=\"");
        for (int k = 0; k < filename; k++) buf_add_char(b, 'f');
        buf_add_str(b, "\"\r\n");
        for (int k = 1; k < headers; k++) buf_add_str(b, "X: y\r\n");
        if (head_bytes) {
            buf_add_str(b, "X:");
            while (b->len + 4 - start < (size_t)head_bytes) buf_add_char(b, 'y');
            buf_add_str(b, "\r\n");
        }
        buf_add_str(b, "\r\n\r\n");
    }
    buf_add_str(b, "--B--");
}

static void both_sides(int head_bytes, int headers, int parts, int name, int filename,
                       const char *why)
{
    struct seen s = { 0 };
    struct buf b;
    make(&b, head_bytes, headers, parts, name, filename);
    int rc = parse(&s, TYPE, buf_slice(&b), 0, 1000);
    if (why) {
        assert_int_equal(rc, -ERR_LIMIT);
        assert_non_null(strstr(err.text, why));
    } else {
        assert_ok(rc, &err);
    }
    buf_release(&s.trace);
    buf_release(&b);
}

static void test_limits_on_both_sides(void **state)
{
    (void)state;
    both_sides(MULTIPART_HEAD_MAX, 0, 1, 1, 1, NULL);
    both_sides(MULTIPART_HEAD_MAX + 1, 0, 1, 1, 1, "longer than 8192 bytes");
    both_sides(0, MULTIPART_LINES_MAX, 1, 1, 1, NULL);
    both_sides(0, MULTIPART_LINES_MAX + 1, 1, 1, 1, "more than 16 headers");
    both_sides(0, 1, MULTIPART_PARTS_MAX, 1, 1, NULL);
    both_sides(0, 1, MULTIPART_PARTS_MAX + 1, 1, 1, "more than 64 parts");
    both_sides(0, 1, 1, MULTIPART_NAME_MAX, 1, NULL);
    both_sides(0, 1, 1, MULTIPART_NAME_MAX + 1, 1, "longer than 128");
    both_sides(0, 1, 1, 1, MULTIPART_FILENAME_MAX, NULL);
    both_sides(0, 1, 1, 1, MULTIPART_FILENAME_MAX + 1, "longer than 512");
    char type[200] = "multipart/form-data; boundary=", body[200] = "--";
    size_t t = strlen(type), b = 2;
    for (int i = 0; i < MULTIPART_BOUNDARY_MAX; i++) type[t++] = body[b++] = 'b';
    memcpy(body + b, "--", 3);
    expect(type, slice_of(body), "");
    type[t] = 'b';
    refuse(type, body, ERR_HTTP_SYNTAX, "1 to 70");
}

static void test_what_a_callback_says_ends_it(void **state)
{
    (void)state;
    struct seen s = { .refuse_data = true };
    assert_fails(parse(&s, TYPE, SLICE("--B\r\n" DISPOSITION "a\r\n\r\nbytes\r\n--B--"), 0, 99),
                 ERR_TOO_LARGE, &err, "enough");
    buf_release(&s.trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_come_out_however_the_body_is_cut),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_content_types),
        cmocka_unit_test(test_malformed_bodies),
        cmocka_unit_test(test_limits_on_both_sides),
        cmocka_unit_test(test_what_a_callback_says_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
