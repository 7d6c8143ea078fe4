/* index - the collections of all vector stores that are in memory, and the memory that they may
 * take.
 *
 *     struct index index;
 *     index_init(&index, 1 << 30);
 *     TRY(index_add(&index, store, dimensions, chunks, n, err));
 *     TRY(collection_search(index_find(&index, store), ...));
 *
 * Nothing here lasts: the gateway fills it from the database, and again when this process has died.
 * An addition that fails drops its whole collection, so that none is ever there in part without
 * its owner's knowing.
 */
#ifndef TIRO_INDEX_INDEX_H
#define TIRO_INDEX_INDEX_H

#include "index/collection.h"

struct index {
    struct collection **collections; /* n of them */
    uint64_t *stores;                /* whose they are */
    uint32_t n, cap;
    struct numbers places;
    size_t bytes, bytes_max;
};

void index_init(struct index *index, size_t bytes_max);
void index_release(struct index *index);
/* NULL: there is none. */
struct collection *index_find(const struct index *index, uint64_t store);
/* -ERR_LIMIT: the memory is full. */
int index_add(struct index *index, uint64_t store, uint32_t dimensions,
              const struct collection_chunk *chunks, uint32_t n, struct err *err) MUST_USE;
int index_set_file(struct index *index, uint64_t store, uint64_t file, bool visible,
                   const struct index_attribute *attributes, uint32_t n_attributes,
                   struct err *err) MUST_USE;
void index_remove_file(struct index *index, uint64_t store, uint64_t file);
void index_remove(struct index *index, uint64_t store);

#endif
