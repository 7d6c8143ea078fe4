/* events - server-sent events, gathered until flush.
 *
 *     w = events_begin(&events);                     data: {...}           OpenAI's
 *     w = events_begin_named(&events, "ping");       event: ping, and data: {...}    Anthropic's
 *     ... one JSON value ...
 *     events_end(&events);
 */
#ifndef TIRO_API_EVENTS_H
#define TIRO_API_EVENTS_H

#include "api/call.h"
#include "base/buf.h"
#include "base/json.h"

enum { EVENTS_BYTES_MAX = 4 << 20 }; /* what one batch of worker events may write to one stream */

struct events {
    struct call *call;
    struct buf out;
    struct json_writer w;
    bool begun; /* something has reached the client */
    bool settled;
};

void events_init(struct events *events, struct call *call);
void events_release(struct events *events);
/* A writer for one JSON value, until events_end. */
struct json_writer *events_begin(struct events *events);
struct json_writer *events_begin_named(struct events *events, const char *name);
void events_end(struct events *events);
/* -ERR_NO_MEMORY when something did not fit: then the stream must be failed. */
int events_flush(struct events *events, struct err *err) MUST_USE;
/* Sends what there is; what follows is the stream's end, which waits for the ledger (call.h). Only
 * the first time. */
int events_settle(struct events *events, struct err *err) MUST_USE;
/* The error as an event, if the stream has begun, else as a plain answer; ends the call. */
void events_fail(struct events *events, const struct err *err, uint32_t retry_after_ms);
/* "data: [DONE]" where the dialect ends so; ends the call. */
void events_finish(struct events *events);

#endif
