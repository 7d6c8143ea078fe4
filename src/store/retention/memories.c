/* What the memory holds, by its last change. */
#include "store/memory_table.h"
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return retention_expire_rows(db, due,
                                 "SELECT id, " OWNER_NAMES " FROM memories WHERE updated_at < ?1 "
                                 "ORDER BY updated_at LIMIT ?2",
                                 memory_delete, err);
}

const struct retention retention_memories = { .name = "memories", .expire = expire };
