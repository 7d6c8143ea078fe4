/* Texts of scenes, all of them. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },        { "scene_id", HOLDING_TEXT },
    { "text", HOLDING_TEXT },      { "model", HOLDING_TEXT },
    { "seed", HOLDING_INT },       { "words", HOLDING_INT },
    { "created_at", HOLDING_INT }, { NULL, 0 }
};

static const char *const erase[] = {
    "DELETE FROM book_versions WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_book_versions = {
    .name = "book_versions",
    .columns = columns,
    .select = "SELECT id, scene_id, text, model, seed, words, created_at FROM book_versions "
              "WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
