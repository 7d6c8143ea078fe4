/* response_stream - a response's events to one client: `event:` and `data:` lines, without [DONE].
 *
 * It begins with the first flush, so that until then a failure can be answered with its status.
 */
#ifndef TIRO_API_RESPONSE_STREAM_H
#define TIRO_API_RESPONSE_STREAM_H

#include "api/events.h"

struct response_stream {
    struct events events;
};

void response_stream_init(struct response_stream *s, struct call *call);
void response_stream_event(struct response_stream *s, uint64_t number, const char *type,
                           struct slice json);
/* -ERR_NO_MEMORY: then response_stream_fail. */
int response_stream_flush(struct response_stream *s, struct err *err) MUST_USE;
/* The rest, and the end of the call. */
void response_stream_end(struct response_stream *s);
/* The error: as the answer when nothing was sent, else as an event; ends the call. */
void response_stream_fail(struct response_stream *s, const struct err *err,
                          uint32_t retry_after_ms);
void response_stream_release(struct response_stream *s); /* The client is gone. */

#endif
