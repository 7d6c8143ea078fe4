/* press - a book as a file, made by a process of its own (proto/press.h, docs/decisions/0038).
 *
 * A struct extraction as in api/extract.h, whose `bytes` are the book's JSON (press/press.h) and
 * whose `format` is given; what `done` gets are the file's bytes.
 */
#ifndef TIRO_API_PRESS_H
#define TIRO_API_PRESS_H

#include "api/extract.h"

enum {
    PRESS_RUNNING_MAX = 1, /* at once; others wait */
    PRESS_WAITING_MAX = 100,
    PRESS_MS = 120 * 1000,
};

int press_begin(struct service *service, struct extraction *x, struct err *err) MUST_USE;
/* As extract_cancel. */
void press_cancel(struct service *service, struct extraction *x);

/* For whoever implements it: what the worker's exit status says; always a failure. */
int press_end_error(int status, const char *format, struct err *err) MUST_USE;

#endif
