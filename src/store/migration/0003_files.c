#include "store/migration.h"
#include "store/owner.h"

/* expires_at 0: never. loose_blobs: bytes that have lost a name, and perhaps their last. */
const struct migration migration_0003_files = {
    .number = 3,
    .sql = "CREATE TABLE files (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "filename TEXT NOT NULL, purpose TEXT NOT NULL, status TEXT NOT NULL, "
           "sha256 TEXT NOT NULL, bytes BIGINT NOT NULL, created_at BIGINT NOT NULL, "
           "expires_at BIGINT NOT NULL);"
           "CREATE INDEX files_by_owner ON files(tenant_id, project_id, seq);"
           "CREATE INDEX files_by_sha256 ON files(sha256);"
           "CREATE INDEX files_by_end ON files(expires_at) WHERE expires_at > 0;"
           "CREATE TABLE loose_blobs (seq SERIAL_KEY, sha256 TEXT NOT NULL);"
           "CREATE TABLE uploads (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "filename TEXT NOT NULL, purpose TEXT NOT NULL, status TEXT NOT NULL, "
           "bytes BIGINT NOT NULL, file_seconds BIGINT NOT NULL, file_id TEXT, "
           "created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);"
           "CREATE INDEX uploads_by_end ON uploads(status, expires_at);"
           "CREATE TABLE upload_parts (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "upload_id TEXT NOT NULL, sha256 TEXT NOT NULL, bytes BIGINT NOT NULL, "
           "created_at BIGINT NOT NULL);"
           "CREATE INDEX upload_parts_by_upload ON upload_parts(upload_id);"
           "CREATE INDEX upload_parts_by_owner ON upload_parts(tenant_id, project_id);"
           "CREATE INDEX upload_parts_by_sha256 ON upload_parts(sha256);",
};
