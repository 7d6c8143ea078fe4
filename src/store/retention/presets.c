/* Presets, by their last change. */
#include "store/preset_table.h"
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return retention_expire_rows(db, due,
                                 "SELECT id, " OWNER_NAMES " FROM presets WHERE updated_at < ?1 "
                                 "ORDER BY updated_at LIMIT ?2",
                                 preset_delete, err);
}

const struct retention retention_presets = { .name = "presets", .expire = expire };
