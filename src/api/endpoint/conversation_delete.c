/* DELETE /v1/conversations/{conversation_id}: with all its items. */
#include "api/deletion.h"
#include "api/endpoint.h"
#include "store/conversation_table.h"

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    return deletion_begin(call, conversation_delete, "conversation.deleted", err);
}

const struct endpoint endpoint_conversation_delete = {
    .method = "DELETE",
    .path = "/v1/conversations/{conversation_id}",
    .handle = handle,
    .name = "ConversationDelete",
    .tag = "Conversations",
    .summary = "Delete a conversation and its items. When the answer is there, they are gone.",
    .response = deletion_answer,
};
