/* DOCX: a zip archive whose word/document.xml has paragraphs of runs of text. Of the XML only what
 * makes text is looked at; a document type, and so every entity of its own, is refused. */
#include "base/seam.h"
#include "base/zip.h"
#include "proto/decode.h"
#include "worker/decoder.h"

#include <expat.h>

#define BODY "word/document.xml"

enum { DEPTH_MAX = 1000, BREAKS_MAX = 2, SEPARATOR = '|' };

struct reading {
    struct text_out *out;
    XML_Parser parser;
    const char *why;    /* what was wrong; NULL: nothing */
    int depth, skipped; /* skipped: the depth below which nothing counts; 0: none */
    int breaks;         /* line ends to be written before the next text */
    bool in_text;       /* within w:t */
    bool any;           /* something has been written */
    bool cell_before;   /* of this row of a table */
};

static void give_up(struct reading *r, const char *why)
{
    r->why = why;
    (void)XML_StopParser(r->parser, XML_FALSE); /* Fails only where it has stopped. */
}

/* The name within one of the two namespaces of word processing; NULL: another's. */
static const char *word_name(const char *name)
{
    static const char *const spaces[] = {
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
    };
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        size_t n = strlen(spaces[i]);
        if (strncmp(name, spaces[i], n) == 0 && name[n] == SEPARATOR) return name + n + 1;
    }
    return NULL;
}

static bool is_fallback(const char *name)
{
    return strcmp(name, "http://schemas.openxmlformats.org/markup-compatibility/2006|Fallback") ==
           0;
}

static void add(struct reading *r, struct slice text)
{
    for (; r->any && r->breaks > 0; r->breaks--) text_out_add(r->out, SLICE("\n"));
    r->breaks = 0;
    r->any = true;
    text_out_add(r->out, text);
}

static void want_breaks(struct reading *r, int n)
{
    r->breaks = n < BREAKS_MAX ? n : BREAKS_MAX;
}

/* Cells of a row stand beside each other. */
static void begin_cell(struct reading *r)
{
    if (r->cell_before) {
        r->breaks = 0;
        add(r, SLICE("\t"));
    }
    r->cell_before = true;
}

static void on_start(void *user, const char *name, const char **attributes)
{
    struct reading *r = user;
    const char *word = word_name(name);
    (void)attributes;
    if (++r->depth > DEPTH_MAX) give_up(r, "elements in elements without end");
    if (r->skipped) return;
    if (is_fallback(name)) r->skipped = r->depth; /* The same text once more. */
    if (!word) return;
    if (strcmp(word, "t") == 0) r->in_text = true;
    if (strcmp(word, "tab") == 0 || strcmp(word, "ptab") == 0) add(r, SLICE("\t"));
    if (strcmp(word, "br") == 0 || strcmp(word, "cr") == 0) add(r, SLICE("\n"));
    if (strcmp(word, "noBreakHyphen") == 0) add(r, SLICE("-"));
    if (strcmp(word, "tr") == 0) r->cell_before = false;
    if (strcmp(word, "tc") == 0) begin_cell(r);
}

static void on_end(void *user, const char *name)
{
    struct reading *r = user;
    const char *word = word_name(name);
    if (r->skipped == r->depth) r->skipped = 0;
    r->depth--;
    if (r->skipped || !word) return;
    if (strcmp(word, "t") == 0) r->in_text = false;
    if (strcmp(word, "p") == 0) want_breaks(r, r->breaks + 1);
    if (strcmp(word, "tr") == 0) want_breaks(r, 1);
    if (r->out->rc < 0) give_up(r, NULL);
}

static void on_text(void *user, const char *text, int len)
{
    struct reading *r = user;
    if (r->in_text && !r->skipped) add(r, (struct slice){ text, (size_t)len });
}

static void on_doctype(void *user, const char *name, const char *system, const char *public,
                       int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    give_up(user, "a document type");
}

/* A sink of zip_extract. */
static int on_xml(void *ctx, const void *bytes, size_t len, struct err *err)
{
    struct reading *r = ctx;
    if (XML_Parse(r->parser, bytes, (int)len, 0) == XML_STATUS_OK) return 0;
    if (r->out->rc < 0) return r->out->rc; /* text_out_finish says it. */
    if (XML_GetErrorCode(r->parser) == XML_ERROR_NO_MEMORY)
        return err_set(err, ERR_NO_MEMORY, "no memory for the document");
    return err_set(err, ERR_FORMAT, BODY ": %s",
                   r->why ? r->why : XML_ErrorString(XML_GetErrorCode(r->parser)));
}

static int finish(struct reading *r, struct err *err)
{
    if (XML_Parse(r->parser, "", 0, 1) == XML_STATUS_OK) return 0;
    return err_set(err, ERR_FORMAT, BODY ": %s",
                   r->why ? r->why : XML_ErrorString(XML_GetErrorCode(r->parser)));
}

static int read_body(struct reading *r, const struct zip_entry *body, struct slice document,
                     struct err *err)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    TRY(zip_extract(body, document, "the document", on_xml, r, err));
    TRY(finish(r, err));
    if (r->any) text_out_add(r->out, SLICE("\n"));
    return 0;
}

/* Encrypted ones are of Word's older format with an archive inside. */
static bool is_encrypted(struct slice document)
{
    return slice_starts(document, SLICE("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"));
}

static int read_docx(struct slice document, struct text_out *out, struct err *err)
{
    static const XML_Memory_Handling_Suite memory = { mem_alloc, mem_realloc, mem_free };
    static const XML_Char separator[] = { SEPARATOR, '\0' };
    struct reading r = { .out = out };
    struct zip_entry body;
    if (is_encrypted(document))
        return err_set(err, ERR_PERMISSION, "the document is encrypted, or of an older format");
    TRY(zip_find(&body, document, "the document", BODY, err));
    if (body.size > DECODE_XML_MAX)
        return err_set(err, ERR_LIMIT, BODY " has more than %d bytes", DECODE_XML_MAX);
    r.parser = XML_ParserCreate_MM(NULL, &memory, separator);
    if (!r.parser) return err_set(err, ERR_NO_MEMORY, "no memory for the document");
    int rc = read_body(&r, &body, document, err);
    XML_ParserFree(r.parser);
    return rc;
}

const struct decoder decoder_docx = { .format = "docx", .read = read_docx };
