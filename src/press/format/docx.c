/* DOCX (ECMA-376, WordprocessingML): the styles that people know, so that all of it can be changed
 * at once in a word processor. */
#include "base/zip_write.h"
#include "press/language.h"
#include "press/press.h"
#include "press/text.h"
#include "press/xml.h"

enum { PAGE_MAX = 64 << 20 };

#define WORD    "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define OFFICE  "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006"
#define TYPE    "application/vnd.openxmlformats-officedocument.wordprocessingml"

static const char types[] = XML_HEAD
    "<Types xmlns=\"" PACKAGE "/content-types\">"
    "<Default Extension=\"rels\" "
    "ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
    "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
    "<Override PartName=\"/word/document.xml\" ContentType=\"" TYPE ".document.main+xml\"/>"
    "<Override PartName=\"/word/styles.xml\" ContentType=\"" TYPE ".styles+xml\"/>"
    "<Override PartName=\"/word/footer.xml\" ContentType=\"" TYPE ".footer+xml\"/>"
    "<Override PartName=\"/docProps/core.xml\" "
    "ContentType=\"application/vnd.openxmlformats-package.core-properties+xml\"/>"
    "</Types>\n";

static const char package_parts[] = XML_HEAD
    "<Relationships xmlns=\"" PACKAGE "/relationships\">"
    "<Relationship Id=\"rId1\" Type=\"" OFFICE "/officeDocument\" Target=\"word/document.xml\"/>"
    "<Relationship Id=\"rId2\" Type=\"" PACKAGE "/relationships/metadata/core-properties\" "
    "Target=\"docProps/core.xml\"/>"
    "</Relationships>\n";

static const char document_parts[] = XML_HEAD
    "<Relationships xmlns=\"" PACKAGE "/relationships\">"
    "<Relationship Id=\"rId1\" Type=\"" OFFICE "/styles\" Target=\"styles.xml\"/>"
    "<Relationship Id=\"rId2\" Type=\"" OFFICE "/footer\" Target=\"footer.xml\"/>"
    "</Relationships>\n";

static const char footer[] = XML_HEAD
    "<w:ftr xmlns:w=\"" WORD "\"><w:p><w:pPr><w:pStyle w:val=\"Footer\"/></w:pPr>"
    "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r>"
    "<w:r><w:instrText xml:space=\"preserve\"> PAGE </w:instrText></w:r>"
    "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p></w:ftr>\n";

/* ---- Styles: what differs is a row ---- */

static const struct style {
    const char *id, *name, *next; /* next: the style of the paragraph behind it */
    const char *paragraph, *run;  /* their properties, in the order of the schema */
} styles[] = {
    { "Title", "Title", "BodyText",
      "<w:spacing w:before=\"3600\" w:after=\"480\"/><w:jc w:val=\"center\"/>",
      "<w:sz w:val=\"56\"/><w:szCs w:val=\"56\"/>" },
    { "Heading1", "heading 1", "FirstParagraph",
      "<w:keepNext/><w:pageBreakBefore/><w:spacing w:before=\"960\" w:after=\"480\"/>"
      "<w:jc w:val=\"center\"/><w:outlineLvl w:val=\"0\"/>",
      "<w:sz w:val=\"36\"/><w:szCs w:val=\"36\"/>" },
    { "BodyText", "Body Text", "BodyText",
      "<w:widowControl/><w:ind w:firstLine=\"360\"/><w:jc w:val=\"both\"/>", "" },
    { "FirstParagraph", "First Paragraph", "BodyText", "<w:widowControl/><w:jc w:val=\"both\"/>",
      "" },
    { "SceneBreak", "Scene Break", "FirstParagraph",
      "<w:keepNext/><w:spacing w:before=\"240\" w:after=\"240\"/><w:jc w:val=\"center\"/>", "" },
    { "Footer", "footer", "Footer", "<w:jc w:val=\"center\"/>", "" },
};

static void add_styles(struct buf *out, const struct press_book *book)
{
    const char *tag = book->language->tag;
    buf_add_str(out, XML_HEAD "<w:styles xmlns:w=\"" WORD "\"><w:docDefaults><w:rPrDefault><w:rPr>"
                              "<w:rFonts w:ascii=\"Georgia\" w:hAnsi=\"Georgia\"/>"
                              "<w:sz w:val=\"22\"/><w:szCs w:val=\"22\"/>");
    if (strcmp(tag, "und") != 0)
        buf_printf(out, "<w:lang w:val=\"%s\" w:eastAsia=\"%s\" w:bidi=\"%s\"/>", tag, tag, tag);
    buf_add_str(out, "</w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>"
                     "<w:spacing w:after=\"0\" w:line=\"320\" w:lineRule=\"auto\"/>"
                     "</w:pPr></w:pPrDefault></w:docDefaults>\n"
                     "<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\">"
                     "<w:name w:val=\"Normal\"/><w:qFormat/></w:style>\n");
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        const struct style *s = &styles[i];
        buf_printf(out,
                   "<w:style w:type=\"paragraph\" w:styleId=\"%s\"><w:name w:val=\"%s\"/>"
                   "<w:basedOn w:val=\"Normal\"/><w:next w:val=\"%s\"/><w:qFormat/>"
                   "<w:pPr>%s</w:pPr><w:rPr>%s</w:rPr></w:style>\n",
                   s->id, s->name, s->next, s->paragraph, s->run);
    }
    buf_add_str(out, "</w:styles>\n");
}

static void add_properties(struct buf *out, const struct press_book *book)
{
    char modified[PRESS_TIME_SIZE];
    press_time(modified, book->modified);
    buf_add_str(out,
                XML_HEAD "<cp:coreProperties xmlns:cp=\"" PACKAGE "/metadata/core-properties\" "
                         "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
                         "xmlns:dcterms=\"http://purl.org/dc/terms/\" "
                         "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n");
    xml_element(out, "<dc:title>", "</dc:title>", book->title);
    xml_element(out, "<dc:identifier>", "</dc:identifier>", book->id);
    xml_element(out, "<dc:language>", "</dc:language>", slice_of(book->language->tag));
    xml_element(out, "<dcterms:created xsi:type=\"dcterms:W3CDTF\">", "</dcterms:created>",
                slice_of(modified));
    xml_element(out, "<dcterms:modified xsi:type=\"dcterms:W3CDTF\">", "</dcterms:modified>",
                slice_of(modified));
    buf_add_str(out, "</cp:coreProperties>\n");
}

/* ---- Text ---- */

static void add_run(struct buf *out, struct slice text, unsigned style, bool right_to_left)
{
    buf_add_str(out, "<w:r>");
    if (style || right_to_left) {
        buf_add_str(out, "<w:rPr>");
        if (style & PRESS_STRONG) buf_add_str(out, "<w:b/><w:bCs/>");
        if (style & PRESS_EMPHASIS) buf_add_str(out, "<w:i/><w:iCs/>");
        if (right_to_left) buf_add_str(out, "<w:rtl/>");
        buf_add_str(out, "</w:rPr>");
    }
    buf_add_str(out, "<w:t xml:space=\"preserve\">");
    xml_text(out, text);
    buf_add_str(out, "</w:t></w:r>");
}

static void begin_paragraph(struct buf *out, const char *style_id, bool right_to_left)
{
    buf_printf(out, "<w:p><w:pPr><w:pStyle w:val=\"%s\"/>%s</w:pPr>", style_id,
               right_to_left ? "<w:bidi/>" : "");
}

static void add_line(struct buf *out, const char *style_id, struct slice text)
{
    bool right_to_left = press_text_runs_right_to_left(text);
    begin_paragraph(out, style_id, right_to_left);
    add_run(out, text, 0, right_to_left);
    buf_add_str(out, "</w:p>\n");
}

static void add_break(struct buf *out)
{
    add_line(out, "SceneBreak", SLICE("* * *"));
}

static int add_scene(struct buf *out, struct slice scene, struct arena *arena, struct err *err)
{
    struct press_text text;
    struct press_paragraph p;
    bool first = true;
    press_text_begin(&text, scene, arena);
    for (; press_text_next(&text, &p); first = p.is_break) {
        if (p.is_break) {
            add_break(out);
            continue;
        }
        begin_paragraph(out, first ? "FirstParagraph" : "BodyText", p.right_to_left);
        for (size_t i = 0; i < p.n_runs; i++) {
            const struct press_run *run = &p.runs[i];
            if (run->kind == PRESS_LINE_END)
                buf_add_str(out, "<w:r><w:br/></w:r>");
            else if (run->kind == PRESS_TEXT)
                add_run(out, run->text, run->style, p.right_to_left);
        }
        buf_add_str(out, "</w:p>\n");
    }
    return press_text_check(&text, err);
}

static int add_document(struct buf *out, const struct press_book *book, struct err *err)
{
    struct arena arena;
    int rc = 0;
    arena_init(&arena, PRESS_ARENA_MAX);
    buf_add_str(out, XML_HEAD "<w:document xmlns:w=\"" WORD "\" xmlns:r=\"" OFFICE "\"><w:body>\n");
    add_line(out, "Title", book->title);
    for (size_t i = 0; i < book->n_chapters; i++) {
        const struct press_chapter *chapter = &book->chapters[i];
        add_line(out, "Heading1", chapter->title);
        for (size_t k = 0; rc == 0 && k < chapter->n_scenes; k++) {
            if (k > 0) add_break(out);
            rc = add_scene(out, chapter->scenes[k], &arena, err);
        }
    }
    /* A5; no number on the title page. */
    buf_add_str(out, "<w:sectPr><w:footerReference w:type=\"default\" r:id=\"rId2\"/>"
                     "<w:pgSz w:w=\"8391\" w:h=\"11906\"/>"
                     "<w:pgMar w:top=\"1134\" w:right=\"1134\" w:bottom=\"1134\" w:left=\"1134\" "
                     "w:header=\"567\" w:footer=\"567\" w:gutter=\"0\"/><w:titlePg/></w:sectPr>"
                     "</w:body></w:document>\n");
    arena_release(&arena);
    return rc;
}

static void take(struct zip_archive *zip, const char *name, struct buf *page)
{
    if (page->failed) zip->out->failed = true;
    zip_add(zip, name, buf_slice(page), ZIP_DEFLATED);
    buf_reset(page);
}

static int write_docx(struct buf *out, const struct press_book *book, struct err *err)
{
    struct zip_archive zip;
    struct buf page;
    buf_init(&page, PAGE_MAX);
    zip_begin(&zip, out);
    zip_add(&zip, "[Content_Types].xml", slice_of(types), ZIP_DEFLATED);
    zip_add(&zip, "_rels/.rels", slice_of(package_parts), ZIP_DEFLATED);
    add_properties(&page, book);
    take(&zip, "docProps/core.xml", &page);
    int rc = add_document(&page, book, err);
    take(&zip, "word/document.xml", &page);
    add_styles(&page, book);
    take(&zip, "word/styles.xml", &page);
    zip_add(&zip, "word/footer.xml", slice_of(footer), ZIP_DEFLATED);
    zip_add(&zip, "word/_rels/document.xml.rels", slice_of(document_parts), ZIP_DEFLATED);
    zip_end(&zip);
    buf_release(&page);
    return rc < 0 ? rc : buf_check(out, "the file", err);
}

const struct press_format press_format_docx = { .name = "docx", .write = write_docx };
