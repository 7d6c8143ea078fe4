/* vector_table - vector stores: their names, models, times and counts. Their files are in
 * vector_file_table.h, what these were cut into in vector_chunk_table.h.
 *
 * A store's vectors all come from one model: the first one that made any (vector_store_settle).
 */
#ifndef TIRO_STORE_VECTOR_TABLE_H
#define TIRO_STORE_VECTOR_TABLE_H

#include "base/arena.h"
#include "store/owner.h"

enum vector_status {
    VECTOR_IN_PROGRESS,
    VECTOR_COMPLETED,
    VECTOR_FAILED,
    VECTOR_CANCELLED,
    VECTOR_STATUSES
};

struct vector_counts {
    int64_t of[VECTOR_STATUSES];
};

struct vector_store {
    int64_t seq; /* its number, also in the index */
    struct slice id, name;
    struct slice description; /* ptr NULL: none */
    struct slice metadata;    /* a JSON object */
    int64_t created_at, last_active_at, usage_bytes;
    int64_t expires_days; /* after last_active_at; 0: never */
    bool expired;
    struct slice model; /* "" until a file has come */
    uint32_t dimensions;
    struct vector_counts counts;
};

/* Of rows that vector_store_read takes; their first is the id. */
extern const char vector_store_columns[];
/* Texts lie in the arena, or, without one, live until the next row. Whether it has expired is
 * judged by `now`, in unix seconds, as everywhere here. */
void vector_store_read(struct vector_store *ret, const struct db_rows *rows, int64_t now,
                       struct arena *arena);

/* Fills in ret->seq. */
int vector_store_add(struct db *db, const struct principal *owner, struct vector_store *store,
                     struct err *err) MUST_USE;
/* -ERR_NOT_FOUND "Vector store with id 'vs_x' not found." */
int vector_store_find(struct vector_store *ret, struct db *db, const struct principal *owner,
                      struct slice id, int64_t now, struct arena *arena, struct err *err) MUST_USE;
/* Writes name, metadata, expires_days. */
int vector_store_update(struct db *db, const struct vector_store *store, struct err *err) MUST_USE;
/* It was used: its time to live begins again. */
int vector_store_touch(struct db *db, int64_t seq, int64_t now, struct err *err) MUST_USE;
/* The model of its vectors: -ERR_UNSUPPORTED_VALUE when it has another. */
int vector_store_settle(struct db *db, int64_t seq, struct slice model, uint32_t dimensions,
                        struct err *err) MUST_USE;
/* Removes it with its files and batches; its chunks are left to vector_purge_some. */
int vector_store_delete(struct db *db, int64_t seq, struct err *err) MUST_USE;
/* One whose time is over loses its files and is marked: its number, or 0 when there is none. */
int vector_store_expire(int64_t *ret_seq, struct db *db, int64_t now, struct err *err) MUST_USE;

#endif
