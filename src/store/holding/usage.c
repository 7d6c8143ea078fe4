/* Rows of the ledger: numbers. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },           { "endpoint", HOLDING_TEXT },
    { "model", HOLDING_TEXT },        { "created_at", HOLDING_INT },
    { "status", HOLDING_INT },        { "input_tokens", HOLDING_INT },
    { "output_tokens", HOLDING_INT }, { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM ledger WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_usage = {
    .name = "usage",
    .columns = columns,
    .select = "SELECT id, endpoint, model, created_at, status, prompt_tokens, completion_tokens "
              "FROM ledger WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
