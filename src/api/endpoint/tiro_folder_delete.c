/* DELETE /v1/tiro/folders/{folder_id}: its chats stay, in no folder, or go with it. */
#include "api/folders.h"

struct delete_folder_req {
    struct field_enum chats;
};

static const char *const fates[] = { "keep", "delete", NULL };
enum { FATE_DELETE = 1 };

static const struct field query[] = {
    FIELD_ENUM(struct delete_folder_req, chats, .names = fates, .def = "\"keep\"",
               .help = "keep: its chats are in no folder then; delete: they go with it."),
    FIELDS_END,
};

struct delete_folder {
    struct chats_call call;
    bool chats_too;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct delete_folder *d = (struct delete_folder *)stored;
    struct slice id = d->call.chat_id;
    TRY(folder_delete(db, &stored->principal, id, d->chats_too, err));
    return chats_answer_deleted(&d->call, id, "tiro.folder.deleted", err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct delete_folder_req *req = request;
    struct delete_folder *d = chats_call_new(call, sizeof *d, err);
    if (!d) return -ERR_NO_MEMORY;
    d->chats_too = req->chats.value == FATE_DELETE;
    d->call.stored.job.erases = true;
    return chats_call_begin(&d->call, run, err);
}

const struct endpoint endpoint_tiro_folder_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/folders/{folder_id}",
    .query = query,
    .size = sizeof(struct delete_folder_req),
    .handle = handle,
    .name = "FolderDelete",
    .tag = "Folders",
    .summary = "Deletes a folder. Its vector store is deleted by itself.",
    .response = chats_deleted_answer,
};
