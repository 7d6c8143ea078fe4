/* extractor - workers that live for one thing: a process for each document to be read
 * (api/extract.h) or book to be made a file (api/press.h), a few at once.
 *
 * A process gets the document as its standard input, and its standard output is read here up to
 * its kind's limit; after a time it is killed. What it says is believed in no more than that it
 * is text, which is checked, where it should be.
 */
#ifndef TIRO_GATEWAY_EXTRACTOR_H
#define TIRO_GATEWAY_EXTRACTOR_H

#include "api/extract.h"

#include <uv.h>

struct extractor;

enum extractor_trouble {
    EXTRACTOR_SLOW,   /* killed after ms */
    EXTRACTOR_LONG,   /* killed after bytes_max */
    EXTRACTOR_KILLED, /* by its own limits */
    EXTRACTOR_LOST,   /* it could not be started */
    EXTRACTOR_FULL,   /* too many wait */
};

/* What differs between them. */
struct extractor_kind {
    const char *name; /* tiro worker --kind */
    bool by_name;     /* the format follows from the file's name; else it is given */
    bool is_text;
    size_t running_max, waiting_max, bytes_max, ms;
    const char *trouble[EXTRACTOR_FULL + 1]; /* in words for the caller */
    /* What its exit status says, or status_broken after a crash; always a failure. */
    int (*end_error)(int status, const char *format, struct err *err);
    int status_broken;
};

extern const struct extractor_kind extractor_decode, extractor_press;

/* `program`: NULL for this one. */
int extractor_open(struct extractor **ret, const struct extractor_kind *kind, uv_loop_t *loop,
                   const char *data_dir, const char *program, struct err *err) MUST_USE;
/* Ends its processes; what waits is forgotten. The loop frees it. NULL is fine. */
void extractor_close(struct extractor *e);
int extractor_begin(struct extractor *e, struct extraction *x, struct err *err) MUST_USE;
void extractor_cancel(struct extractor *e, struct extraction *x);

#endif
