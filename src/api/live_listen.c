/* Who listens to a response, and what each is told. */
#include "api/live.h"

#include "api/call.h"

/* Takes it out; its call is the caller's to end. */
static struct call *part(struct listener *l)
{
    struct listener **at = &l->live->listeners;
    while (*at != l) at = &(*at)->next;
    *at = l->next;
    l->call->on_close = NULL;
    l->call->state = NULL;
    return l->call;
}

static struct listener *who_asked(const struct live *live)
{
    struct listener *l = live->listeners;
    while (l && !l->asked) l = l->next;
    return l;
}

void live_tell_stats(struct live *live)
{
    struct listener *l = who_asked(live);
    if (!l) return;
    const struct call_stats *from = &live->stats;
    struct call_stats *to = &l->call->stats;
    to->prompt_tokens = from->prompt_tokens;
    to->cached_tokens = from->cached_tokens;
    to->completion_tokens = from->completion_tokens;
    to->core_us = from->core_us;
    to->first_token_ns = from->first_token_ns;
}

void live_leave_books(struct live *live)
{
    struct listener *l = who_asked(live);
    live_tell_stats(live);
    if (l && live->stored) l->call->books_itself = false;
}

/* ---- Coming and going ---- */

static void client_left(struct call *call)
{
    struct listener *l = call->state;
    struct live *live = l->live;
    bool hung_up = l->asked && !live->background;
    if (l->asked && live->run) {
        live->stats = response_run_stats(live->run);
        live_tell_stats(live);
    }
    (void)part(l);
    /* A server that ends leaves it as it is on disk, to begin again. */
    if (live->stored && !live->replay && live->service->draining) return;
    /* As published: to cancel a response that is not in the background, hang up. */
    if (hung_up || live->replay || !live->stored) live_cancel(live);
}

int live_listen(struct live *live, struct call *call, enum listener_kind kind, uint64_t number,
                bool asked, struct err *err)
{
    struct listener *l = ARENA_NEW(call->arena, struct listener);
    if (!l) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    *l = (struct listener){ .live = live,
                            .call = call,
                            .kind = kind,
                            .number = number,
                            .asked = asked,
                            .next = live->listeners };
    live->listeners = l;
    call->on_close = client_left;
    call->state = l;
    return 0;
}

void live_drop_listeners(struct live *live)
{
    while (live->listeners) (void)part(live->listeners);
}

/* ---- What they are told ---- */

static void refuse_one(struct listener *l, const struct err *err)
{
    bool begun = l->begun;
    uint32_t retry_after_ms = l->live->retry_after_ms;
    struct call *call = part(l);
    if (!begun) {
        call_error(call, err, retry_after_ms);
        return;
    }
    call_send_error(call, err);
    call->ops->stream_end(call);
}

void live_refuse(struct live *live, const struct err *err)
{
    while (live->listeners) refuse_one(live->listeners, err);
}

/* All events that are there for it; false: it was refused. */
static bool give_events(struct listener *l)
{
    struct live *live = l->live;
    struct slice text;
    struct err err = { 0 };
    if (!event_log_get(&text, &live->log, l->number)) {
        (void)err_set(&err, ERR_OVERLOADED,
                      "The events from %llu on are not in memory any more. Ask again when the "
                      "response has ended: they are made again then.",
                      (unsigned long long)l->number);
        refuse_one(l, &err);
        return false;
    }
    if (!l->begun) l->call->ops->stream_begin(l->call);
    l->begun = l->call->stats.streamed = true;
    /* A stored one is in the books already, with its row. */
    bool books = live->phase == LIVE_SETTLED && l->asked && !live->stored;
    if (books && l->call->ops->settle) l->call->ops->settle(l->call);
    if (text.len > 0) l->call->ops->stream_send(l->call, text);
    if (live->log.end > l->number) l->number = live->log.end;
    l->call->sequence = l->number; /* Of an error that may have to follow. */
    return true;
}

void live_give(struct live *live)
{
    if (!live->on_disk || !live->told) return;
    for (struct listener *l = live->listeners, *next; l; l = next) {
        next = l->next;
        if (l->kind != LISTENER_EVENTS || !give_events(l) || live->phase != LIVE_SETTLED) continue;
        struct call *call = part(l);
        call->ops->stream_end(call);
    }
}

void live_answer(struct live *live, enum listener_kind kind, struct slice body)
{
    for (struct listener *l = live->listeners, *next; l; l = next) {
        next = l->next;
        if (l->kind != kind) continue;
        struct call *call = part(l);
        call->ops->reply(call, 200, "application/json", body);
    }
}

bool live_told_nothing(const struct live *live)
{
    const struct listener *l = who_asked(live);
    return l && (l->kind != LISTENER_EVENTS || !l->begun);
}
