/* Items of conversations, and what responses and kept completions answered and said. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "of", HOLDING_TEXT },
    { "part", HOLDING_INT }, /* enum items_part: conversation, input, output */
    { "item", HOLDING_JSON },
    { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM items WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_items = {
    .name = "items",
    .columns = columns,
    .select = "SELECT list_id, part, body FROM items WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
