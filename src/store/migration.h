/* migration - a step of the database's schema, forward only: a file in store/migration/ that ends
 * in a descriptor.
 *
 * To add one: the next free number, whatever the step needs as plain SQL, SERIAL_KEY and BYTES
 * where a type has two names (store/db.h):
 *
 *     const struct migration migration_0009_notes = {
 *         .number = 9,
 *         .sql = "CREATE TABLE notes (seq SERIAL_KEY, id TEXT NOT NULL UNIQUE, " OWNER_COLUMNS
 *                ", body TEXT NOT NULL);",
 *     };
 *
 * A step that has been released is never edited. Before the first step of an upgrade the back-end
 * makes its backup. A database that is newer than this program is refused.
 *
 * Every table of people's data has the columns of its owner (store/owner.h), and a kind of
 * store/holding.h says how it is taken along, and goes with an account.
 */
#ifndef TIRO_STORE_MIGRATION_H
#define TIRO_STORE_MIGRATION_H

#include "store/db.h"

struct migration {
    int number;      /* 1 and on, without gaps */
    const char *sql; /* statements, each with its semicolon */
};

extern const struct migration *const migration_registry[];
extern const size_t migration_registry_len;

/* Brings the schema up to the last of `n` steps, which are in the order of their numbers; each is a
 * transaction. */
int migration_run(struct db *db, const struct migration *const *steps, size_t n,
                  struct err *err) MUST_USE;
/* db_open with other steps than this program's: for tests of upgrades. */
int db_open_to(struct db **ret, const char *url, const struct migration *const *steps, size_t n,
               struct err *err) MUST_USE;

#endif
