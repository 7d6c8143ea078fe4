/* Exams that models sat; their questions name them. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },
    { "name", HOLDING_TEXT },
    { "model", HOLDING_TEXT },
    { "kind", HOLDING_TEXT },
    { "status", HOLDING_TEXT },
    { "questions", HOLDING_INT },
    { "answered", HOLDING_INT },
    { "right", HOLDING_INT },
    { "created_at", HOLDING_INT },
    { "ended_at", HOLDING_INT },
    { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM evaluation_items WHERE " OWNED_BY("?1", "?2"),
    "DELETE FROM evaluations WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_evaluations = {
    .name = "evaluations",
    .columns = columns,
    .select = "SELECT id, name, model, kind, status, n_items, n_answered, n_right, created_at, "
              "ended_at FROM evaluations WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
