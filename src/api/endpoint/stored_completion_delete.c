/* DELETE /v1/chat/completions/{completion_id}: with its messages and labels. */
#include "api/deletion.h"
#include "api/endpoint.h"
#include "store/completion_table.h"

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    return deletion_begin(call, completion_delete, "chat.completion.deleted", err);
}

const struct endpoint endpoint_stored_completion_delete = {
    .method = "DELETE",
    .path = "/v1/chat/completions/{completion_id}",
    .handle = handle,
    .name = "StoredCompletionDelete",
    .tag = "Chat",
    .summary = "Delete an answer that was kept. When the answer to this is there, it is gone.",
    .response = deletion_answer,
};
