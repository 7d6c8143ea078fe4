#include "api/events.h"

void events_init(struct events *events, struct call *call)
{
    *events = (struct events){ .call = call };
    buf_init(&events->out, EVENTS_BYTES_MAX);
}

void events_release(struct events *events)
{
    buf_release(&events->out);
}

struct json_writer *events_begin(struct events *events)
{
    buf_add_str(&events->out, "data: ");
    json_writer_init(&events->w, &events->out);
    return &events->w;
}

struct json_writer *events_begin_named(struct events *events, const char *name)
{
    buf_add_str(&events->out, "event: ");
    buf_add_str(&events->out, name);
    buf_add_char(&events->out, '\n');
    return events_begin(events);
}

void events_end(struct events *events)
{
    buf_add_str(&events->out, "\n\n");
}

static void begin(struct events *events)
{
    if (events->begun) return;
    events->begun = true;
    events->call->stats.streamed = true;
    events->call->ops->stream_begin(events->call);
}

static void send(struct events *events)
{
    if (events->out.len == 0) return;
    begin(events);
    events->call->ops->stream_send(events->call, buf_slice(&events->out));
    buf_reset(&events->out);
}

int events_flush(struct events *events, struct err *err)
{
    if (events->out.failed)
        return err_set(err, ERR_NO_MEMORY, "There is no memory for the answer.");
    send(events);
    return 0;
}

int events_settle(struct events *events, struct err *err)
{
    TRY(events_flush(events, err));
    begin(events);
    if (!events->settled) call_settle(events->call);
    events->settled = true;
    return 0;
}

void events_fail(struct events *events, const struct err *err, uint32_t retry_after_ms)
{
    struct call *call = events->call;
    if (!events->begun) {
        events_release(events);
        call_error(call, err, retry_after_ms);
        return;
    }
    /* What was gathered is whole events, unless memory ran out in the middle of one. */
    if (events->out.failed) buf_reset(&events->out);
    send(events);
    call_send_error(call, err);
    events_release(events);
    call->ops->stream_end(call);
}

void events_finish(struct events *events)
{
    struct call *call = events->call;
    struct err err = { 0 };
    if (call->dialect == DIALECT_OPENAI) buf_add_str(&events->out, "data: [DONE]\n\n");
    if (events_flush(events, &err) < 0) {
        events_fail(events, &err, 0);
        return;
    }
    events_release(events);
    call->ops->stream_end(call);
}
