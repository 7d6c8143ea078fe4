/* Responses, with their requests and items. */
#include "store/response_table.h"
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return retention_expire_rows(db, due,
                                 "SELECT id, " OWNER_NAMES " FROM responses WHERE created_at < ?1 "
                                 "ORDER BY created_at LIMIT ?2",
                                 response_delete, err);
}

const struct retention retention_responses = { .name = "responses", .expire = expire };
