/* Files: their names. Their bytes, and those of uploads, go when nothing names them any more. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },        { "filename", HOLDING_TEXT },
    { "purpose", HOLDING_TEXT },   { "bytes", HOLDING_INT },
    { "sha256", HOLDING_TEXT },    { "created_at", HOLDING_INT },
    { "expires_at", HOLDING_INT }, { NULL, 0 },
};

static const char *const erase[] = {
    "INSERT INTO loose_blobs(sha256) SELECT sha256 FROM files WHERE " OWNED_BY("?1", "?2"),
    "DELETE FROM files WHERE " OWNED_BY("?1", "?2"),
    "INSERT INTO loose_blobs(sha256) SELECT sha256 FROM upload_parts WHERE " OWNED_BY("?1", "?2"),
    "DELETE FROM upload_parts WHERE " OWNED_BY("?1", "?2"),
    "DELETE FROM uploads WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_files = {
    .name = "files",
    .columns = columns,
    .select = "SELECT id, filename, purpose, bytes, sha256, created_at, expires_at FROM files "
              "WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
