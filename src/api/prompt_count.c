#include "api/prompt_count.h"

#include "api/fan.h"
#include "base/json.h"

enum { ANSWER_BYTES_MAX = 256 };

struct count_state {
    struct fan fan; /* first: see api/fan.h */
    const struct prompt_count *as;
    uint32_t n_tokens;
};

static void on_encoded(struct fan *fan, uint32_t index, const struct msg_tokens *m)
{
    (void)index;
    ((struct count_state *)fan)->n_tokens = m->n_tokens;
}

static void on_finish(struct fan *fan)
{
    const struct count_state *s = (struct count_state *)fan;
    struct buf out;
    struct json_writer w;
    buf_init(&out, ANSWER_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    if (s->as->object) json_member_str(&w, "object", s->as->object);
    json_member_int(&w, "input_tokens", s->n_tokens);
    json_object_end(&w);
    call_json(fan->call, &out);
    buf_release(&out);
}

static void on_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms)
{
    const struct count_state *s = (struct count_state *)fan;
    struct err own = *err;
    if (s->as->place) s->as->place(&own);
    call_error(fan->call, &own, retry_after_ms);
}

static void on_close(struct fan *fan)
{
    (void)fan; /* It holds nothing. */
}

static bool on_restart(struct fan *fan, uint32_t index)
{
    (void)fan; /* There is one event. */
    (void)index;
    return true;
}

static const struct fan_ops ops = {
    .encoded = on_encoded,
    .restart = on_restart,
    .finish = on_finish,
    .fail = on_fail,
    .close = on_close,
};

int prompt_count_begin(struct call *call, const char *model, struct msg_request *message,
                       const struct prompt_count *as, struct err *err)
{
    struct count_state *s = ARENA_NEW(call->arena, struct count_state);
    if (!s) return arena_check(call->arena, "the request", err);
    s->as = as;
    message->kind = REQUEST_TOKENIZE;
    message->grammar_kind = GRAMMAR_NONE; /* It is no part of the prompt. */
    message->grammar = message->grammar_param = (struct slice){ 0 };
    return fan_begin_one(&s->fan, &ops, call, model, message, err);
}
