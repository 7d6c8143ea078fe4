/* What the app remembers of them. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },        { "text", HOLDING_TEXT },      { "origin", HOLDING_TEXT },
    { "created_at", HOLDING_INT }, { "updated_at", HOLDING_INT }, { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM memories WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_memories = {
    .name = "memories",
    .columns = columns,
    .select = "SELECT id, text, origin, created_at, updated_at FROM memories WHERE " OWNED_BY(
        "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
