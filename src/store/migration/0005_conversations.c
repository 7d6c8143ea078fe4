#include "store/migration.h"
#include "store/owner.h"

/* open_body: the object without its last brace, behind which the metadata are put. */
const struct migration migration_0005_conversations = {
    .number = 5,
    .sql = "CREATE TABLE conversations (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS
           ", created_at BIGINT NOT NULL, metadata TEXT NOT NULL);"
           "CREATE INDEX conversations_by_time ON conversations(created_at);"
           "CREATE TABLE completions (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS
           ", created_at BIGINT NOT NULL, model TEXT NOT NULL, metadata TEXT NOT NULL, "
           "open_body TEXT NOT NULL);"
           "CREATE INDEX completions_in_order ON completions(tenant_id, project_id, seq);"
           "CREATE INDEX completions_by_time ON completions(created_at);"
           "CREATE TABLE completion_labels (completion_id TEXT NOT NULL, label TEXT NOT NULL, "
           "content TEXT NOT NULL, UNIQUE (completion_id, label));"
           "CREATE INDEX ledger_by_age ON ledger(created_at);"
           "CREATE INDEX completion_labels_by_content ON completion_labels(label, content);",
};
