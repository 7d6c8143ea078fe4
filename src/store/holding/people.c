/* What a person signs in with: sessions, API keys, passkeys. None of it is a secret. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },        { "kind", HOLDING_TEXT },   { "name", HOLDING_TEXT },
    { "created_at", HOLDING_INT }, { "seen_at", HOLDING_INT }, { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM people_tokens WHERE " OWNED_BY("?1", "?2"),
    "DELETE FROM people_passkeys WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_people = {
    .name = "sign_ins",
    .columns = columns,
    .select = "SELECT id, kind, name, created_at, seen_at FROM people_tokens WHERE " OWNED_BY(
        "?1",
        "?2") " UNION ALL SELECT id, 'passkey', name, created_at, used_at FROM people_passkeys "
              "WHERE " OWNED_BY("?1", "?2"),
    .erase = erase,
};
