#include "store/migration.h"
#include "store/owner.h"

/* A batch's times are those at which it came to each status; 0: never. A line's place in the input
 * file is start and bytes; body is what its answer was, gone once it stands in a file. */
const struct migration migration_0006_batches = {
    .number = 6,
    .sql = "CREATE TABLE batches (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "endpoint TEXT NOT NULL, input_file_id TEXT NOT NULL, sha256 TEXT NOT NULL, "
           "bytes BIGINT NOT NULL, metadata TEXT NOT NULL, output_seconds BIGINT NOT NULL, "
           "model TEXT NOT NULL, status BIGINT NOT NULL, created_at BIGINT NOT NULL, "
           "failed_at BIGINT NOT NULL, in_progress_at BIGINT NOT NULL, "
           "finalizing_at BIGINT NOT NULL, completed_at BIGINT NOT NULL, "
           "expired_at BIGINT NOT NULL, cancelling_at BIGINT NOT NULL, "
           "cancelled_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, errors TEXT NOT NULL, "
           "n_errors BIGINT NOT NULL, read_to BIGINT NOT NULL, n_read BIGINT NOT NULL, "
           "n_inputs BIGINT NOT NULL, n_total BIGINT NOT NULL, n_completed BIGINT NOT NULL, "
           "n_failed BIGINT NOT NULL, prompt_tokens BIGINT NOT NULL, "
           "cached_tokens BIGINT NOT NULL, completion_tokens BIGINT NOT NULL, "
           "reasoning_tokens BIGINT NOT NULL, output_file_id TEXT, error_file_id TEXT);"
           "CREATE INDEX batches_by_owner ON batches(tenant_id, project_id, seq);"
           "CREATE INDEX batches_by_status ON batches(status);"
           "CREATE TABLE batch_lines (batch_id TEXT NOT NULL, line BIGINT NOT NULL, "
           "custom_id TEXT NOT NULL, " OWNER_COLUMNS ", start BIGINT NOT NULL, "
           "bytes BIGINT NOT NULL, state BIGINT NOT NULL, status BIGINT NOT NULL, "
           "request_id TEXT, body TEXT, PRIMARY KEY (batch_id, line), "
           "UNIQUE (batch_id, custom_id));",
};
