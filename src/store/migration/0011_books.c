#include "store/migration.h"

/* Filled before it is released. */
const struct migration migration_0011_books = {
    .number = 11,
    .sql = "SELECT 1;",
};
