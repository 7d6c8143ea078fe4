/* errand - what a process shares with others that read one thing, write one thing and end: its
 * limits, and its standard input. */
#ifndef TIRO_WORKER_ERRAND_H
#define TIRO_WORKER_ERRAND_H

#include "base/err.h"
#include "base/slice.h"

struct errand_limits {
    unsigned memory_max; /* bytes of address space */
    unsigned cpu_s, files_max;
};

/* Before anything else; cannot be undone. No file can be written to. Below 0: not all could be. */
int errand_set_limits(const struct errand_limits *limits) MUST_USE;
/* All of it, until the process ends; `what` names it in errors. */
int errand_map_input(struct slice *ret, const char *what, struct err *err) MUST_USE;

#endif
