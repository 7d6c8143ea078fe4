#include "store/migration.h"

/* Filled before it is released. */
const struct migration migration_0010_evaluations = {
    .number = 10,
    .sql = "SELECT 1;",
};
