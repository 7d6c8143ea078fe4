#include "chat/reply.h"

#include "base/utf8.h"

#include <assert.h>

void reply_init(struct reply *r, const struct reply_options *o, struct reply_events events)
{
    *r = (struct reply){ .events = events };
    buf_init(&r->piece, REPLY_PIECE_MAX);
    reasoning_init(&r->reasoning, o->thinking, o->thinks, r);
    r->has_reader = o->tools || o->style->format->channels;
    if (!r->has_reader) return;
    tool_reader_init(&r->reader, o->style, o->tools, r);
    r->reader.no_bare = o->held;
}

void reply_release(struct reply *r)
{
    buf_release(&r->piece);
    buf_release(&r->reasoning.held);
    if (r->has_reader) buf_release(&r->reader.held);
}

/* ---- What is told ---- */

static void flush(struct reply *r)
{
    if (r->piece.failed) r->failed = true;
    if (r->piece.len == 0 || r->failed) return;
    struct reply_event e = { .kind = r->kind, .text = buf_slice(&r->piece) };
    if (e.kind == REPLY_ARGUMENTS) {
        e.index = r->n_calls - 1;
    } else {
        e.from = r->piece_from;
        e.to = e.from + e.text.len;
    }
    r->events.event(r->events.ctx, &e);
    buf_reset(&r->piece);
}

static void add(struct reply *r, enum reply_kind kind, char c, uint64_t at)
{
    bool adjacent = kind == REPLY_ARGUMENTS || at == r->piece_from + r->piece.len;
    if (r->piece.len && (r->kind != kind || !adjacent)) flush(r);
    if (r->piece.len == 0) r->piece_from = at;
    r->kind = kind;
    buf_add_char(&r->piece, c);
}

void reply_put(struct reply *r, enum reply_kind kind, char c, uint64_t at)
{
    if (mark_is(c))
        r->in_mark = !r->in_mark;
    else if (!r->in_mark)
        add(r, kind, c, at);
}

void reply_put_back(struct reply *r, struct slice text, uint64_t at)
{
    for (size_t i = 0; i < text.len; i++)
        if (!mark_is(text.ptr[i])) add(r, REPLY_CONTENT, text.ptr[i], at + i);
}

bool reply_call(struct reply *r, struct slice name)
{
    if (r->n_calls == REPLY_CALLS_MAX) return false;
    flush(r);
    if (r->failed) return true; /* Nothing more is told. */
    r->in_call = true;
    r->events.event(r->events.ctx, &(struct reply_event){
                                       .kind = REPLY_CALL, .text = name, .index = r->n_calls++ });
    return true;
}

void reply_argument(struct reply *r, char c)
{
    add(r, REPLY_ARGUMENTS, c, 0);
}

void reply_call_done(struct reply *r)
{
    r->in_call = false;
}

/* ---- What comes ---- */

/* Behind the reasoning. */
static void answer(void *ctx, char c, uint64_t at)
{
    struct reply *r = ctx;
    if (r->has_reader)
        r->reader.style->format->read(&r->reader, c, at);
    else
        reply_put(r, REPLY_CONTENT, c, at);
}

static int finish(struct reply *r)
{
    flush(r);
    bool held = r->reasoning.held.failed || (r->has_reader && r->reader.held.failed);
    return r->failed || held ? -ERR_NO_MEMORY : 0;
}

int reply_add(struct reply *r, struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        reasoning_read(&r->reasoning, text.ptr[i], r->n_read++, answer);
    return finish(r);
}

int reply_end(struct reply *r)
{
    reasoning_end(&r->reasoning, answer);
    if (r->has_reader) r->reader.style->format->end(&r->reader);
    return finish(r);
}
