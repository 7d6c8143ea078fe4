#include "store/migration.h"
#include "store/owner.h"

const struct migration migration_0001_ledger = {
    .number = 1,
    .sql = "CREATE TABLE ledger (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "endpoint TEXT NOT NULL, model TEXT NOT NULL, created_at BIGINT NOT NULL, "
           "status BIGINT NOT NULL, prompt_tokens BIGINT NOT NULL, cached_tokens BIGINT NOT NULL, "
           "completion_tokens BIGINT NOT NULL, core_us BIGINT NOT NULL);"
           "CREATE INDEX ledger_by_time ON ledger(tenant_id, project_id, created_at);",
};
