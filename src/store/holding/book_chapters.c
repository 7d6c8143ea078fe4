/* Chapters of books: their outlines. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },    { "book_id", HOLDING_TEXT }, { "number", HOLDING_INT },
    { "title", HOLDING_TEXT }, { "outline", HOLDING_TEXT }, { NULL, 0 }
};

static const char *const erase[] = {
    "DELETE FROM book_chapters WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_book_chapters = {
    .name = "book_chapters",
    .columns = columns,
    .select = "SELECT id, book_id, number, title, outline FROM book_chapters WHERE " OWNED_BY(
        "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
