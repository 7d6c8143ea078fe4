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
    struct chats_call *c = chats_call_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->stored.job.erases = true;
    return chats_call_begin(c, run, err);
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
