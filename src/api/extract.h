/* extract - the text of a document that somebody sent, read by a process of its own.
 *
 *     struct extraction *x = ...;                  the caller's, until done or extract_cancel
 *     x->sha256 = row.sha256, x->filename = row.filename;
 *     x->done = text_is_here;
 *     TRY(extract_begin(service, x, err));
 *
 * One process a document, behind walls, with limits of time, memory and output (proto/decode.h,
 * docs/decisions/0027-decode-workers.md): whatever is in it, it costs that document only. PDF,
 * DOCX, HTML, and all that is text of itself, chosen by the name's end. Text is UTF-8 without NUL,
 * lines end in LF.
 *
 * Errors blame the document (-ERR_INVALID_VALUE: damaged, encrypted, no text, another format;
 * -ERR_LIMIT: too large or too slow) or the server (a 503).
 */
#ifndef TIRO_API_EXTRACT_H
#define TIRO_API_EXTRACT_H

#include "api/service.h"
#include "store/blob.h"

enum {
    EXTRACT_RUNNING_MAX = 2,       /* at once; others wait */
    EXTRACT_WAITING_MAX = 10000,   /* then -ERR_OVERLOADED */
    EXTRACT_TEXT_MAX = 32 << 20,   /* bytes of text */
    EXTRACT_BYTES_MAX = 512 << 20, /* of the document */
    EXTRACT_MS = 120 * 1000,
};

struct extraction {
    char sha256[BLOB_NAME_SIZE]; /* of its blob; or: */
    struct slice bytes;          /* itself, until `done`; ptr NULL: the blob */
    struct slice filename;       /* lives until extract_begin returns */
    /* On the loop, never from inside extract_begin; `text` lives until it returns. */
    void (*done)(struct extraction *x, int rc, struct slice text, const struct err *err);
    const char *format; /* of a book (api/press.h); of a document the service's own */
    /* The service's own. */
    struct extraction *next;
    void *process; /* NULL while it waits */
    bool again;    /* The second attempt: the first was killed. */
};

int extract_begin(struct service *service, struct extraction *x, struct err *err) MUST_USE;
/* `done` is not called any more. Only between extract_begin and done. */
void extract_cancel(struct service *service, struct extraction *x);

/* For whoever implements it. The format of a decode worker, by the name's end. */
const char *extract_format(struct slice filename);
/* What the worker's exit status says; always a failure. */
int extract_end_error(int status, const char *format, struct err *err) MUST_USE;

#endif
