/* formats: each writes a hostile book, the same twice, and says where a limit is. */
#include "unit/test.h"

#include "base/json.h"
#include "base/seam.h"
#include "base/zip.h"
#include "press/language.h"
#include "press/press.h"
#include "proto/press.h"

/* Fonts that fontconfig has found stay in memory; a press worker ends. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}

static struct err err;
static struct arena arena;
static struct press_book book;

static const char hostile[] =
    "{\"id\": \"book_1\", \"title\": \"<&\\\">\\n\\u0001\", \"language\": \"deutsch \","
    "\"modified\": 1764000000, \"chapters\": ["
    "{\"title\": \"]]>\", \"scenes\": [\"<b> & *e* **s** ***b***\\nline\\n\\n***\\n\\nx\", \"y\"]},"
    "{\"title\": \"gone\", \"scenes\": [\" \\n\", \"\"]},"
    "{\"title\": \"\", \"scenes\": [\"\\u05d0\\u05d1\"]}]}";

static int read_book(const char *json)
{
    arena_release(&arena);
    arena_init(&arena, 16 << 20);
    return press_book_read(&book, slice_of(json), &arena, &err);
}

static int make(struct buf *out, const char *name, size_t max)
{
    const struct press_format *format = press_format_find(name);
    assert_non_null(format);
    if (format->prepare) assert_ok(format->prepare(&err), &err);
    buf_init(out, max);
    return format->write(out, &book, &err);
}

static int gather(void *ctx, const void *bytes, size_t len, struct err *e)
{
    (void)e;
    buf_add(ctx, bytes, len);
    return 0;
}

static void expect_in(const struct buf *archive, const char *name, const char *part)
{
    struct zip_entry e;
    struct buf out;
    buf_init(&out, 1 << 20);
    assert_ok(zip_find(&e, buf_slice(archive), "the file", name, &err), &err);
    assert_ok(zip_extract(&e, buf_slice(archive), "the file", gather, &out, &err), &err);
    if (!strstr(buf_str(&out), part)) fail_msg("%s has no '%s': %s", name, part, buf_str(&out));
    buf_release(&out);
}

static void books_are_read(void **state)
{
    (void)state;
    assert_ok(read_book(hostile), &err);
    assert_true(slice_is(book.title, "<&\">"));
    assert_string_equal(book.language->tag, "de");
    assert_int_equal(book.n_chapters, 2); /* One has no text. */
    assert_true(slice_is(book.chapters[0].title, "]]>"));
    assert_int_equal(book.chapters[0].n_scenes, 2);
    assert_true(slice_is(book.chapters[1].title, "3"));
    assert_ok(read_book("{\"chapters\": []}"), &err);
    assert_true(slice_is(book.title, "Untitled"));
    assert_fails(read_book("{"), ERR_JSON, &err, "the book");
    assert_fails(read_book("{}"), ERR_INVALID_VALUE, &err, "no chapters");
    assert_fails(read_book("{\"chapters\": [1]}"), ERR_INVALID_VALUE, &err, "no scenes");
    assert_fails(read_book("{\"chapters\": [{\"scenes\": [1]}]}"), ERR_INVALID_VALUE, &err,
                 "no text");
}

static int with_chapters(size_t n)
{
    struct buf json;
    buf_init(&json, 1 << 20);
    buf_add_str(&json, "{\"chapters\": [");
    for (size_t i = 0; i < n; i++) buf_printf(&json, "%s{\"scenes\": [\"a\"]}", i ? "," : "");
    buf_add_str(&json, "]}");
    int rc = read_book(buf_str(&json));
    buf_release(&json);
    return rc;
}

static void limits_on_both_sides(void **state)
{
    (void)state;
    assert_ok(with_chapters(PRESS_CHAPTERS_MAX), &err);
    assert_fails(with_chapters(PRESS_CHAPTERS_MAX + 1), ERR_INVALID_VALUE, &err, "1000");
    struct buf json;
    buf_init(&json, PRESS_BOOK_MAX + 1);
    buf_add_str(&json, "{\"chapters\": []}");
    while (json.len < PRESS_BOOK_MAX) buf_add_char(&json, ' ');
    assert_ok(read_book(buf_str(&json)), &err);
    buf_add_char(&json, ' ');
    assert_fails(read_book(buf_str(&json)), ERR_TOO_LARGE, &err, "the book");
    buf_release(&json);
}

static void languages(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        { "English", "en" },
        { " german", "de" },
        { "Deutsch", "de" },
        { "fr", "fr" },
        { "pt-br", "pt-BR" },
        { "日本語", "ja" },
        { "Klingon", "und" },
        { "", "und" },
        { "e", "und" },
        { "english|", "und" },
        { "American English", "en" },
        { "עברית", "he" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(press_language_find(slice_of(rows[i][0]))->tag, rows[i][1]);
}

static void the_same_book_gives_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < press_format_registry_len; i++) {
        const char *name = press_format_registry[i]->name;
        struct buf a, b;
        assert_ok(read_book(hostile), &err);
        assert_ok(make(&a, name, PRESS_BYTES_MAX), &err);
        assert_ok(make(&b, name, PRESS_BYTES_MAX), &err);
        if (!slice_eq(buf_slice(&a), buf_slice(&b)) || a.len < 50) fail_msg("%s %zu", name, a.len);
        size_t len = a.len;
        buf_release(&a);
        buf_release(&b);
        assert_ok(make(&a, name, len), &err);
        buf_release(&a);
        assert_true(make(&a, name, len - 1) < 0);
        buf_release(&a);
    }
    assert_null(press_format_find("rtf"));
}

static void archives_hold_what_was_written(void **state)
{
    (void)state;
    struct buf out;
    assert_ok(read_book(hostile), &err);
    assert_ok(make(&out, "epub", PRESS_BYTES_MAX), &err);
    expect_in(&out, "mimetype", "application/epub+zip");
    expect_in(&out, "META-INF/container.xml", "EPUB/package.opf");
    expect_in(&out, "EPUB/package.opf", "<dc:title>&lt;&amp;&quot;&gt;</dc:title>");
    expect_in(&out, "EPUB/package.opf", "2025-11-24T16:00:00Z");
    expect_in(&out, "EPUB/nav.xhtml", "<a href=\"chapter-0001.xhtml\">]]&gt;</a>");
    expect_in(&out, "EPUB/chapter-0001.xhtml",
              "<p>&lt;b&gt; &amp; <em>e</em> <strong>s</strong> <strong><em>b</em></strong><br/>\n"
              "line</p>\n<hr/>\n<p>x</p>\n<hr/>\n<p>y</p>");
    expect_in(&out, "EPUB/chapter-0002.xhtml", "<p dir=\"rtl\">\xD7\x90\xD7\x91</p>");
    buf_release(&out);
    assert_ok(make(&out, "docx", PRESS_BYTES_MAX), &err);
    expect_in(&out, "word/document.xml", "<w:b/><w:bCs/><w:i/><w:iCs/>");
    expect_in(&out, "word/document.xml", "<w:br/>");
    expect_in(&out, "word/document.xml", "<w:bidi/>");
    expect_in(&out, "word/styles.xml", "w:styleId=\"Heading1\"");
    buf_release(&out);
}

static void markdown_is_escaped(void **state)
{
    (void)state;
    struct buf out;
    assert_ok(read_book("{\"title\": \"1. # *x*\", \"chapters\": [{\"title\": \"- a\", \"scenes\": "
                        "[\"+ b\\n12) c\\n= d\\n\\n`e` [f](g) <h> &i; *j* k_l \\\\m ~n~ |\"]}]}"),
              &err);
    assert_ok(make(&out, "markdown", PRESS_BYTES_MAX), &err);
    assert_string_equal(buf_str(&out),
                        "# 1\\. \\# \\*x\\*\n\n## \\- a\n\n\\+ b\\\n12\\) c\\\n\\= d\n\n"
                        "\\`e\\` \\[f\\](g) \\<h\\> \\&i; *j* k\\_l \\\\m \\~n\\~ \\|\n");
    buf_release(&out);
}

/* ---- Memory that is not there ---- */

static struct seams real;
static size_t n_left; /* allocations that succeed */

static void *failing_alloc(size_t size)
{
    return n_left > 0 && n_left-- ? real.alloc(size) : NULL;
}

static void *failing_realloc(void *ptr, size_t size)
{
    return n_left > 0 && n_left-- ? real.realloc(ptr, size) : NULL;
}

/* Each allocation fails once, and all behind it: an error, and nothing that is half a file. */
static void no_memory_is_an_error(void **state)
{
    (void)state;
    static const char *const names[] = { "docx", "epub", "markdown", "pdf" };
    assert_ok(read_book(hostile), &err);
    real = seams;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int rc = -1;
        for (size_t n = 0; rc < 0; n++) {
            struct buf out;
            n_left = n;
            seams.alloc = failing_alloc;
            seams.realloc = failing_realloc;
            rc = make(&out, names[i], PRESS_BYTES_MAX);
            seams = real;
            buf_release(&out);
            assert_true(n < 10000 && (rc == 0 || rc == -ERR_NO_MEMORY || rc == -ERR_LIMIT));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(books_are_read),
        cmocka_unit_test(limits_on_both_sides),
        cmocka_unit_test(languages),
        cmocka_unit_test(the_same_book_gives_the_same_bytes),
        cmocka_unit_test(archives_hold_what_was_written),
        cmocka_unit_test(markdown_is_escaped),
        cmocka_unit_test(no_memory_is_an_error),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
