/* POST /v1/responses: made by the server (api/responses.h), whoever goes on listening. */
#include "api/responses.h"
#include "api/endpoint.h"
#include "api/response_answer.h"
#include "api/response_history.h"
#include "api/response_request.h"

/* The conversation's id: the value itself, or its "id". */
static int conversation_of(struct slice *ret, const json_t *value, struct err *err)
{
    const json_t *id = json_is_object(value) ? json_object_get(value, "id") : value;
    if (!value) return 0;
    if (!json_is_string(id))
        return err_param(err, ERR_INVALID_TYPE, "conversation",
                         "Invalid type for 'conversation': expected the id of a conversation, or "
                         "an object with its 'id'.");
    *ret = (struct slice){ json_string_value(id), json_string_length(id) };
    return 0;
}

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
    };
    TRY(conversation_of(&ask.conversation_id, r->prompt.conversation.value, err));
    if (r->prompt.previous_response_id.given)
        ask.previous_id = r->prompt.previous_response_id.value;
    if (ask.previous_id.ptr && ask.conversation_id.ptr)
        return err_param(err, ERR_INVALID_VALUE, "previous_response_id",
                         "Mutually exclusive parameters: 'previous_response_id' and "
                         "'conversation'. Ensure you are only providing one of them.");
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
