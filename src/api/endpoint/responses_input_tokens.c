/* POST /v1/responses/input_tokens: how many tokens the prompt of a response would have. */
#include "api/endpoint.h"
#include "api/response_count.h"

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct response_req *req = request;
    const struct field_string *id = &req->prompt.previous_response_id;
    if (req->prompt.conversation.given)
        return err_param(err, ERR_UNSUPPORTED_PARAMETER, "conversation",
                         "Unsupported parameter: 'conversation' is not supported by this server.");
    if (id->given)
        return err_param(err, ERR_NOT_FOUND, "previous_response_id",
                         "Previous response with id '%.*s' not found.", SLICE_FMT(id->value));
    return response_count_begin(call, req, NULL, NULL, err);
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
