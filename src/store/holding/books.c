/* Books. Their chapters, scenes, texts and facts go with them, and are written with their own
 * arrays (book_chapters.c ...). */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },        { "title", HOLDING_TEXT },     { "idea", HOLDING_TEXT },
    { "model", HOLDING_TEXT },     { "language", HOLDING_TEXT },  { "genre", HOLDING_TEXT },
    { "premise", HOLDING_TEXT },   { "people", HOLDING_TEXT },    { "style_sheet", HOLDING_TEXT },
    { "status", HOLDING_TEXT },    { "words", HOLDING_INT },      { "seed", HOLDING_INT },
    { "created_at", HOLDING_INT }, { "updated_at", HOLDING_INT }, { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM book_facts WHERE " OWNED_BY("?1", "?2"),
    "DELETE FROM book_versions WHERE " OWNED_BY("?1", "?2"),
    "DELETE FROM book_scenes WHERE " OWNED_BY("?1", "?2"),
    "DELETE FROM book_chapters WHERE " OWNED_BY("?1", "?2"),
    "DELETE FROM books WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_books = {
    .name = "books",
    .columns = columns,
    .select = "SELECT id, title, idea, model, language, genre, premise, people, style_sheet, "
              "status, words, seed, created_at, updated_at FROM books WHERE " OWNED_BY(
                  "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
