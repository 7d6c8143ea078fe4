/* Shared links, with the copies that they show. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },
    { "chat_id", HOLDING_TEXT },
    { "title", HOLDING_TEXT },
    { "messages", HOLDING_JSON },
    { "created_at", HOLDING_INT },
    { "expires_at", HOLDING_INT },
    { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM shares WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_shares = {
    .name = "shares",
    .columns = columns,
    .select =
        "SELECT id, chat_id, title, messages, created_at, expires_at FROM shares WHERE " OWNED_BY(
            "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
