/* EPUB 3.3 (https://www.w3.org/TR/epub-33/): a title page, a list of chapters, a page for each. */
#include "base/zip_write.h"
#include "press/language.h"
#include "press/press.h"
#include "press/text.h"
#include "press/xml.h"

#include <stdio.h>

enum { PAGE_MAX = 64 << 20, NAME_SIZE = 40 };

static const char container[] = XML_HEAD
    "<container version=\"1.0\" xmlns=\"urn:oasis:names:tc:opendocument:xmlns:container\">\n"
    "<rootfiles><rootfile full-path=\"EPUB/package.opf\" "
    "media-type=\"application/oebps-package+xml\"/></rootfiles>\n"
    "</container>\n";

/* Readers choose fonts, sizes and colours; here is what makes it a book. */
static const char style[] =
    "body { margin: 0 5%; line-height: 1.4; }\n"
    "h1, h2 { font-weight: normal; text-align: center; hyphens: none; -epub-hyphens: none; }\n"
    "h1 { margin: 30% 0 0; font-size: 2em; }\n"
    "h2 { margin: 3em 0 2em; font-size: 1.5em; page-break-after: avoid; break-after: avoid; }\n"
    "p { margin: 0; text-indent: 1.5em; text-align: justify; hyphens: auto; widows: 2; "
    "orphans: 2; }\n"
    "h2 + p, hr + p { text-indent: 0; }\n"
    "hr { width: 20%; margin: 1.5em auto; border: 0; border-top: 1px solid; }\n"
    "nav ol { list-style: none; padding: 0; }\n"
    "nav li { margin: 0.5em 0; }\n";

/* ---- Pages ---- */

static void begin_page(struct buf *out, const struct press_book *book, struct slice title)
{
    const char *tag = book->language->tag;
    buf_add_str(out, XML_HEAD "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" "
                              "xmlns:epub=\"http://www.idpf.org/2007/ops\"");
    buf_printf(out, " lang=\"%s\" xml:lang=\"%s\" dir=\"%s\">\n<head>\n", tag, tag,
               book->language->right_to_left ? "rtl" : "ltr");
    xml_element(out, "<title>", "</title>", title);
    buf_add_str(out, "<link rel=\"stylesheet\" type=\"text/css\" href=\"style.css\"/>\n</head>\n");
}

static const char *direction(const struct press_book *book, bool right_to_left)
{
    if (right_to_left == book->language->right_to_left) return "";
    return right_to_left ? " dir=\"rtl\"" : " dir=\"ltr\"";
}

static void add_heading(struct buf *out, const struct press_book *book, const char *name,
                        struct slice title)
{
    buf_printf(out, "<%s%s>", name, direction(book, press_text_runs_right_to_left(title)));
    xml_text(out, title);
    buf_printf(out, "</%s>\n", name);
}

static void add_run(struct buf *out, const struct press_run *run)
{
    static const char *const begin[] = { "", "<em>", "<strong>", "<strong><em>" };
    static const char *const end[] = { "", "</em>", "</strong>", "</em></strong>" };
    if (run->kind == PRESS_LINE_END) buf_add_str(out, "<br/>\n");
    if (run->kind != PRESS_TEXT) return;
    buf_add_str(out, begin[run->style]);
    xml_text(out, run->text);
    buf_add_str(out, end[run->style]);
}

static int add_scene(struct buf *out, const struct press_book *book, struct slice scene,
                     struct arena *arena, struct err *err)
{
    struct press_text text;
    struct press_paragraph p;
    press_text_begin(&text, scene, arena);
    while (press_text_next(&text, &p)) {
        if (p.is_break) {
            buf_add_str(out, "<hr/>\n");
            continue;
        }
        buf_printf(out, "<p%s>", direction(book, p.right_to_left));
        for (size_t i = 0; i < p.n_runs; i++) add_run(out, &p.runs[i]);
        buf_add_str(out, "</p>\n");
    }
    return press_text_check(&text, err);
}

static int add_chapter(struct buf *out, const struct press_book *book,
                       const struct press_chapter *chapter, struct arena *arena, struct err *err)
{
    begin_page(out, book, chapter->title);
    buf_add_str(out, "<body>\n<section epub:type=\"chapter\" role=\"doc-chapter\">\n");
    add_heading(out, book, "h2", chapter->title);
    for (size_t i = 0; i < chapter->n_scenes; i++) {
        if (i > 0) buf_add_str(out, "<hr/>\n");
        TRY(add_scene(out, book, chapter->scenes[i], arena, err));
    }
    buf_add_str(out, "</section>\n</body>\n</html>\n");
    return 0;
}

static void add_title_page(struct buf *out, const struct press_book *book)
{
    begin_page(out, book, book->title);
    buf_add_str(out, "<body>\n<section epub:type=\"titlepage\">\n");
    add_heading(out, book, "h1", book->title);
    buf_add_str(out, "</section>\n</body>\n</html>\n");
}

static void page_name(char ret[NAME_SIZE], size_t number)
{
    (void)snprintf(ret, NAME_SIZE, "chapter-%04zu.xhtml", number); /* Fits. */
}

static void add_contents(struct buf *out, const struct press_book *book)
{
    char name[NAME_SIZE];
    begin_page(out, book, book->title);
    buf_add_str(out, "<body>\n<nav epub:type=\"toc\" role=\"doc-toc\">\n");
    if (*book->language->contents)
        xml_element(out, "<h2>", "</h2>", slice_of(book->language->contents));
    buf_add_str(out, "<ol>\n");
    for (size_t i = 0; i < book->n_chapters; i++) {
        struct slice title = book->chapters[i].title;
        page_name(name, i + 1);
        buf_printf(out, "<li%s><a href=\"%s\">",
                   direction(book, press_text_runs_right_to_left(title)), name);
        xml_text(out, title);
        buf_add_str(out, "</a></li>\n");
    }
    buf_add_str(out, "</ol>\n</nav>\n</body>\n</html>\n");
}

/* ---- What it consists of ---- */

static void add_metadata(struct buf *out, const struct press_book *book)
{
    char modified[PRESS_TIME_SIZE];
    press_time(modified, book->modified);
    buf_add_str(out, "<metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n");
    xml_element(out, "<dc:identifier id=\"id\">", "</dc:identifier>", book->id);
    xml_element(out, "<dc:title>", "</dc:title>", book->title);
    xml_element(out, "<dc:language>", "</dc:language>", slice_of(book->language->tag));
    xml_element(out, "<meta property=\"dcterms:modified\">", "</meta>", slice_of(modified));
    buf_add_str(out, "<meta property=\"schema:accessMode\">textual</meta>\n"
                     "<meta property=\"schema:accessModeSufficient\">textual</meta>\n"
                     "<meta property=\"schema:accessibilityFeature\">tableOfContents</meta>\n"
                     "<meta property=\"schema:accessibilityFeature\">structuralNavigation</meta>\n"
                     "<meta property=\"schema:accessibilityHazard\">none</meta>\n"
                     "</metadata>\n");
}

static void add_package(struct buf *out, const struct press_book *book)
{
    char name[NAME_SIZE];
    bool right_to_left = book->language->right_to_left;
    buf_printf(out,
               XML_HEAD "<package xmlns=\"http://www.idpf.org/2007/opf\" version=\"3.0\" "
                        "unique-identifier=\"id\" xml:lang=\"%s\" dir=\"%s\">\n",
               book->language->tag, right_to_left ? "rtl" : "ltr");
    add_metadata(out, book);
    buf_add_str(out, "<manifest>\n"
                     "<item id=\"nav\" href=\"nav.xhtml\" media-type=\"application/xhtml+xml\" "
                     "properties=\"nav\"/>\n"
                     "<item id=\"style\" href=\"style.css\" media-type=\"text/css\"/>\n"
                     "<item id=\"title\" href=\"title.xhtml\" "
                     "media-type=\"application/xhtml+xml\"/>\n");
    for (size_t i = 1; i <= book->n_chapters; i++) {
        page_name(name, i);
        buf_printf(out, "<item id=\"c%zu\" href=\"%s\" media-type=\"application/xhtml+xml\"/>\n", i,
                   name);
    }
    buf_printf(out, "</manifest>\n<spine page-progression-direction=\"%s\">\n",
               right_to_left ? "rtl" : "ltr");
    buf_add_str(out, "<itemref idref=\"title\"/>\n<itemref idref=\"nav\"/>\n");
    for (size_t i = 1; i <= book->n_chapters; i++)
        buf_printf(out, "<itemref idref=\"c%zu\"/>\n", i);
    buf_add_str(out, "</spine>\n</package>\n");
}

static void take(struct zip_archive *zip, const char *name, struct buf *page)
{
    if (page->failed) zip->out->failed = true;
    zip_add(zip, name, buf_slice(page), ZIP_DEFLATED);
    buf_reset(page);
}

static int add_chapters(struct zip_archive *zip, struct buf *page, const struct press_book *book,
                        struct err *err)
{
    struct arena arena;
    char name[NAME_SIZE], path[NAME_SIZE + 8];
    int rc = 0;
    arena_init(&arena, PRESS_ARENA_MAX);
    for (size_t i = 0; rc == 0 && i < book->n_chapters; i++) {
        page_name(name, i + 1);
        (void)snprintf(path, sizeof path, "EPUB/%s", name); /* Fits. */
        rc = add_chapter(page, book, &book->chapters[i], &arena, err);
        take(zip, path, page);
    }
    arena_release(&arena);
    return rc;
}

static int write_epub(struct buf *out, const struct press_book *book, struct err *err)
{
    struct zip_archive zip;
    struct buf page;
    buf_init(&page, PAGE_MAX);
    zip_begin(&zip, out);
    /* First, and readable by who looks at the first bytes of the file only. */
    zip_add(&zip, "mimetype", SLICE("application/epub+zip"), ZIP_STORED);
    zip_add(&zip, "META-INF/container.xml", slice_of(container), ZIP_DEFLATED);
    add_package(&page, book);
    take(&zip, "EPUB/package.opf", &page);
    add_contents(&page, book);
    take(&zip, "EPUB/nav.xhtml", &page);
    zip_add(&zip, "EPUB/style.css", slice_of(style), ZIP_DEFLATED);
    add_title_page(&page, book);
    take(&zip, "EPUB/title.xhtml", &page);
    int rc = add_chapters(&zip, &page, book, err);
    zip_end(&zip);
    buf_release(&page);
    return rc < 0 ? rc : buf_check(out, "the file", err);
}

const struct press_format press_format_epub = { .name = "epub", .write = write_epub };
