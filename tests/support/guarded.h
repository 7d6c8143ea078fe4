/* guarded - a copy of bytes that ends exactly at an unreadable page: one read too far faults. */
#ifndef TIRO_TESTS_GUARDED_H
#define TIRO_TESTS_GUARDED_H

#include "base/slice.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guarded {
    char *map, *end; /* Copies end at `end`. */
    size_t size, map_size;
};

/* Room for copies of up to `size` bytes. */
static inline void guarded_init(struct guarded *g, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    g->size = (size + page - 1) / page * page + page;
    g->map_size = g->size + page;
    g->map = mmap(NULL, g->map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert(g->map != MAP_FAILED);
    g->end = g->map + g->size;
    int rc = mprotect(g->end, page, PROT_NONE);
    assert(rc == 0);
}

/* Valid until the next copy. */
static inline struct slice guarded_copy(struct guarded *g, struct slice s)
{
    assert(s.len <= g->size);
    char *at = g->end - s.len;
    if (s.len) memcpy(at, s.ptr, s.len);
    return (struct slice){ at, s.len };
}

static inline void guarded_release(struct guarded *g)
{
    int rc = munmap(g->map, g->map_size);
    assert(rc == 0);
}

#endif
