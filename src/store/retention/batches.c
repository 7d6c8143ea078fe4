/* Batches that are over. Their files stay: those have ends of their own. */
#include "store/batch_table.h"
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return retention_expire_rows(db, due,
                                 "SELECT id, " OWNER_NAMES
                                 " FROM batches WHERE created_at < ?1 AND NOT (" BATCH_OPEN ") "
                                 "ORDER BY created_at LIMIT ?2",
                                 batch_delete, err);
}

const struct retention retention_batches = { .name = "batches", .expire = expire };
