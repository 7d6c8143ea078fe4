/* POST /v1/tiro/chats/{chat_id}: its title, place, settings, or the branch that is shown. */
#include "api/chats.h"
#include "store/folder_table.h"

struct update_chat_req {
    struct field_string title, leaf_id, folder_id;
    struct field_json settings;
    struct field_bool pinned, archived;
};

static const struct field fields[] = {
    FIELD_STRING(struct update_chat_req, title, .len_max = CHAT_TITLE_MAX,
                 .help = "What the list shows."),
    FIELD_STRING(struct update_chat_req, leaf_id, .len_max = CHATS_ID_MAX,
                 .help = "The last message of the branch to show."),
    FIELD_STRING(struct update_chat_req, folder_id, .len_max = CHATS_ID_MAX,
                 .help = "The folder it is put in; \"\": it is in none then."),
    FIELD_JSON(struct update_chat_req, settings, .types = FIELD_TYPE_OBJECT,
               .help = "In place of those that were there."),
    FIELD_BOOL(struct update_chat_req, pinned, .help = "Stands first in the list."),
    FIELD_BOOL(struct update_chat_req, archived, .help = "Stands in the archive only."),
    FIELDS_END,
};

struct update_chat {
    struct chats_call call;
    struct chat_change change;
    bool pinned, archived;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update_chat *update = (struct update_chat *)stored;
    struct chats_call *c = &update->call;
    struct slice folder = update->change.folder_id;
    if (folder.len > 0) TRY(folder_check(db, &stored->principal, folder, err));
    TRY(chat_update(db, &stored->principal, c->chat_id, &update->change, 0, err));
    return chats_answer_chat(c, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_chat_req *req = request;
    struct update_chat *update = chats_call_new(call, sizeof *update, err);
    if (!update) return -ERR_NO_MEMORY;
    update->call.stored.job.erases = true; /* What it was before. */
    struct chat_change *change = &update->change;
    update->pinned = req->pinned.value;
    update->archived = req->archived.value;
    change->title = chats_keep(&update->call, &req->title);
    change->leaf_id = chats_keep(&update->call, &req->leaf_id);
    change->folder_id = chats_keep(&update->call, &req->folder_id);
    if (req->pinned.given) change->pinned = &update->pinned;
    if (req->archived.given) change->archived = &update->archived;
    int rc = chats_keep_object(&change->settings, &update->call, &req->settings, "settings",
                               CHAT_SETTINGS_MAX, NULL, err);
    if (rc == 0) return chats_call_begin(&update->call, run, err);
    stored_free(&update->call.stored);
    return rc;
}

const struct endpoint endpoint_tiro_chat_update = {
    .method = "POST",
    .path = "/v1/tiro/chats/{chat_id}",
    .fields = fields,
    .size = sizeof(struct update_chat_req),
    .handle = handle,
    .name = "ChatUpdate",
    .tag = "Chats",
    .summary = "Changes what is given and leaves the rest.",
    .response = chats_chat_answer,
};
