#include "store/migration.h"
#include "store/owner.h"

const struct migration migration_0004_responses = {
    .number = 4,
    .sql = "CREATE TABLE responses (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "created_at BIGINT NOT NULL, status TEXT NOT NULL, "
           "model TEXT NOT NULL, background BIGINT NOT NULL, request TEXT NOT NULL, "
           "seed BIGINT NOT NULL, previous_id TEXT, conversation_id TEXT, "
           "history_items BIGINT NOT NULL, history_sum BIGINT NOT NULL, n_events BIGINT NOT NULL, "
           "body TEXT NOT NULL);"
           "CREATE INDEX responses_unfinished ON responses(seq) "
           "WHERE status IN ('queued', 'in_progress');"
           "CREATE INDEX responses_by_time ON responses(created_at);"
           "CREATE INDEX items_by_id ON items(id);",
};
