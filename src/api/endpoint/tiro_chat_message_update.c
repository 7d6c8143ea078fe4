/* POST /v1/tiro/chats/{chat_id}/messages/{message_id}: what became of it. */
#include "api/chats.h"

struct update_message_req {
    struct field_string content, model, response_id;
    struct field_json details;
};

static const struct field fields[] = {
    FIELD_STRING(struct update_message_req, content, .len_max = CHAT_CONTENT_MAX,
                 .help = "Its text."),
    FIELD_STRING(struct update_message_req, model, .len_max = CHATS_MODEL_MAX,
                 .help = "Which model wrote it."),
    FIELD_STRING(struct update_message_req, response_id, .len_max = CHATS_ID_MAX,
                 .help = "The response that makes it; \"\": it is made."),
    FIELD_JSON(struct update_message_req, details, .types = FIELD_TYPE_OBJECT,
               .help = "In place of those that were there."),
    FIELDS_END,
};

struct update_message {
    struct chats_call call;
    struct chat_message_change change;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update_message *update = (struct update_message *)stored;
    struct chats_call *c = &update->call;
    TRY(chat_message_update(db, &stored->principal, c->chat_id, c->message_id, &update->change,
                            c->now, err));
    return chats_answer_chat(c, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_message_req *req = request;
    struct update_message *update = chats_call_new(call, sizeof *update, err);
    if (!update) return -ERR_NO_MEMORY;
    update->call.stored.job.erases = true; /* What it was before. */
    struct chat_message_change *change = &update->change;
    change->content = chats_keep(&update->call, &req->content);
    change->model = chats_keep(&update->call, &req->model);
    change->response_id = chats_keep(&update->call, &req->response_id);
    int rc = chats_keep_object(&change->details, &update->call, &req->details, "details",
                               CHAT_DETAILS_MAX, NULL, err);
    if (rc == 0) return chats_call_begin(&update->call, run, err);
    stored_free(&update->call.stored);
    return rc;
}

const struct endpoint endpoint_tiro_chat_message_update = {
    .method = "POST",
    .path = "/v1/tiro/chats/{chat_id}/messages/{message_id}",
    .fields = fields,
    .size = sizeof(struct update_message_req),
    .handle = handle,
    .name = "ChatMessageUpdate",
    .tag = "Chats",
    .summary = "Changes what is given of a message; answers with its chat.",
    .response = chats_chat_answer,
};
