/* GET /v1/tiro/folders: all folders. */
#include "api/folders.h"

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    return folder_list(w, db, &c->stored.principal, err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return chats_answer_written((struct chats_call *)stored, db, write, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, false, run, err);
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = folders_answer, .help = "By name; at most 200."),
    ANSWER("has_more", BOOL, .help = "false"),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_folders = {
    .method = "GET",
    .path = "/v1/tiro/folders",
    .handle = handle,
    .name = "FolderList",
    .tag = "Folders",
    .summary = "All folders.",
    .response = response,
};
