/* POST /v1/messages/count_tokens: how many tokens a prompt of POST /v1/messages would have. */
#include "api/anthropic_request.h"
#include "api/endpoint.h"
#include "api/generation.h"
#include "api/prompt_count.h"

static const struct prompt_count count = { 0 };

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct anthropic_prompt_req *req = request;
    const struct backend_model *model;
    struct msg_request message;
    TRY(generation_model(&model, call, req->model.value, CAP_CHAT, "chat", err));
    TRY(anthropic_prompt_fill(&message, req, model, call, err));
    return prompt_count_begin(call, model->id, &message, &count, err);
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
