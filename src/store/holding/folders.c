/* Folders of chats. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },           { "name", HOLDING_TEXT },
    { "instructions", HOLDING_TEXT }, { "vector_store_id", HOLDING_TEXT },
    { "settings", HOLDING_JSON },     { "created_at", HOLDING_INT },
    { "updated_at", HOLDING_INT },    { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM folders WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_folders = {
    .name = "folders",
    .columns = columns,
    .select = "SELECT id, name, instructions, vector_store_id, settings, created_at, updated_at "
              "FROM folders WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
