/* POST /v1/messages: the next message of a conversation, in Anthropic's shape. */
#include "api/anthropic_answer.h"
#include "api/anthropic_request.h"
#include "api/endpoint.h"
#include "api/generation.h"

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct anthropic_req *req = request;
    const struct backend_model *model;
    struct msg_request message;
    TRY(generation_model(&model, call, req->prompt.model.value, CAP_CHAT, "chat", err));
    TRY(anthropic_fill(&message, req, model, call, err));
    return anthropic_answer_begin(&message, req->stream.value, model, call, err);
}

const struct endpoint endpoint_messages = {
    .method = "POST",
    .path = "/v1/messages",
    .fields = anthropic_fields,
    .size = sizeof(struct anthropic_req),
    .dialect = DIALECT_ANTHROPIC,
    .handle = handle,
    .name = "Message",
    .tag = "Messages",
    .summary = "The next message of a conversation, in the shape of Anthropic's API.",
    .response = anthropic_answer_fields,
    .response_stream = anthropic_event_fields,
};
