/* arena - memory grouped by lifetime: many allocations, one release, and a cap.
 *
 *     struct arena a;
 *     arena_init(&a, 1 << 20);             at most 1 MiB in all
 *     char *copy = arena_strndup(&a, s, len);
 *     struct arena_mark m = arena_mark(&a);
 *     ... scratch ...
 *     arena_reset_to(&a, m);
 *     arena_release(&a);
 *
 * Owner: one thread. An allocation over the cap, or without memory, returns NULL and sets
 * `a.failed`, so that a long parse may check once at its end.
 */
#ifndef TIRO_BASE_ARENA_H
#define TIRO_BASE_ARENA_H

#include "base/err.h"
#include "base/slice.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *head; /* Newest first. */
    size_t used, cap;         /* Bytes handed out (with padding), and the most there may be. */
    bool failed;
};

struct arena_mark {
    struct arena_chunk *chunk;
    size_t chunk_used, used;
};

void arena_init(struct arena *a, size_t cap);
void arena_release(struct arena *a);
void arena_reset(struct arena *a);
struct arena_mark arena_mark(const struct arena *a);
void arena_reset_to(struct arena *a, struct arena_mark mark);

/* 16-byte aligned and zeroed; NULL on failure. */
void *arena_alloc(struct arena *a, size_t size);
/* An array; the product is checked. */
void *arena_array(struct arena *a, size_t count, size_t size);
char *arena_strndup(struct arena *a, const char *s, size_t len); /* NUL-terminated */
char *arena_strdup(struct arena *a, const char *s);
struct slice arena_slice(struct arena *a, struct slice s); /* ptr is NULL on failure */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* ERR_LIMIT over the cap, ERR_NO_MEMORY otherwise; 0 when nothing failed. */
int arena_check(const struct arena *a, const char *what, struct err *err) MUST_USE;

#define ARENA_NEW(a, type)         ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_NEWS(a, count, type) ((type *)arena_array((a), (count), sizeof(type)))

#endif
