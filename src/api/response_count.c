#include "api/response_count.h"

#include "api/prompt_count.h"
#include "api/response_input.h"

static const struct prompt_count count = { .object = "response.input_tokens",
                                           .place = response_place_error };

static int fill(struct msg_request *ret, const struct response_messages *from,
                const struct response_req *req, struct call *call, struct err *err)
{
    TRY(response_messages_fill(ret, from, call->scratch, err));
    TRY(response_prompt_fill(ret, &req->prompt, from->model, call->scratch, err));
    ret->principal = call->principal;
    ret->n = 1;
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
    if (rc == 0) rc = prompt_count_begin(call, model->id, &message, &count, err);
    json_decref(items);
    return rc;
}

static const char *const objects[] = { "response.input_tokens", NULL };

const struct field response_count_fields[] = {
    ANSWER("object", ENUM, .names = objects, .help = "response.input_tokens"),
    ANSWER("input_tokens", INT, .help = "Of instructions, items, tools and the model's template."),
    FIELDS_END,
};
