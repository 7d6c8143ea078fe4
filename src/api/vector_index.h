/* vector_index - keeps the index of vector stores (api/indexer.h) like the database.
 *
 * A store is filled when it is first searched, from the rows of its chunks in pages, and from then
 * on told what changes. The store's thread runs jobs in order, and each tells its change here when
 * it has been committed: so a page that was read before a change is sent before it, and nothing is
 * there twice or missing. What the index loses, by the death of its process or for want of memory,
 * is filled again when it is next searched; the store used least recently makes room.
 */
#ifndef TIRO_API_VECTOR_INDEX_H
#define TIRO_API_VECTOR_INDEX_H

#include "api/indexer.h"
#include "api/service.h"

struct vector_index;

/* Someone who waits until a store is filled; in his memory. */
struct vector_wait {
    void (*done)(struct vector_wait *wait, const struct err *err); /* err NULL: it is */
    /* vector_index's own. */
    struct vector_wait *next, **at;
};

int vector_index_open(struct vector_index **ret, struct service *service, struct err *err) MUST_USE;
void vector_index_close(struct vector_index *ix); /* NULL is fine; nobody is told any more. */

/* 1: the store is filled. 0: it will be, or not, and `wait` is told later; possibly from inside. */
int vector_index_need(struct vector_index *ix, int64_t store, struct vector_wait *wait,
                      struct err *err) MUST_USE;
void vector_index_unwait(struct vector_wait *wait); /* One that is not waiting is fine. */

/* A change of the store that is committed now: either chunks that have come, or files. */
void vector_index_change(struct vector_index *ix, const struct msg_index *change);
/* All of it has gone. */
void vector_index_forget(struct vector_index *ix, int64_t store);

#endif
