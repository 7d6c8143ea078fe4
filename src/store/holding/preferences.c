/* What they have chosen for all chats. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "name", HOLDING_TEXT },
    { "value", HOLDING_INT },
    { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM preferences WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_preferences = {
    .name = "preferences",
    .columns = columns,
    .select = "SELECT name, value FROM preferences WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
