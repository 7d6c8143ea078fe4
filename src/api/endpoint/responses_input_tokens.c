/* POST /v1/responses/input_tokens: how many tokens the prompt of a response would have. */
#include "api/prepare.h"
#include "api/prompt_files.h"
#include "api/response_count.h"
#include "api/response_history.h"

const struct endpoint endpoint_responses_input_tokens;

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct response_req *req = request;
    const struct response_prompt_req *prompt = &req->prompt;
    struct prepare_options o = { .endpoint = &endpoint_responses_input_tokens, .list = "input" };
    if (call->prepared)
        return response_count_begin(call, req, call->prepared->history, call->prepared->files, err);
    TRY(response_before(&o.previous_id, &o.conversation_id, prompt, err));
    o.indirect = response_input_is_indirect(prompt->input.value);
    if (!o.indirect && !o.previous_id.ptr && !o.conversation_id.ptr &&
        !prompt_files_any(prompt->input.value))
        return response_count_begin(call, req, NULL, NULL, err);
    return prepare_begin(call, &o, err);
}

const struct endpoint endpoint_responses_input_tokens = {
    .method = "POST",
    .path = "/v1/responses/input_tokens",
    .azure = "responses/input_tokens",
    .fields = response_count_request_fields,
    .size = sizeof(struct response_req),
    .handle = handle,
    .name = "ResponseInputTokens",
    .tag = "Responses",
    .summary = "How many tokens the prompt of a response would have; nothing is generated.",
    .response = response_count_fields,
};
