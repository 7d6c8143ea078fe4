/* POST /v1/tiro/chats/{chat_id}/messages: a message more, which begins or continues a branch. */
#include "api/chats.h"
#include "api/reply.h"

struct create_message_req {
    struct field_string parent_id, content, model, response_id;
    struct field_enum role;
    struct field_json details;
};

static const char *const roles[] = { "user", "assistant", NULL };

static const struct field fields[] = {
    FIELD_STRING(struct create_message_req, parent_id, .len_max = CHATS_ID_MAX, .def = "\"\"",
                 .help = "The message it answers; \"\" or absent: it is a first one."),
    FIELD_ENUM(struct create_message_req, role, .names = roles, .required = true,
               .help = "Who speaks."),
    FIELD_STRING(struct create_message_req, content, .len_max = CHAT_CONTENT_MAX, .def = "\"\"",
                 .help = "Its text."),
    FIELD_STRING(struct create_message_req, model, .len_max = CHATS_MODEL_MAX, .def = "\"\"",
                 .help = "Which model writes it."),
    FIELD_STRING(struct create_message_req, response_id, .len_max = CHATS_ID_MAX, .def = "\"\"",
                 .help = "The response that makes it."),
    FIELD_JSON(struct create_message_req, details, .types = FIELD_TYPE_OBJECT,
               .help = "What the client shows besides."),
    FIELDS_END,
};

struct create_message {
    struct chats_call call;
    char id[REPLY_ID_MAX];
    struct chat_message_row row;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct create_message *create = (struct create_message *)stored;
    struct buf out;
    struct json_writer w;
    TRY(chat_message_add(db, &stored->principal, create->call.chat_id, &create->row, err));
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    chat_message_write(&w, &create->row);
    return field_keep_text(&create->call.answer, &out, &stored->arena, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct create_message_req *req = request;
    struct create_message *create = chats_call_new(call, sizeof *create, err);
    if (!create) return -ERR_NO_MEMORY;
    struct arena *arena = &create->call.stored.arena;
    reply_id(create->id, "msg_");
    create->row = (struct chat_message_row){
        .id = slice_of(create->id),
        .parent_id = arena_slice(arena, req->parent_id.value),
        .role = slice_of(roles[req->role.value]),
        .content = arena_slice(arena, req->content.value),
        .model = arena_slice(arena, req->model.value),
        .response_id = arena_slice(arena, req->response_id.value),
        .created_at = create->call.now,
    };
    int rc = chats_keep_object(&create->row.details, &create->call, &req->details, "details",
                               CHAT_DETAILS_MAX, "{}", err);
    if (rc == 0) return chats_call_begin(&create->call, run, err);
    stored_free(&create->call.stored);
    return rc;
}

const struct endpoint endpoint_tiro_chat_message_create = {
    .method = "POST",
    .path = "/v1/tiro/chats/{chat_id}/messages",
    .fields = fields,
    .size = sizeof(struct create_message_req),
    .handle = handle,
    .name = "ChatMessageCreate",
    .tag = "Chats",
    .summary = "Adds a message, which becomes the end of the branch that is shown.",
    .response = chats_message_answer,
};
