#include "store/migration.h"
#include "store/owner.h"

/* What people put around their chats: folders, what the model is told of them, presets, links to
 * what they share, and their choices. */
const struct migration migration_0011_folders = {
    .number = 11,
    .sql = "CREATE TABLE folders (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "name TEXT NOT NULL, instructions TEXT NOT NULL, vector_store_id TEXT NOT NULL, "
           "settings TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);"
           "CREATE INDEX folders_by_owner ON folders(tenant_id, project_id);"
           "ALTER TABLE chats ADD COLUMN folder_id TEXT NOT NULL DEFAULT '';"
           "CREATE INDEX chats_by_folder ON chats(folder_id);"
           "CREATE TABLE memories (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "text TEXT NOT NULL, n_bytes BIGINT NOT NULL, origin TEXT NOT NULL, "
           "created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);"
           "CREATE INDEX memories_by_owner ON memories(tenant_id, project_id);"
           "CREATE TABLE presets (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "name TEXT NOT NULL, settings TEXT NOT NULL, created_at BIGINT NOT NULL, "
           "updated_at BIGINT NOT NULL);"
           "CREATE INDEX presets_by_owner ON presets(tenant_id, project_id);"
           "CREATE TABLE shares (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "chat_id TEXT NOT NULL, token_hash TEXT NOT NULL UNIQUE, title TEXT NOT NULL, "
           "messages TEXT NOT NULL, n_messages BIGINT NOT NULL, created_at BIGINT NOT NULL, "
           "expires_at BIGINT NOT NULL);"
           "CREATE INDEX shares_by_chat ON shares(chat_id);"
           "CREATE INDEX shares_by_end ON shares(expires_at);"
           "CREATE TABLE preferences (seq SERIAL_KEY, " OWNER_COLUMNS ", name TEXT NOT NULL, "
           "value BIGINT NOT NULL, UNIQUE(tenant_id, project_id, name));",
};
