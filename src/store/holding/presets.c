/* Presets of chats. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },        { "name", HOLDING_TEXT },      { "settings", HOLDING_JSON },
    { "created_at", HOLDING_INT }, { "updated_at", HOLDING_INT }, { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM presets WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_presets = {
    .name = "presets",
    .columns = columns,
    .select = "SELECT id, name, settings, created_at, updated_at FROM presets WHERE " OWNED_BY(
        "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
