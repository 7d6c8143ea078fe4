/* The ledger's rows: ids and numbers. */
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return db_exec(db,
                   "DELETE FROM ledger WHERE seq IN (SELECT seq FROM ledger WHERE created_at < ?1 "
                   "ORDER BY created_at LIMIT ?2)",
                   DB_ARGS(DB_INT(due->before), DB_INT(RETENTION_ROWS_AT_ONCE)), err);
}

const struct retention retention_ledger = { .name = "ledger", .expire = expire };
