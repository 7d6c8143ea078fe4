/* vector_chunk_table - what files were cut into: texts, where in the file's text each is, vectors.
 *
 * This is the truth; the index (src/index) is made from it. Vectors are 32-bit floats, little
 * endian.
 */
#ifndef TIRO_STORE_VECTOR_CHUNK_TABLE_H
#define TIRO_STORE_VECTOR_CHUNK_TABLE_H

#include "store/vector_file_table.h"

struct vector_chunk {
    int64_t seq, file_seq;
    uint32_t number;            /* within the file: 0 and on */
    int64_t from_byte, to_byte; /* of the file's text */
    struct slice text, vector;
};

int vector_chunk_add(struct db *db, const struct vector_file *file,
                     const struct vector_chunk *chunk, struct err *err) MUST_USE;
/* What an attempt that broke off has left. */
int vector_chunk_clear(struct db *db, int64_t file_seq, struct err *err) MUST_USE;

/* Rows of vector_chunk_read: of a store, behind the chunk with the number `after`, of files that
 * are there still. */
int vector_chunk_of_store(struct db_rows *ret, struct db *db, int64_t store_seq, int64_t after,
                          int limit, struct err *err) MUST_USE;
/* ... of a file, in order. */
int vector_chunk_of_file(struct db_rows *ret, struct db *db, int64_t file_seq,
                         struct err *err) MUST_USE;
/* Slices live until the next row. */
void vector_chunk_read(struct vector_chunk *ret, const struct db_rows *rows);

/* One chunk with its file, both in the arena and without the vector. *ret_found is false when it is
 * gone, or its file is not completed. */
int vector_chunk_find(bool *ret_found, struct vector_chunk *ret, struct vector_file *ret_file,
                      struct db *db, int64_t store_seq, int64_t file_seq, uint32_t number,
                      struct arena *arena, struct err *err) MUST_USE;

/* Deletes up to `limit` chunks of a file that was removed. ret->file_seq 0: nothing is left. */
struct vector_purge {
    int64_t store_seq, file_seq;
    bool finished; /* the file has no more */
};
int vector_purge_some(struct vector_purge *ret, struct db *db, int limit, struct err *err) MUST_USE;

#endif
