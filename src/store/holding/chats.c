/* Chats of the app; their messages name them. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },        { "title", HOLDING_TEXT },
    { "leaf_id", HOLDING_TEXT },   { "settings", HOLDING_JSON },
    { "pinned", HOLDING_INT },     { "archived", HOLDING_INT },
    { "created_at", HOLDING_INT }, { "updated_at", HOLDING_INT },
    { "folder_id", HOLDING_TEXT }, { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM chats WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_chats = {
    .name = "chats",
    .columns = columns,
    .select = "SELECT id, title, leaf_id, settings, pinned, archived, created_at, updated_at, "
              "folder_id FROM chats WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
