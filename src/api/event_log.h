/* event_log - the newest events of one stream, as they go out, by number.
 *
 * Bounded: beyond EVENT_LOG_BYTES_MAX, or without memory, the oldest go, and whoever wants them is
 * told so. Nothing fails.
 */
#ifndef TIRO_API_EVENT_LOG_H
#define TIRO_API_EVENT_LOG_H

#include "base/buf.h"

#include <stdint.h>

enum { EVENT_LOG_BYTES_MAX = 8 << 20 };

struct event_log {
    uint64_t first, end; /* the events first..end-1 are here */
    struct buf text;     /* one after the other: "event: TYPE\ndata: JSON\n\n" */
    size_t *ends;        /* of each, where it ends in `text` */
    size_t cap;          /* of `ends` */
};

/* The first one that comes will be `next`. */
void event_log_init(struct event_log *log, uint64_t next);
void event_log_release(struct event_log *log);
/* The event `number`, which is usually log->end; another begins the log anew. */
void event_log_add(struct event_log *log, uint64_t number, const char *type, struct slice json);
/* Lets go of those below `number`. */
void event_log_drop(struct event_log *log, uint64_t number);
/* Those from `number` on; false when some of them are gone. Lives until the next change. */
bool event_log_get(struct slice *ret, const struct event_log *log, uint64_t number);

#endif
