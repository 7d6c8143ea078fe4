/* DELETE /v1/tiro/shares/{share_id} */
#include "api/shares.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct chats_call *c = (struct chats_call *)stored;
    TRY(share_delete(db, &stored->principal, c->chat_id, err));
    return chats_answer_deleted(c, c->chat_id, "tiro.share.deleted", err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, true, run, err);
}

const struct endpoint endpoint_tiro_share_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/shares/{share_id}",
    .handle = handle,
    .name = "ShareDelete",
    .tag = "Sharing",
    .summary = "Takes a link back: from then on it shows nothing.",
    .response = chats_deleted_answer,
};
