#include "api/extract.h"

#include "proto/decode.h"

int extract_begin(struct service *service, struct extraction *x, struct err *err)
{
    return service->ops->extract(service, x, err);
}

void extract_cancel(struct service *service, struct extraction *x)
{
    service->ops->extract_cancel(service, x);
}

/* ---- What the name's end says ---- */

static const char *const formats[] = { "text", "html", "docx", "pdf" };

const char *extract_format(struct slice filename)
{
    static const struct {
        const char *end;
        int format;
    } rows[] = { { ".htm", 1 }, { ".html", 1 }, { ".xhtml", 1 }, { ".docx", 2 }, { ".pdf", 3 } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct slice end = slice_of(rows[i].end);
        if (filename.len < end.len) continue;
        struct slice tail = { filename.ptr + filename.len - end.len, end.len };
        if (slice_eq_nocase(tail, end)) return formats[rows[i].format];
    }
    return formats[0];
}

/* ---- How it ended ---- */

int extract_end_error(int status, const char *format, struct err *err)
{
    switch (status) {
    case DECODE_DAMAGED:
        return err_set(err, ERR_INVALID_VALUE,
                       "The file could not be read as %s: it is damaged, or something else "
                       "than its name says.",
                       format);
    case DECODE_ENCRYPTED:
        if (strcmp(format, "docx") == 0)
            return err_set(err, ERR_INVALID_VALUE,
                           "This document is encrypted, or of Word's older format; save it as "
                           ".docx without a password and upload it again.");
        return err_set(err, ERR_INVALID_VALUE,
                       "This PDF is encrypted; save it without a password and upload it again.");
    case 3: /* Of pdftotext's. */
        return err_set(err, ERR_INVALID_VALUE,
                       "This PDF does not allow its text to be copied; save it without protection "
                       "and upload it again.");
    case DECODE_NO_TEXT:
        return err_set(err, ERR_INVALID_VALUE,
                       "The file is no text in UTF-8 or UTF-16, and its name does not end in .pdf, "
                       ".docx or .html.");
    case DECODE_TOO_LARGE: return err_set(err, ERR_LIMIT, "The file has too much text to be read.");
    case DECODE_NO_MEMORY:
        return err_set(err, ERR_LIMIT,
                       "The file needs more than %d MiB of memory to be read, the most that it "
                       "gets.",
                       DECODE_MEMORY_MAX >> 20);
    case DECODE_NO_PROGRAM:
        return err_set(err, ERR_UNSUPPORTED_FORMAT,
                       "This server cannot read %s files: pdftotext, of the package poppler-utils, "
                       "is not installed.",
                       format);
    default:
        return err_set(err, ERR_INVALID_VALUE,
                       "The file could not be read as %s: the process that read it failed.",
                       format);
    }
}
