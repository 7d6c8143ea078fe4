#include "store/migration.h"
#include "store/owner.h"

/* An evaluation is an exam that a model sits; each of its questions is a row, with its result. */
const struct migration migration_0010_evaluations = {
    .number = 10,
    .sql = "CREATE TABLE evaluations (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS ", "
           "name TEXT NOT NULL, model TEXT NOT NULL, fingerprint TEXT NOT NULL, "
           "format TEXT NOT NULL, kind TEXT NOT NULL, settings TEXT NOT NULL, "
           "digest TEXT NOT NULL, status TEXT NOT NULL, problem TEXT NOT NULL, "
           "n_items BIGINT NOT NULL, n_answered BIGINT NOT NULL, n_done BIGINT NOT NULL, "
           "n_right BIGINT NOT NULL, report TEXT NOT NULL, created_at BIGINT NOT NULL, "
           "ended_at BIGINT NOT NULL);"
           "CREATE INDEX evaluations_by_owner ON evaluations(tenant_id, project_id, seq);"
           "CREATE INDEX evaluations_by_status ON evaluations(status, seq);"
           "CREATE TABLE evaluation_items (seq SERIAL_KEY, " OWNER_COLUMNS ", "
           "evaluation_id TEXT NOT NULL, number BIGINT NOT NULL, state BIGINT NOT NULL, "
           "is_right BIGINT NOT NULL, question TEXT NOT NULL, result TEXT NOT NULL, "
           "UNIQUE (evaluation_id, number));"
           "CREATE INDEX evaluation_items_by_state ON evaluation_items(evaluation_id, state, "
           "number);",
};
