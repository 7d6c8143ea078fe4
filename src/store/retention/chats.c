/* Chats of the app, by their last change. */
#include "store/chat_table.h"
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return retention_expire_rows(db, due,
                                 "SELECT id, " OWNER_NAMES " FROM chats WHERE updated_at < ?1 "
                                 "ORDER BY updated_at LIMIT ?2",
                                 chat_delete, err);
}

const struct retention retention_chats = { .name = "chats", .expire = expire };
