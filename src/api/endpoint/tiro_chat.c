/* GET /v1/tiro/chats/{chat_id}: a chat with all its branches. */
#include "api/chats.h"
#include "api/reply.h"

static int write_chat(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    struct chat_row row;
    TRY(chat_find(&row, db, &c->stored.principal, c->chat_id, &c->stored.arena, err));
    json_object_begin(w);
    json_key(w, "chat");
    chat_write(w, &row);
    json_key(w, "messages");
    TRY(chat_messages_write(w, db, c->chat_id, err));
    json_object_end(w);
    return 0;
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return chats_answer_written((struct chats_call *)stored, db, write_chat, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, false, run, err);
}

static const struct field response[] = {
    ANSWER("chat", OBJECT, .fields = chats_chat_answer, .help = "The chat."),
    ANSWER("messages", OBJECTS, .fields = chats_message_answer,
           .help = "All of them, in the order of their making; parent_id makes the tree."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_chat = {
    .method = "GET",
    .path = "/v1/tiro/chats/{chat_id}",
    .handle = handle,
    .name = "Chat",
    .tag = "Chats",
    .summary = "A chat and the messages of all its branches.",
    .response = response,
};
