/* extractor - decode workers: one process for each document, a few at once (api/extract.h).
 *
 * A process gets the document as its standard input, and its standard output is read here up to
 * EXTRACT_TEXT_MAX; after EXTRACT_MS it is killed. What it says is believed in no more than that it
 * is text, which is checked.
 */
#ifndef TIRO_GATEWAY_EXTRACTOR_H
#define TIRO_GATEWAY_EXTRACTOR_H

#include "api/extract.h"

#include <uv.h>

struct extractor;

/* `program`: NULL for this one. */
int extractor_open(struct extractor **ret, uv_loop_t *loop, const char *data_dir,
                   const char *program, struct err *err) MUST_USE;
/* Ends its processes; what waits is forgotten. The loop frees it. NULL is fine. */
void extractor_close(struct extractor *e);
int extractor_begin(struct extractor *e, struct extraction *x, struct err *err) MUST_USE;
void extractor_cancel(struct extractor *e, struct extraction *x);

#endif
