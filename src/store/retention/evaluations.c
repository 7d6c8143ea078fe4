/* Exams, by when they were begun. */
#include "store/evaluation_table.h"
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return retention_expire_rows(db, due,
                                 "SELECT id, " OWNER_NAMES " FROM evaluations WHERE "
                                 "created_at < ?1 ORDER BY created_at LIMIT ?2",
                                 evaluation_delete, err);
}

const struct retention retention_evaluations = { .name = "evaluations", .expire = expire };
