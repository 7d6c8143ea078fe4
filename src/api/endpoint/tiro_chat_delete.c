/* DELETE /v1/tiro/chats/{chat_id} */
#include "api/chats.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct chats_call *c = (struct chats_call *)stored;
    TRY(chat_delete(db, &stored->principal, c->chat_id, err));
    return chats_answer_deleted(c, c->chat_id, "tiro.chat.deleted", err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, true, run, err);
}

const struct endpoint endpoint_tiro_chat_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/chats/{chat_id}",
    .handle = handle,
    .name = "ChatDelete",
    .tag = "Chats",
    .summary = "Deletes a chat and all its messages.",
    .response = chats_deleted_answer,
};
