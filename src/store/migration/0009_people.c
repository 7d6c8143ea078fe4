#include "store/migration.h"

/* Filled before it is released. */
const struct migration migration_0009_people = {
    .number = 9,
    .sql = "SELECT 1;",
};
