/* Exams, with what came of them. */
#include "store/holding.h"

static const struct holding_column columns[] = {
    { "id", HOLDING_TEXT },
    { "name", HOLDING_TEXT },
    { "model", HOLDING_TEXT },
    { "fingerprint", HOLDING_TEXT },
    { "format", HOLDING_TEXT },
    { "settings", HOLDING_JSON },
    { "status", HOLDING_TEXT },
    { "report", HOLDING_TEXT },
    { "created_at", HOLDING_INT },
    { "ended_at", HOLDING_INT },
    { NULL, 0 },
};

static const char *const erase[] = {
    "DELETE FROM evaluations WHERE " OWNED_BY("?1", "?2"),
    NULL,
};

const struct holding holding_evaluations = {
    .name = "evaluations",
    .columns = columns,
    .select = "SELECT id, name, model, fingerprint, format, settings, status, report, created_at, "
              "ended_at FROM evaluations WHERE " OWNED_BY("?1", "?2") " ORDER BY seq",
    .erase = erase,
};
