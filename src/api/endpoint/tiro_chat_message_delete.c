/* DELETE /v1/tiro/chats/{chat_id}/messages/{message_id}: a branch goes. */
#include "api/chats.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct chats_call *c = (struct chats_call *)stored;
    TRY(chat_message_delete(db, &stored->principal, c->chat_id, c->message_id, c->now, err));
    return chats_answer_deleted(c, c->message_id, "tiro.chat.message.deleted", err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, true, run, err);
}

const struct endpoint endpoint_tiro_chat_message_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/chats/{chat_id}/messages/{message_id}",
    .handle = handle,
    .name = "ChatMessageDelete",
    .tag = "Chats",
    .summary = "Deletes a message and all that answers it.",
    .response = chats_deleted_answer,
};
