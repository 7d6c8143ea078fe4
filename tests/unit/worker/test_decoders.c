/* decoders: text, HTML and DOCX as readers see them, and what is refused. */
#include "unit/test.h"

#include "proto/decode.h"
#include "support/zip_writer.h"
#include "worker/decoder.h"

#include <string.h>

static struct err err;
static struct buf text;

static int gather(void *ctx, struct slice s, struct err *e)
{
    (void)e;
    buf_add_slice(ctx, s);
    return 0;
}

static int decode(const char *format, struct slice document, uint64_t n_max)
{
    struct text_out out;
    /* A copy of its own size, so that a sanitizer sees a byte too far. */
    char *copy = test_malloc(document.len ? document.len : 1);
    memcpy(copy, document.ptr, document.len);
    buf_release(&text);
    buf_init(&text, 8 << 20);
    text_out_init(&out, gather, &text, n_max);
    const struct decoder *decoder = decoder_find(format);
    assert_non_null(decoder);
    int rc = decoder->read((struct slice){ copy, document.len }, &out, &err);
    int written = text_out_finish(&out, &err);
    text_out_release(&out);
    test_free(copy);
    return written < 0 ? written : rc;
}

static void expect(const char *format, struct slice document, const char *expected)
{
    assert_ok(decode(format, document, 1 << 20), &err);
    assert_string_equal(buf_str(&text), expected);
}

static void refuse(const char *format, struct slice document, int code, const char *part)
{
    assert_fails(decode(format, document, 1 << 20), code, &err, part);
}

/* ---- Text ---- */

static void test_text(void **state)
{
    (void)state;
    expect("text", SLICE(""), "");
    expect("text", SLICE("# A\r\n\r\nb\rc\n\r"), "# A\n\nb\nc\n\n");
    expect("text",
           SLICE("\xEF\xBB\xBF"
                 "a"),
           "a");
    expect("text",
           SLICE("\xFF\xFE"
                 "a\0\xe9\0"
                 "\x3D\xD8\x00\xDE"),
           "a\xc3\xa9\xf0\x9f\x98\x80");
    expect("text",
           SLICE("\xFE\xFF"
                 "\0a\0\xe9"
                 "\xD8\x3D\xDE\x00"),
           "a\xc3\xa9\xf0\x9f\x98\x80");
    expect("text",
           SLICE("\xFE\xFF"
                 "\xD8\x3D\0a"),
           "\xef\xbf\xbd"
           "a");
    expect("text", SLICE("\xFF\xFE"), "");
    refuse("text",
           SLICE("\xFF\xFE"
                 "a"),
           ERR_UNSUPPORTED_FORMAT, "no text");
    refuse("text",
           SLICE("\xFF\xFE"
                 "\0\0"),
           ERR_UNSUPPORTED_FORMAT, "no text");
    refuse("text", SLICE("a\0b"), ERR_UNSUPPORTED_FORMAT, "no text");
    refuse("text", SLICE("caf\xe9"), ERR_UNSUPPORTED_FORMAT, "no text");
}

static void test_the_end_of_room(void **state)
{
    (void)state;
    assert_ok(decode("text", SLICE("0123456789"), 10), &err);
    assert_fails(decode("text", SLICE("0123456789"), 9), ERR_LIMIT, &err, "too much text");
    assert_fails(decode("html", SLICE("<p>0123456789"), 9), ERR_LIMIT, &err, "too much text");
    assert_null(decoder_find("exe"));
    assert_non_null(decoder_find("pdf")->program);
}

/* ---- HTML ---- */

static void test_html(void **state)
{
    (void)state;
    static const struct {
        const char *html, *text;
    } rows[] = {
        { "", "" },
        { " \n ", "" },
        { "plain", "plain\n" },
        { "a  b\n\tc", "a b c\n" },
        { "<p>One<p>Two</p>", "One\n\nTwo\n" },
        { "<div>a</div><div>b</div>", "a\nb\n" },
        { "<h1>H</h1>text<br>more", "H\n\ntext\nmore\n" },
        { "<ul><li>x<li>y</ul>z", "x\ny\n\nz\n" },
        { "<table><tr><td>1</td><td>2</td></tr><tr><td>3</table>", "1 2\n3\n" },
        { "<b>bo</b>ld <i> it </i>!", "bold it !\n" },
        { "<pre> a\n  b</pre>c  d", " a\n  b\n\nc d\n" },
        { "<script>if (a < b) '</p>'</script>x<STYLE>p{}</Style>y", "xy\n" },
        { "a<script>never ends", "a\n" },
        { "<title>T &amp; U</title><body>b", "T & U\n\nb\n" },
        { "<textarea><b>raw</b></textarea>", "<b>raw</b>\n" },
        { "<!DOCTYPE html><!-- no > --><?php no ?>x<!-->y", "xy\n" },
        { "<a href='x>y' title=\"it's > that\">link</a>", "link\n" },
        { "<a title=it's>link</a>", "link\n" },
        { "1 < 2 <3 </4 <", "1 < 2 <3 </4 <\n" },
        { "&lt;p&gt; &AMP &eacute;&copy 2&hearts;", "<p> &AMP \xc3\xa9\xc2\xa9 2\xe2\x99\xa5\n" },
        { "&#233;&#xE9;&#XE9 &#128; &#0; &#xD800; &#x110000; &#; &#x; &nope;",
          "\xc3\xa9\xc3\xa9\xc3\xa9 \xe2\x82\xac \xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd &#; &#x; "
          "&nope;\n" },
        { "a&nbsp;b", "a\xc2\xa0"
                      "b\n" },
        { "a&#32;&#10;b", "a b\n" },
        { "caf\xe9 \x93quoted\x94", "caf\xc3\xa9 \xe2\x80\x9cquoted\xe2\x80\x9d\n" },
        { "x<averyveryverylongname>y</averyveryverylongname>z", "xyz\n" },
        { "</pre></p>x", "x\n" },
        { "a<", "a<\n" },
        { "a<b", "a\n" },
        { "a&", "a&\n" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect("html", slice_of(rows[i].html), rows[i].text);
    refuse("html", SLICE("a\0b"), ERR_UNSUPPORTED_FORMAT, "no text");
}

/* ---- DOCX ---- */

#define W  "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define MC "http://schemas.openxmlformats.org/markup-compatibility/2006"
#define DOCUMENT(body)                                                                       \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"" W "\" xmlns:mc=\"" MC \
    "\" xmlns:o=\"other\"><w:body>" body "</w:body></w:document>"
#define P(text) "<w:p><w:r><w:t>" text "</w:t></w:r></w:p>"

static void make(struct buf *archive, const char *name, struct slice xml)
{
    struct zip_writer w;
    buf_init(archive, 8 << 20);
    zip_begin(&w, archive);
    zip_add(&w, "[Content_Types].xml", SLICE("<Types/>"), true);
    zip_add(&w, name, xml, true);
    zip_end(&w);
}

static void expect_docx(const char *xml, const char *expected)
{
    struct buf archive;
    make(&archive, "word/document.xml", slice_of(xml));
    expect("docx", buf_slice(&archive), expected);
    buf_release(&archive);
}

static void refuse_docx(const char *xml, const char *part)
{
    struct buf archive;
    make(&archive, "word/document.xml", slice_of(xml));
    refuse("docx", buf_slice(&archive), ERR_FORMAT, part);
    buf_release(&archive);
}

static void test_docx(void **state)
{
    (void)state;
    expect_docx(DOCUMENT(""), "");
    expect_docx(DOCUMENT(P("One &amp; <!-- no -->two") P("Three")), "One & two\nThree\n");
    expect_docx(DOCUMENT(P("a") "<w:p/><w:p/><w:p/>" P("b")), "a\n\nb\n");
    expect_docx(DOCUMENT("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t>"
                         "<w:noBreakHyphen/><w:t>d</w:t></w:r></w:p>"),
                "a\tb\nc-d\n");
    expect_docx(DOCUMENT("<w:tbl><w:tr><w:tc>" P("1") "</w:tc><w:tc>" P(
                    "2") "</w:tc></w:tr>"
                         "<w:tr><w:tc>" P("3") "</w:tc></w:tr></w:tbl>" P("after")),
                "1\t2\n3\nafter\n");
    expect_docx(DOCUMENT("<w:p><w:r><w:delText>gone</w:delText><w:instrText>PAGE</w:instrText>"
                         "<o:t>other</o:t>loose<w:t>kept</w:t></w:r></w:p>"),
                "kept\n");
    expect_docx(DOCUMENT("<mc:AlternateContent><mc:Choice>" P("once") "</mc:Choice><mc:Fallback>" P(
                    "twice") "</mc:Fallback></mc:AlternateContent>" P("more")),
                "once\nmore\n");
    expect_docx("<document xmlns=\"http://purl.oclc.org/ooxml/wordprocessingml/main\"><p><t>strict"
                "</t></p></document>",
                "strict\n");
}

static void test_docx_refused(void **state)
{
    (void)state;
    refuse_docx("", "no element");
    refuse_docx("<a><b></a>", "mismatched");
    refuse_docx(DOCUMENT(P("a")) "x", "junk");
    refuse_docx("<!DOCTYPE a [<!ENTITY b \"bbbb\">]><a>&b;</a>", "a document type");
    refuse_docx("<a>&undefined;</a>", "undefined entity");
    refuse("docx", SLICE(""), ERR_FORMAT, "end record");
    refuse("docx", SLICE("PK\3\4 and no more"), ERR_FORMAT, "end record");
    refuse("docx", SLICE("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1..."), ERR_PERMISSION, "encrypted");
    struct buf archive;
    make(&archive, "word/other.xml", SLICE("<a/>"));
    refuse("docx", buf_slice(&archive), ERR_FORMAT, "no word/document.xml");
    buf_release(&archive);
}

static void deep(struct buf *xml, int depth)
{
    buf_init(xml, 1 << 20);
    for (int i = 0; i < depth; i++) buf_add_str(xml, "<a>");
    for (int i = 0; i < depth; i++) buf_add_str(xml, "</a>");
}

static void test_docx_depth(void **state)
{
    (void)state;
    struct buf xml;
    deep(&xml, 1000);
    expect_docx(buf_str(&xml), "");
    buf_release(&xml);
    deep(&xml, 1001);
    refuse_docx(buf_str(&xml), "without end");
    buf_release(&xml);
}

static int tear_down(void **state)
{
    (void)state;
    buf_release(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),         cmocka_unit_test(test_the_end_of_room),
        cmocka_unit_test(test_html),         cmocka_unit_test(test_docx),
        cmocka_unit_test(test_docx_refused), cmocka_unit_test(test_docx_depth),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
