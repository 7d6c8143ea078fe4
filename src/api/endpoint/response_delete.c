/* DELETE /v1/responses/{response_id}: with its items; one that is being made is cancelled. */
#include "api/deletion.h"
#include "api/endpoint.h"
#include "api/responses.h"
#include "store/response_table.h"

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    responses_forget(call, call->id);
    return deletion_begin(call, response_delete, "response", err);
}

const struct endpoint endpoint_response_delete = {
    .method = "DELETE",
    .path = "/v1/responses/{response_id}",
    .handle = handle,
    .name = "ResponseDelete",
    .tag = "Responses",
    .summary = "Delete a stored response, its request and its items. When the answer is there, "
               "they are gone.",
    .response = deletion_answer,
};
