#include "store/migration.h"
#include "store/owner.h"

const struct migration migration_0002_items = {
    .number = 2,
    .sql = "CREATE TABLE items (seq SERIAL_KEY, list_id TEXT NOT NULL, part BIGINT NOT NULL, "
           "id TEXT NOT NULL, " OWNER_COLUMNS ", type TEXT NOT NULL, body TEXT NOT NULL, "
           "UNIQUE (list_id, part, id));"
           "CREATE INDEX items_in_order ON items(list_id, part, seq);",
};
