#include "api/response_count.h"

#include "api/fan.h"
#include "api/response_input.h"

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
    json_key(&w, "object");
    json_str(&w, "response.input_tokens");
    json_key(&w, "input_tokens");
    json_uint(&w, s->n_tokens);
    json_object_end(&w);
    call_json(fan->call, &out);
    buf_release(&out);
}

static void on_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms)
{
    struct err own = *err;
    response_place_error(&own);
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

static int fill(struct msg_request *ret, const struct response_messages *from,
                const struct response_req *req, struct call *call, struct err *err)
{
    TRY(response_messages_fill(ret, from, call->scratch, err));
    TRY(response_prompt_fill(ret, &req->prompt, from->model, call->scratch, err));
    ret->kind = REQUEST_TOKENIZE;
    ret->principal = call->principal;
    ret->n = 1;
    ret->grammar_kind = GRAMMAR_NONE; /* It is no part of the prompt. */
    ret->grammar = ret->grammar_param = (struct slice){ 0 };
    return 0;
}

int response_count_begin(struct call *call, const struct response_req *req, const json_t *history,
                         const json_t *files, struct err *err)
{
    const struct backend_model *model;
    struct msg_request message = { .sampling = MSG_SAMPLING_DEFAULT };
    struct response_tools tools;
    json_t *items = NULL;
    TRY(generation_model(&model, call, req->generation.model.value, CAP_CHAT, "chat", err));
    TRY(response_tools_fill(&message, &tools, &req->prompt, model, call, err));
    struct count_state *s = ARENA_NEW(call->arena, struct count_state);
    if (!s) return arena_check(call->arena, "the request", err);
    TRY(response_items_read(&items, req->prompt.input.value, err));
    const struct response_messages from = {
        .instructions = req->prompt.instructions.value,
        .has_instructions = req->prompt.instructions.given,
        .history = history,
        .input = items,
        .files = files,
        .tools = &tools,
        .model = model,
    };
    int rc = response_items_resolve(items, history, true, err);
    if (rc == 0) rc = fill(&message, &from, req, call, err);
    if (rc == 0) rc = fan_begin_one(&s->fan, &ops, call, model->id, &message, err);
    json_decref(items);
    return rc;
}

static const char *const objects[] = { "response.input_tokens", NULL };

const struct field response_count_fields[] = {
    ANSWER("object", ENUM, .names = objects, .help = "response.input_tokens"),
    ANSWER("input_tokens", INT, .help = "Of instructions, items, tools and the model's template."),
    FIELDS_END,
};
