/* Chat completions that were kept on request. Their body lacks its last brace. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },         { "model", HOLDING_TEXT },     { "metadata", HOLDING_JSON },
    { "completion", HOLDING_JSON }, { "created_at", HOLDING_INT }, { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM completion_labels WHERE completion_id IN (SELECT id FROM completions "
    "WHERE " OWNED_BY("?1", "?2") ")",
    "DELETE FROM completions WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_completions = {
    .name = "completions",
    .columns = columns,
    .select =
        "SELECT id, model, metadata, open_body || '}', created_at FROM completions WHERE " OWNED_BY(
            "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
