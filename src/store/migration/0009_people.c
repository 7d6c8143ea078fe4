#include "store/migration.h"
#include "store/owner.h"

/* Of secrets only hashes stand here. tokens: of sessions and of personal API keys; links: of the
 * first owner, of invitations, and of forgotten passwords. */
const struct migration migration_0009_people = {
    .number = 9,
    .sql = "CREATE TABLE people (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "login TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, "
           "state TEXT NOT NULL, password TEXT NOT NULL, created_at BIGINT NOT NULL);"
           "CREATE TABLE people_tokens (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS
           ", kind TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, "
           "hint TEXT NOT NULL, created_at BIGINT NOT NULL, seen_at BIGINT NOT NULL);"
           "CREATE INDEX people_tokens_by_user ON people_tokens(user_id, kind);"
           "CREATE TABLE people_passkeys (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS
           ", credential TEXT NOT NULL UNIQUE, site TEXT NOT NULL, public_key BYTES NOT NULL, "
           "sign_count BIGINT NOT NULL, name TEXT NOT NULL, created_at BIGINT NOT NULL, "
           "used_at BIGINT NOT NULL);"
           "CREATE INDEX people_passkeys_by_user ON people_passkeys(user_id);"
           "CREATE TABLE people_links (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "hash TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, role TEXT NOT NULL, "
           "for_id TEXT NOT NULL, note TEXT NOT NULL, created_at BIGINT NOT NULL, "
           "expires_at BIGINT NOT NULL);",
};
