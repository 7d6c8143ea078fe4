/* POST /v1/tiro/folders/{folder_id}: its name, instructions, files or settings. */
#include "api/folders.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct folder_call *f = (struct folder_call *)stored;
    struct chats_call *c = &f->call;
    TRY(folder_update(db, &stored->principal, c->chat_id, &f->change, c->now, err));
    return folders_answer_folder(c, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    struct folder_call *f = folders_call_new(call, request, NULL, err);
    if (!f) return -err->code;
    f->call.stored.job.erases = true; /* What it was before. */
    return chats_call_begin(&f->call, run, err);
}

const struct endpoint endpoint_tiro_folder_update = {
    .method = "POST",
    .path = "/v1/tiro/folders/{folder_id}",
    .fields = folders_fields,
    .size = sizeof(struct folder_req),
    .handle = handle,
    .name = "FolderUpdate",
    .tag = "Folders",
    .summary = "Changes what is given and leaves the rest.",
    .response = folders_answer,
};
