/* Chat completions that were kept on request. */
#include "store/completion_table.h"
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return retention_expire_rows(db, due,
                                 "SELECT id, " OWNER_NAMES
                                 " FROM completions WHERE created_at < ?1 "
                                 "ORDER BY created_at LIMIT ?2",
                                 completion_delete, err);
}

const struct retention retention_completions = { .name = "completions", .expire = expire };
