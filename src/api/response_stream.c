#include "api/response_stream.h"

#include <assert.h>

void response_stream_init(struct response_stream *s, struct call *call)
{
    assert(call->dialect == DIALECT_RESPONSES);
    events_init(&s->events, call);
}

void response_stream_event(struct response_stream *s, uint64_t number, const char *type,
                           struct slice json)
{
    json_raw(events_begin_named(&s->events, type), json);
    events_end(&s->events);
    s->events.call->sequence = number + 1;
}

int response_stream_flush(struct response_stream *s, struct err *err)
{
    return events_flush(&s->events, err);
}

void response_stream_end(struct response_stream *s)
{
    events_finish(&s->events);
}

void response_stream_fail(struct response_stream *s, const struct err *err, uint32_t retry_after_ms)
{
    events_fail(&s->events, err, retry_after_ms);
}

void response_stream_release(struct response_stream *s)
{
    events_release(&s->events);
}
