#include "store/migration.h"
#include "store/owner.h"

/* A chat is a tree of messages: each names the one it answers. */
const struct migration migration_0008_chats = {
    .number = 8,
    .sql = "CREATE TABLE chats (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "title TEXT NOT NULL, pinned BIGINT NOT NULL, archived BIGINT NOT NULL, "
           "leaf_id TEXT NOT NULL, settings TEXT NOT NULL, created_at BIGINT NOT NULL, "
           "updated_at BIGINT NOT NULL);"
           "CREATE INDEX chats_by_time ON chats(tenant_id, project_id, updated_at);"
           "CREATE TABLE chat_messages (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS
           ", "
           "chat_id TEXT NOT NULL, parent_id TEXT NOT NULL, role TEXT NOT NULL, "
           "content TEXT NOT NULL, model TEXT NOT NULL, response_id TEXT NOT NULL, "
           "details TEXT NOT NULL, created_at BIGINT NOT NULL);"
           "CREATE INDEX chat_messages_by_chat ON chat_messages(chat_id);",
};
