/* holding - a kind of thing that people have here: a file in store/holding/ that ends in a
 * descriptor. What a person may take along is written by it, and what goes with an account is
 * deleted by it.
 *
 *     static const struct holding_column columns[] = {
 *         { "id", HOLDING_TEXT }, { "body", HOLDING_JSON }, { "created_at", HOLDING_INT }, { NULL }
 *     };
 *     static const char *const erase[] = {
 *         "DELETE FROM notes WHERE " OWNED_BY("?1", "?2"), NULL,
 *     };
 *     const struct holding holding_notes = {
 *         .name = "notes", .columns = columns, .erase = erase,
 *         .select = "SELECT id, body, created_at FROM notes WHERE " OWNED_BY("?1", "?2")
 *                   " ORDER BY seq",
 *     };
 *
 * The build finds it. A test (tests/unit/store/test_holding.c) looks that no table with an owner
 * keeps a row of a person who has left.
 */
#ifndef TIRO_STORE_HOLDING_H
#define TIRO_STORE_HOLDING_H

#include "base/json.h"
#include "store/owner.h"

enum holding_kind { HOLDING_TEXT, HOLDING_INT, HOLDING_JSON };

struct holding_column {
    const char *name; /* NULL ends */
    enum holding_kind kind;
};

struct holding {
    const char *name;                     /* of its array in the export */
    const char *select;                   /* ?1: tenant, ?2: project; NULL: written with others */
    const struct holding_column *columns; /* of the select */
    const char *const *erase;             /* statements, in order, with the same values */
};

extern const struct holding *const holding_registry[];
extern const size_t holding_registry_len;

/* All that is the owner's, but for the open batches, which are cancelled; those and their files go
 * when it is called again after they have ended. *ret: how many of these there are. */
int holdings_erase(int64_t *ret_open, struct db *db, const struct principal *owner,
                   struct err *err) MUST_USE;

/* Everything that is the owner's as one JSON object into an open file, from its beginning. */
int holdings_write(int fd, struct db *db, const struct principal *owner, struct err *err) MUST_USE;

#endif
