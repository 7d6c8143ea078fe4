/* Vector stores with what their files were cut into. */
#include "store/holding.h"

#define THEIRS "(SELECT seq FROM vector_stores WHERE " OWNED_BY("?1", "?2") ")"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },
    { "name", HOLDING_TEXT },
    { "description", HOLDING_TEXT },
    { "metadata", HOLDING_JSON },
    { "model", HOLDING_TEXT },
    { "created_at", HOLDING_INT },
    { "last_active_at", HOLDING_INT },
    { NULL, 0 },
};

/* The index hears of its files by vector_purges. */
static const char *const erase[] = {
    "DELETE FROM vector_chunks WHERE store_seq IN " THEIRS,
    "INSERT INTO vector_purges(store_seq, file_seq) SELECT store_seq, seq FROM vector_files WHERE "
    "store_seq IN " THEIRS,
    "DELETE FROM vector_files WHERE store_seq IN " THEIRS,
    "DELETE FROM vector_files WHERE " OWNED_BY("?1", "?2"),
    "DELETE FROM vector_file_batches WHERE store_seq IN " THEIRS,
    "DELETE FROM vector_stores WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_vector_stores = {
    .name = "vector_stores",
    .columns = columns,
    .select = "SELECT id, name, description, metadata, model, created_at, last_active_at FROM "
              "vector_stores WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
