/* Conversations, by the time they were begun. */
#include "store/conversation_table.h"
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return retention_expire_rows(db, due,
                                 "SELECT id, " OWNER_NAMES
                                 " FROM conversations WHERE created_at < ?1 "
                                 "ORDER BY created_at LIMIT ?2",
                                 conversation_delete, err);
}

const struct retention retention_conversations = { .name = "conversations", .expire = expire };
