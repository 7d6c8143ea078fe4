/* memory_table - what the model is told of a person in every chat: short texts that they wrote or
 * agreed to, and see, change and delete.
 *
 * All of them stand in the instructions of every chat, so they are few and short: MEMORY_BYTES_MAX
 * is room in each model's context.
 */
#ifndef TIRO_STORE_MEMORY_TABLE_H
#define TIRO_STORE_MEMORY_TABLE_H

#include "store/owned.h"

enum {
    MEMORIES_MAX = 200,      /* of one owner */
    MEMORY_TEXT_MAX = 500,   /* bytes, of one */
    MEMORY_BYTES_MAX = 8000, /* of all that one owner has */
    MEMORY_ORIGIN_MAX = 64,
};

struct memory_row {
    struct slice id, text;
    struct slice origin; /* "user", "model", or whatever the client says */
    int64_t now;
};

/* Writes the entry as it is then. What is there already, word for word, is not added again: that
 * one is written. -ERR_LIMIT */
int memory_add(struct json_writer *w, struct db *db, const struct principal *owner,
               const struct memory_row *row, struct err *err) MUST_USE;
/* Writes the entry that says this; false: there is none. */
int memory_find(bool *ret, struct json_writer *w, struct db *db, const struct principal *owner,
                struct slice text, struct err *err) MUST_USE;
/* Writes it, or -ERR_NOT_FOUND. -ERR_LIMIT */
int memory_update(struct json_writer *w, struct db *db, const struct principal *owner,
                  const struct memory_row *row, struct err *err) MUST_USE;
int memory_delete(struct db *db, const struct principal *owner, struct slice id,
                  struct err *err) MUST_USE;
/* Writes "data": [...] and "instructions", into an object: the oldest first, so that what is added
 * leaves the text before it as it was. */
int memory_write_all(struct json_writer *w, struct db *db, const struct principal *owner,
                     bool enabled, struct err *err) MUST_USE;

#endif
