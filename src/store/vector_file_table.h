/* vector_file_table - the files of vector stores and their batches, from attached to searchable.
 *
 * A file is in a store once; attached again, it is read anew. Whoever works on a file ends it by
 * vector_file_end, which does nothing when it has been cancelled or removed meanwhile: so each is
 * ended once, whatever restarts.
 */
#ifndef TIRO_STORE_VECTOR_FILE_TABLE_H
#define TIRO_STORE_VECTOR_FILE_TABLE_H

#include "store/vector_table.h"

struct vector_file {
    int64_t seq;                  /* its number, also in the index */
    int64_t store_seq, batch_seq; /* batch_seq 0: none */
    struct slice id, filename;    /* file-... */
    int64_t created_at, usage_bytes;
    enum vector_status status;
    struct slice error_code, error_text; /* ptr NULL: none */
    struct slice attributes;             /* a JSON object */
    int64_t chunk_tokens,
        overlap_tokens; /* chunk_tokens 0: as the model allows, still to be said */
};

/* Of rows that vector_file_read takes; their first is the id. */
extern const char vector_file_columns[];
void vector_file_read(struct vector_file *ret, const struct db_rows *rows, struct arena *arena);

/* Attaches, in the place of the one that has the same id, whose number is *ret_old (0: none). */
int vector_file_add(struct db *db, const struct principal *owner, struct vector_file *file,
                    int64_t *ret_old, struct err *err) MUST_USE;
/* -ERR_NOT_FOUND */
int vector_file_find(struct vector_file *ret, struct db *db, const struct vector_store *store,
                     struct slice id, struct arena *arena, struct err *err) MUST_USE;
int vector_file_set_attributes(struct db *db, int64_t seq, struct slice attributes,
                               struct err *err) MUST_USE;
/* "{}" of one that is not there. */
int vector_file_attributes(struct slice *ret, struct db *db, int64_t seq, struct arena *arena,
                           struct err *err) MUST_USE;
/* Out of its store; the file itself stays. Its chunks are left to vector_purge_some. */
int vector_file_remove(struct db *db, const struct vector_file *file, struct err *err) MUST_USE;
/* The same in all stores of the project: the file itself is deleted. */
int vector_file_forget(struct db *db, const struct principal *owner, struct slice id,
                       struct err *err) MUST_USE;

/* The same of files that were deleted without it, or have expired; up to `limit`, *ret of them. */
int vector_file_forget_lost(int *ret, struct db *db, int limit, struct err *err) MUST_USE;

/* Rows of vector_file_read: of a store, behind the file with the number `after`, that can be found
 * or will be. */
int vector_file_of_store(struct db_rows *ret, struct db *db, int64_t store_seq, int64_t after,
                         int limit, struct err *err) MUST_USE;

/* ---- For those who make them searchable ---- */

/* The oldest one behind `after` that is in progress, and whose it is; ret->seq 0: none. */
int vector_file_next(struct vector_file *ret, struct principal *ret_owner, struct db *db,
                     int64_t after, struct arena *arena, struct err *err) MUST_USE;
/* How it is cut, once that is known. */
int vector_file_set_chunking(struct db *db, int64_t seq, int64_t chunk_tokens,
                             int64_t overlap_tokens, struct err *err) MUST_USE;
/* Whether it is there still and in progress. */
int vector_file_is_wanted(bool *ret, struct db *db, int64_t seq, struct err *err) MUST_USE;
/* From in progress to `file`'s status, usage and error. *ret: whether it was still wanted. */
int vector_file_end(bool *ret, struct db *db, const struct vector_file *file,
                    struct err *err) MUST_USE;

/* ---- Batches ---- */

struct vector_batch {
    int64_t seq, store_seq, created_at;
    struct slice id; /* vsfb_... */
    bool cancelled;
    struct vector_counts counts;
};

int vector_batch_add(struct db *db, struct vector_batch *batch, struct err *err) MUST_USE;
/* -ERR_NOT_FOUND */
int vector_batch_find(struct vector_batch *ret, struct db *db, const struct vector_store *store,
                      struct slice id, struct arena *arena, struct err *err) MUST_USE;
/* Those of its files that are in progress are cancelled. */
int vector_batch_cancel(struct db *db, struct vector_batch *batch, struct err *err) MUST_USE;

#endif
