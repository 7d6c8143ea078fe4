#include "index/index.h"

#include "base/seam.h"

#include <assert.h>

enum { CAP_MIN = 16 };

void index_init(struct index *index, size_t bytes_max)
{
    *index = (struct index){ .bytes_max = bytes_max };
    numbers_init(&index->places);
}

void index_release(struct index *index)
{
    while (index->n) index_remove(index, index->stores[index->n - 1]);
    mem_free(index->collections);
    mem_free(index->stores);
    numbers_release(&index->places);
}

struct collection *index_find(const struct index *index, uint64_t store)
{
    uint32_t place;
    return numbers_get(&index->places, store, &place) ? index->collections[place] : NULL;
}

static int reserve(struct index *index)
{
    if (index->n < index->cap) return 0;
    uint32_t cap = index->cap ? index->cap * 2 : CAP_MIN;
    struct collection **collections = mem_realloc(index->collections,
                                                  cap * sizeof(struct collection *));
    if (collections) index->collections = collections;
    uint64_t *stores = mem_realloc(index->stores, cap * sizeof *stores);
    if (stores) index->stores = stores;
    if (!collections || !stores) return -ERR_NO_MEMORY;
    index->cap = cap;
    return 0;
}

static int find_or_make(struct index *index, struct collection **ret, uint64_t store,
                        struct err *err)
{
    if ((*ret = index_find(index, store))) return 0;
    struct collection *c = mem_alloc(sizeof *c);
    if (!c || reserve(index) < 0 || numbers_put(&index->places, store, index->n) < 0) {
        mem_free(c);
        return err_set(err, ERR_NO_MEMORY, "there is no memory for another vector store");
    }
    collection_init(c);
    index->collections[index->n] = c;
    index->stores[index->n++] = store;
    *ret = c;
    return 0;
}

static int check_room(const struct index *index, struct err *err)
{
    if (index->bytes <= index->bytes_max) return 0;
    return err_set(err, ERR_LIMIT,
                   "the index of vector stores may take %zu MiB of memory, and this vector store "
                   "needs more: raise index_megabytes",
                   index->bytes_max >> 20);
}

int index_add(struct index *index, uint64_t store, uint32_t dimensions,
              const struct collection_chunk *chunks, uint32_t n, struct err *err)
{
    struct collection *c;
    TRY(find_or_make(index, &c, store, err));
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < n; i++) {
        size_t before = collection_bytes(c);
        rc = collection_add(c, &chunks[i], dimensions, err);
        index->bytes += collection_bytes(c) - before;
        if (rc == 0) rc = check_room(index, err);
    }
    if (rc < 0) index_remove(index, store);
    return rc;
}

int index_set_file(struct index *index, uint64_t store, uint64_t file, bool visible,
                   const struct index_attribute *attributes, uint32_t n, struct err *err)
{
    struct collection *c;
    TRY(find_or_make(index, &c, store, err));
    size_t before = collection_bytes(c);
    int rc = collection_set_file(c, file, visible, attributes, n, err);
    index->bytes += collection_bytes(c) - before;
    if (rc == 0) rc = check_room(index, err);
    if (rc < 0) index_remove(index, store);
    return rc;
}

void index_remove_file(struct index *index, uint64_t store, uint64_t file)
{
    struct collection *c = index_find(index, store);
    if (!c) return;
    size_t before = collection_bytes(c);
    collection_remove(c, file);
    collection_tidy(c);
    index->bytes += collection_bytes(c) - before;
}

void index_remove(struct index *index, uint64_t store)
{
    uint32_t place;
    if (!numbers_get(&index->places, store, &place)) return;
    struct collection *c = index->collections[place];
    index->bytes -= collection_bytes(c);
    collection_release(c);
    mem_free(c);
    numbers_remove(&index->places, store);
    uint32_t last = --index->n;
    if (place == last) return;
    index->collections[place] = index->collections[last];
    index->stores[place] = index->stores[last];
    int rc = numbers_put(&index->places, index->stores[place], place);
    assert(rc == 0); /* It is there already. */
}
