/* Books, by their last change; one that is being written is not old. */
#include "store/book_table.h"
#include "store/retention.h"

static int expire(struct db *db, const struct retention_due *due, struct err *err)
{
    return retention_expire_rows(db, due,
                                 "SELECT id, " OWNER_NAMES " FROM books WHERE updated_at < ?1 "
                                 "AND status <> '" BOOK_RUNNING "' ORDER BY updated_at LIMIT ?2",
                                 book_delete, err);
}

const struct retention retention_books = { .name = "books", .expire = expire };
