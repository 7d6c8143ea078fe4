/* POST /v1/messages/count_tokens: how many tokens a prompt of POST /v1/messages would have. */
#include "api/anthropic_request.h"
#include "api/endpoint.h"
#include "api/fan.h"
#include "api/generation.h"

enum { ANSWER_BYTES_MAX = 256 };

struct count_state {
    struct fan fan; /* first: see api/fan.h */
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
    json_key(&w, "input_tokens");
    json_uint(&w, s->n_tokens);
    json_object_end(&w);
    call_json(fan->call, &out);
    buf_release(&out);
}

static void on_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms)
{
    call_error(fan->call, err, retry_after_ms);
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

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct anthropic_prompt_req *req = request;
    const struct backend_model *model;
    struct msg_request message;
    TRY(generation_model(&model, call, req->model.value, CAP_CHAT, "chat", err));
    TRY(anthropic_prompt_fill(&message, req, model, call, err));
    struct count_state *s = ARENA_NEW(call->arena, struct count_state);
    if (!s) return arena_check(call->arena, "the request", err);
    message.kind = REQUEST_TOKENIZE;
    message.grammar_kind = GRAMMAR_NONE; /* It is no part of the prompt. */
    message.grammar = message.grammar_param = (struct slice){ 0 };
    return fan_begin_one(&s->fan, &ops, call, model->id, &message, err);
}

static const struct field response[] = {
    ANSWER("input_tokens", INT, .help = "Of system, messages, tools and the model's template."),
    FIELDS_END,
};

const struct endpoint endpoint_messages_count_tokens = {
    .method = "POST",
    .path = "/v1/messages/count_tokens",
    .fields = anthropic_prompt_fields,
    .size = sizeof(struct anthropic_prompt_req),
    .dialect = DIALECT_ANTHROPIC,
    .handle = handle,
    .name = "MessageTokens",
    .tag = "Messages",
    .summary = "How many tokens a prompt of POST /v1/messages has; nothing is generated.",
    .response = response,
};
