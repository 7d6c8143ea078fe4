#include "api/presets.h"

const struct field presets_fields[] = {
    FIELD_STRING(struct preset_req, name, .len_min = 1, .len_max = PRESET_NAME_MAX,
                 .help = "What the list shows."),
    FIELD_JSON(struct preset_req, settings, .types = FIELD_TYPE_OBJECT,
               .help = "What a chat's settings become when it is applied: model, instructions, "
                       "sampling, schema, tools."),
    FIELDS_END,
};

const struct field presets_answer[] = {
    ANSWER("id", STRING, .help = "preset_..."),
    ANSWER("object", STRING, .help = "tiro.preset"),
    ANSWER("name", STRING, .help = "What the list shows."),
    ANSWER("settings", JSON, .types = FIELD_TYPE_OBJECT, .help = "As those of a chat."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("updated_at", INT, .help = "Unix seconds, of its last change."),
    FIELDS_END,
};

struct preset_call *presets_call_new(struct call *call, const struct preset_req *req,
                                     const char *no_settings, struct err *err)
{
    struct preset_call *p = chats_call_new(call, sizeof *p, err);
    if (!p) return NULL;
    p->row.id = p->call.chat_id;
    p->row.name = chats_keep(&p->call, &req->name);
    p->row.now = p->call.now;
    int rc = chats_keep_object(&p->row.settings, &p->call, &req->settings, "settings",
                               PRESET_SETTINGS_MAX, no_settings, err);
    if (rc == 0) return p;
    stored_free(&p->call.stored);
    return NULL;
}

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    return preset_write(w, db, &c->stored.principal, c->chat_id, err);
}

int presets_answer_preset(struct chats_call *c, struct db *db, struct err *err)
{
    return chats_answer_written(c, db, write, err);
}
