/* Folders, by their last change; their chats are in none then, and go in their own time. */
#include "store/folder_table.h"
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return retention_expire_rows(db, due,
                                 "SELECT id, " OWNER_NAMES " FROM folders WHERE updated_at < ?1 "
                                 "ORDER BY updated_at LIMIT ?2",
                                 folder_delete_alone, err);
}

const struct retention retention_folders = { .name = "folders", .expire = expire };
