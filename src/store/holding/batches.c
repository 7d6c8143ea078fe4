/* Batches. One that is not over is cancelled: what works on it needs its row until it has ended. */
#include "store/batch_table.h"
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },          { "endpoint", HOLDING_TEXT },   { "model", HOLDING_TEXT },
    { "metadata", HOLDING_JSON },    { "created_at", HOLDING_INT },  { "requests", HOLDING_INT },
    { "completed", HOLDING_INT },    { "failed", HOLDING_INT },      { "input_file", HOLDING_TEXT },
    { "output_file", HOLDING_TEXT }, { "error_file", HOLDING_TEXT }, { NULL, 0 },
};

static const char *const erase[] = {
    "UPDATE batches SET status = 6 WHERE status IN (0, 2) AND " OWNED_BY("?1", "?2"),
    "DELETE FROM batch_lines WHERE batch_id IN (SELECT id FROM batches WHERE NOT (" BATCH_OPEN
    ") AND " OWNED_BY("?1", "?2") ")",
    "DELETE FROM batches WHERE NOT (" BATCH_OPEN ") AND " OWNED_BY("?1", "?2"),
    "UPDATE batches SET metadata = '{}', errors = '' WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_batches = {
    .name = "batches",
    .columns = columns,
    .select = "SELECT id, endpoint, model, metadata, created_at, n_total, n_completed, n_failed, "
              "input_file_id, output_file_id, error_file_id FROM batches WHERE " OWNED_BY(
                  "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
