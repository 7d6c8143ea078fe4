/* file_table - the files that people uploaded and jobs wrote: names, purposes, whose bytes. */
#ifndef TIRO_STORE_FILE_TABLE_H
#define TIRO_STORE_FILE_TABLE_H

#include "base/arena.h"
#include "store/owner.h"

struct file_row {
    struct slice id; /* file-... */
    struct slice filename, purpose;
    struct slice sha256; /* of its blob */
    struct slice status; /* "uploaded", "processed", "error" */
    uint64_t bytes;
    int64_t created_at, expires_at; /* unix seconds; expires_at 0: never */
};

/* Strings lie in the arena. -ERR_NOT_FOUND "No such File object: file-x". */
int file_find(struct file_row *ret, struct db *db, const struct principal *owner, struct slice id,
              struct arena *arena, struct err *err) MUST_USE;
/* -ERR_LIMIT beyond the project's quota. */
int file_add(struct db *db, const struct principal *owner, const struct file_row *row,
             struct err *err) MUST_USE;

#endif
