/* What the scenes of books have stated. */
#include "store/holding.h"

static const struct holding_column columns[] = { { "book_id", HOLDING_TEXT },
                                                 { "scene_id", HOLDING_TEXT },
                                                 { "name", HOLDING_TEXT },
                                                 { "fact", HOLDING_TEXT },
                                                 { NULL, 0 } };

static const char *const erase[] = {
    "DELETE FROM book_facts WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_book_facts = {
    .name = "book_facts",
    .columns = columns,
    .select = "SELECT book_id, scene_id, name, fact FROM book_facts WHERE " OWNED_BY(
        "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
