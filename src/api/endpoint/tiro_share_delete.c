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
    struct chats_call *c = chats_call_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->stored.job.erases = true;
    return chats_call_begin(c, run, err);
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
