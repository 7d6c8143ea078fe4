#include "api/folders.h"

const struct field folders_fields[] = {
    FIELD_STRING(struct folder_req, name, .len_min = 1, .len_max = FOLDER_NAME_MAX,
                 .help = "What the list shows."),
    FIELD_STRING(struct folder_req, instructions, .len_max = FOLDER_INSTRUCTIONS_MAX,
                 .help = "For clients to put before the instructions of each of its chats."),
    FIELD_STRING(struct folder_req, vector_store_id, .len_max = CHATS_ID_MAX,
                 .help = "The vector store with its files, for file_search in its chats; \"\": it "
                         "has none."),
    FIELD_JSON(struct folder_req, settings, .types = FIELD_TYPE_OBJECT,
               .help = "Whatever the client wants back, as a chat's."),
    FIELDS_END,
};

const struct field folders_answer[] = {
    ANSWER("id", STRING, .help = "folder_..."),
    ANSWER("object", STRING, .help = "tiro.folder"),
    ANSWER("name", STRING, .help = "What the list shows."),
    ANSWER("instructions", STRING, .help = "They stand before those of each of its chats."),
    ANSWER("vector_store_id", STRING, .help = "Its files; \"\": none."),
    ANSWER("settings", JSON, .types = FIELD_TYPE_OBJECT, .help = "The client's own."),
    ANSWER("n_chats", INT, .help = "How many chats are in it."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("updated_at", INT, .help = "Unix seconds, of the last change of the folder itself."),
    FIELDS_END,
};

struct folder_call *folders_call_new(struct call *call, const struct folder_req *req,
                                     const char *no_settings, struct err *err)
{
    struct folder_call *f = chats_call_new(call, sizeof *f, err);
    if (!f) return NULL;
    f->change.name = chats_keep(&f->call, &req->name);
    f->change.instructions = chats_keep(&f->call, &req->instructions);
    f->change.vector_store_id = chats_keep(&f->call, &req->vector_store_id);
    int rc = chats_keep_object(&f->change.settings, &f->call, &req->settings, "settings",
                               FOLDER_SETTINGS_MAX, no_settings, err);
    if (rc == 0) return f;
    stored_free(&f->call.stored);
    return NULL;
}

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    return folder_write(w, db, &c->stored.principal, c->chat_id, err);
}

int folders_answer_folder(struct chats_call *c, struct db *db, struct err *err)
{
    return chats_answer_written(c, db, write, err);
}
