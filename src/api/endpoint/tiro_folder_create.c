/* POST /v1/tiro/folders: a new folder. */
#include "api/folders.h"
#include "api/reply.h"

static struct slice or_empty(struct slice text)
{
    return text.ptr ? text : SLICE("");
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct folder_call *f = (struct folder_call *)stored;
    const struct folder_row row = {
        .id = f->call.chat_id,
        .name = f->change.name,
        .instructions = or_empty(f->change.instructions),
        .vector_store_id = or_empty(f->change.vector_store_id),
        .settings = f->change.settings,
        .created_at = f->call.now,
        .updated_at = f->call.now,
    };
    TRY(folder_add(db, &stored->principal, &row, err));
    return folders_answer_folder(&f->call, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct folder_req *req = request;
    if (!req->name.given) return field_missing("name", err);
    struct folder_call *f = folders_call_new(call, req, "{}", err);
    if (!f) return -err->code;
    _Static_assert(sizeof f->id == REPLY_ID_MAX, "an id fits");
    reply_id(f->id, "folder_");
    f->call.chat_id = slice_of(f->id);
    return chats_call_begin(&f->call, run, err);
}

const struct endpoint endpoint_tiro_folder_create = {
    .method = "POST",
    .path = "/v1/tiro/folders",
    .fields = folders_fields,
    .size = sizeof(struct folder_req),
    .handle = handle,
    .name = "FolderCreate",
    .tag = "Folders",
    .summary = "Makes a folder for chats; it must have a name.",
    .response = folders_answer,
};
