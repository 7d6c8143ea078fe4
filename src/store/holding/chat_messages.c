/* Messages of chats: each names its chat and the message that it answers. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },      { "chat_id", HOLDING_TEXT },   { "parent_id", HOLDING_TEXT },
    { "role", HOLDING_TEXT },    { "content", HOLDING_TEXT },   { "model", HOLDING_TEXT },
    { "details", HOLDING_JSON }, { "created_at", HOLDING_INT }, { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM chat_messages WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_chat_messages = {
    .name = "chat_messages",
    .columns = columns,
    .select = "SELECT id, chat_id, parent_id, role, content, model, details, created_at FROM "
              "chat_messages WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
