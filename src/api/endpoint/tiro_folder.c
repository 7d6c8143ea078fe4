/* GET /v1/tiro/folders/{folder_id} */
#include "api/folders.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return folders_answer_folder((struct chats_call *)stored, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, false, run, err);
}

const struct endpoint endpoint_tiro_folder = {
    .method = "GET",
    .path = "/v1/tiro/folders/{folder_id}",
    .handle = handle,
    .name = "Folder",
    .tag = "Folders",
    .summary = "A folder; its chats are GET /v1/tiro/chats?folder_id=.",
    .response = folders_answer,
};
