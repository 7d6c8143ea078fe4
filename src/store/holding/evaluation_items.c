/* The questions of exams, with the models' answers. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "evaluation_id", HOLDING_TEXT },
    { "number", HOLDING_INT },
    { "state", HOLDING_INT },
    { "is_right", HOLDING_INT },
    { "question", HOLDING_JSON },
    { "result", HOLDING_TEXT },
    { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM evaluation_items WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_evaluation_items = {
    .name = "evaluation_items",
    .columns = columns,
    .select = "SELECT evaluation_id, number, state, is_right, question, result FROM "
              "evaluation_items WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
