/* PDF: by pdftotext of poppler-utils, which is GPL and so a program of its own. */
#include "worker/decoder.h"

/* -q: what it has to say of the document is nobody's; -: from here to there. */
static const char *const pdftotext[] = {
    "/usr/bin/pdftotext", "-q", "-enc", "UTF-8", "-eol", "unix", "-nopgbrk", "-", "-", NULL
};

const struct decoder decoder_pdf = { .format = "pdf", .program = pdftotext };
