/* POST /v1/tiro/chats: a new chat. */
#include "api/chats.h"
#include "api/reply.h"
#include "store/folder_table.h"

struct create_chat_req {
    struct field_string title, folder_id;
    struct field_json settings;
};

static const struct field fields[] = {
    FIELD_STRING(struct create_chat_req, title, .len_max = CHAT_TITLE_MAX,
                 .help = "What the list shows."),
    FIELD_STRING(struct create_chat_req, folder_id, .len_max = CHATS_ID_MAX,
                 .help = "The folder it is in; \"\" or absent: none."),
    FIELD_JSON(struct create_chat_req, settings, .types = FIELD_TYPE_OBJECT,
               .help = "Whatever the client wants back: model, instructions, sampling."),
    FIELDS_END,
};

struct create_chat {
    struct chats_call call;
    char id[REPLY_ID_MAX];
    struct slice title, folder_id, settings;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct create_chat *create = (struct create_chat *)stored;
    struct chat_row row = {
        .id = create->call.chat_id,
        .title = create->title.ptr ? create->title : SLICE(""),
        .leaf_id = SLICE(""),
        .settings = create->settings,
        .folder_id = create->folder_id.ptr ? create->folder_id : SLICE(""),
        .created_at = create->call.now,
        .updated_at = create->call.now,
    };
    if (row.folder_id.len > 0) TRY(folder_check(db, &stored->principal, row.folder_id, err));
    TRY(chat_add(db, &stored->principal, &row, err));
    return chats_answer_chat(&create->call, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct create_chat_req *req = request;
    struct create_chat *create = chats_call_new(call, sizeof *create, err);
    if (!create) return -ERR_NO_MEMORY;
    reply_id(create->id, "chat_");
    create->call.chat_id = slice_of(create->id);
    create->title = chats_keep(&create->call, &req->title);
    create->folder_id = chats_keep(&create->call, &req->folder_id);
    int rc = chats_keep_object(&create->settings, &create->call, &req->settings, "settings",
                               CHAT_SETTINGS_MAX, "{}", err);
    if (rc == 0) return chats_call_begin(&create->call, run, err);
    stored_free(&create->call.stored);
    return rc;
}

const struct endpoint endpoint_tiro_chat_create = {
    .method = "POST",
    .path = "/v1/tiro/chats",
    .fields = fields,
    .size = sizeof(struct create_chat_req),
    .handle = handle,
    .name = "ChatCreate",
    .tag = "Chats",
    .summary = "Begins a chat that is kept on this server.",
    .response = chats_chat_answer,
};
