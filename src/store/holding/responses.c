/* Responses that were stored. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },       { "status", HOLDING_TEXT },    { "model", HOLDING_TEXT },
    { "response", HOLDING_JSON }, { "created_at", HOLDING_INT }, { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM responses WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_responses = {
    .name = "responses",
    .columns = columns,
    .select = "SELECT id, status, model, body, created_at FROM responses WHERE " OWNED_BY(
        "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
