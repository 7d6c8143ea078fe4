/* Conversations; their items name them. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },
    { "metadata", HOLDING_JSON },
    { "created_at", HOLDING_INT },
    { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM conversations WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_conversations = {
    .name = "conversations",
    .columns = columns,
    .select = "SELECT id, metadata, created_at FROM conversations WHERE " OWNED_BY(
        "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
