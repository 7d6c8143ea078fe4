/* PDF: by pdftotext of poppler-utils, which is GPL and so a program of its own. */
#include "worker/decoder.h"

/* -q: what it has to say of the document is nobody's; -: from here to there. */
static const char *const pdftotext[] = {
    "/usr/bin/pdftotext", "-q", "-enc", "UTF-8", "-eol", "unix", "-nopgbrk", "-", "-", NULL
};

/* The key of a trailer, which is never compressed; not of another name that begins so. */
static bool is_encrypted(struct slice document)
{
    struct slice key = SLICE("/Encrypt"), rest = document;
    for (;;) {
        size_t at = slice_find(rest, key);
        if (at == rest.len) return false;
        rest = (struct slice){ rest.ptr + at + key.len, rest.len - at - key.len };
        if (rest.len > 0 && memchr(" \t\r\n\f<", rest.ptr[0], 6)) return true;
    }
}

const struct decoder decoder_pdf = {
    .format = "pdf",
    .program = pdftotext,
    .cannot_open = 1,
    .is_encrypted = is_encrypted,
};
