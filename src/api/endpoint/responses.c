/* POST /v1/responses: made by the server (api/responses.h), whoever goes on listening. */
#include "api/responses.h"
#include "api/endpoint.h"
#include "api/prompt_files.h"
#include "api/response_answer.h"
#include "api/response_history.h"
#include "api/response_request.h"

static int handle(struct call *call, const void *req, struct err *err)
{
    const struct response_req *r = req;
    struct responses_ask ask = {
        .request = call->body,
        .model = r->generation.model.value,
        .stored = r->store.value,
        .background = r->background.value,
        .stream = r->generation.stream.value,
        .indirect = response_input_is_indirect(r->prompt.input.value),
        .shows_files = prompt_files_any(r->prompt.input.value),
    };
    TRY(response_before(&ask.previous_id, &ask.conversation_id, &r->prompt, err));
    if (ask.background && !ask.stored)
        return err_param(err, ERR_INVALID_VALUE, "background",
                         "A response in the background is stored: 'background' cannot be true with "
                         "'store' false.");
    return responses_begin(call, &ask, err);
}

const struct endpoint endpoint_responses = {
    .method = "POST",
    .path = "/v1/responses",
    .azure = "responses",
    .fields = response_request_fields,
    .size = sizeof(struct response_req),
    .dialect = DIALECT_RESPONSES,
    .handle = handle,
    .name = "Response",
    .tag = "Responses",
    .summary = "The model's answer to a list of items, whole or as a stream of events; kept, "
               "unless store is false.",
    .response = response_answer_fields,
    .response_stream = response_event_fields,
};
