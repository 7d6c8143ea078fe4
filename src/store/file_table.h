/* file_table - the files that people uploaded and jobs wrote: names, purposes, whose bytes.
 *
 * The bytes are a blob (store/blob.h), written before its row. With the row's end its blob is put
 * on a list, in the same transaction; what is on it and has no other name is removed after the
 * commit. A file is gone for its owner from the second it expires; its row goes soon after
 * (files_expire).
 *
 * All of this runs on the store's thread.
 */
#ifndef TIRO_STORE_FILE_TABLE_H
#define TIRO_STORE_FILE_TABLE_H

#include "base/arena.h"
#include "store/owner.h"

enum { FILE_NAME_LEN_MAX = 512 };

struct file_row {
    struct slice id; /* file-... */
    struct slice filename, purpose;
    struct slice sha256; /* of its blob */
    struct slice status; /* "uploaded", "processed", "error" */
    uint64_t bytes;
    int64_t created_at, expires_at; /* unix seconds; expires_at 0: never */
};

/* What file_from_row reads, for statements of one's own. */
#define FILE_COLUMNS "id, filename, purpose, sha256, status, bytes, created_at, expires_at"
/* Strings lie in the arena. */
void file_from_row(struct file_row *ret, const struct db_rows *rows, struct arena *arena);
/* Which rows their owner sees, of parameters: tenant, project, and the time in unix seconds. */
#define FILE_VISIBLE(tenant, project, now) \
    OWNED_BY(tenant, project) " AND (expires_at = 0 OR expires_at > " now ")"

/* Strings lie in the arena. -ERR_NOT_FOUND "No such File object: file-x". */
int file_find(struct file_row *ret, struct db *db, const struct principal *owner, struct slice id,
              struct arena *arena, struct err *err) MUST_USE;
int file_add(struct db *db, const struct principal *owner, const struct file_row *row,
             struct err *err) MUST_USE;
/* Its bytes go soon after this is committed, when it was their last name. -ERR_NOT_FOUND. */
int file_delete(struct db *db, const struct principal *owner, struct slice id,
                struct err *err) MUST_USE;

/* -ERR_LIMIT when the project would have more than `bytes_max` (0: any number) with `more`. What
 * people send is held to it; what jobs write is work that is done already, and is kept. */
int file_check_quota(struct db *db, const struct principal *owner, uint64_t more,
                     uint64_t bytes_max, struct err *err) MUST_USE;
/* Removes the rows of all files that have expired; how many. */
int files_expire(struct db *db, int64_t now, struct err *err) MUST_USE;

/* ---- Bytes that have lost a name (api/blobs.h looks after them) ---- */

enum { LOOSE_BLOBS_MAX = 1000 }; /* taken at once */

/* Those of a list of rows: `select` is a literal, "SELECT sha256 FROM ... WHERE ...". */
int loose_blobs_add(struct db *db, const char *select, const struct db_value *args, size_t n_args,
                    struct err *err) MUST_USE;
/* Takes up to LOOSE_BLOBS_MAX from the list; *ret, n of them, are those that no row names now. */
int loose_blobs_take(struct slice **ret, size_t *ret_n, struct db *db, struct arena *arena,
                     struct err *err) MUST_USE;
/* Whether any row, of a file or of a part of an upload, names the blob. */
int file_names_blob(bool *ret, struct db *db, struct slice sha256, struct err *err) MUST_USE;

#endif
