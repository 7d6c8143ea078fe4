#include "store/migration.h"

/* Filled before it is released. */
const struct migration migration_0012_folders = {
    .number = 12,
    .sql = "SELECT 1;",
};
