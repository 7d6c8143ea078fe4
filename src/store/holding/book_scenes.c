/* Scenes of chapters: plans, summaries, and which version stands. */
#include "store/holding.h"

static const struct holding_column columns[] = { { "id", HOLDING_TEXT },
                                                 { "chapter_id", HOLDING_TEXT },
                                                 { "number", HOLDING_INT },
                                                 { "plan", HOLDING_TEXT },
                                                 { "summary", HOLDING_TEXT },
                                                 { "version_id", HOLDING_TEXT },
                                                 { NULL, 0 } };

static const char *const erase[] = {
    "DELETE FROM book_scenes WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_book_scenes = {
    .name = "book_scenes",
    .columns = columns,
    .select =
        "SELECT id, chapter_id, number, plan, summary, version_id FROM book_scenes WHERE " OWNED_BY(
            "?1", "?2") " ORDER BY seq",
    .erase = erase,
};
