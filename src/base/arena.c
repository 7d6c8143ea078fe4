#include "base/arena.h"

#include "base/seam.h"

#include <assert.h>
#include <stdio.h>

enum { CHUNK_MIN = 1024, CHUNK_MAX = 1 << 20, ALIGN = 16 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    _Alignas(ALIGN) char data[];
};

void arena_init(struct arena *a, size_t cap)
{
    *a = (struct arena){ .cap = cap };
}

void arena_release(struct arena *a)
{
    while (a->head) {
        struct arena_chunk *next = a->head->next;
        mem_free(a->head);
        a->head = next;
    }
    a->used = 0;
}

void arena_reset(struct arena *a)
{
    arena_reset_to(a, (struct arena_mark){ 0 });
    a->failed = false;
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){ a->head, a->head ? a->head->used : 0, a->used };
}

void arena_reset_to(struct arena *a, struct arena_mark mark)
{
    while (a->head != mark.chunk) {
        assert(a->head); /* The mark belongs to this arena and is not older than its last reset. */
        struct arena_chunk *next = a->head->next;
        mem_free(a->head);
        a->head = next;
    }
    if (a->head) a->head->used = mark.chunk_used;
    a->used = mark.used;
}

static bool grow(struct arena *a, size_t need)
{
    size_t size = a->head ? 2 * a->head->size : CHUNK_MIN;
    if (size > CHUNK_MAX) size = CHUNK_MAX;
    if (size < need) size = need;
    struct arena_chunk *chunk = mem_alloc(sizeof *chunk + size);
    if (!chunk) return false;
    *chunk = (struct arena_chunk){ .next = a->head, .size = size };
    a->head = chunk;
    return true;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t need;
    if (size == 0) size = 1;
    if (__builtin_add_overflow(size, (size_t)ALIGN - 1, &need)) goto fail;
    need &= ~(size_t)(ALIGN - 1);
    if (need > a->cap - a->used) goto fail;
    if (!a->head || a->head->size - a->head->used < need)
        if (!grow(a, need)) goto fail;
    void *p = a->head->data + a->head->used;
    a->head->used += need;
    a->used += need;
    memset(p, 0, need);
    return p;
fail:
    a->failed = true;
    return NULL;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        a->failed = true;
        return NULL;
    }
    return arena_alloc(a, total);
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
    if (len == SIZE_MAX) {
        a->failed = true;
        return NULL;
    }
    char *copy = arena_alloc(a, len + 1);
    if (copy && len) memcpy(copy, s, len);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

struct slice arena_slice(struct arena *a, struct slice s)
{
    char *copy = arena_strndup(a, s.ptr, s.len);
    return (struct slice){ copy, copy ? s.len : 0 };
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *out = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (out) (void)vsnprintf(out, (size_t)n + 1, fmt, again); /* Sized just above. */
    va_end(again);
    return out;
}

int arena_check(const struct arena *a, const char *what, struct err *err)
{
    if (!a->failed) return 0;
    if (a->used + CHUNK_MIN > a->cap || a->cap - a->used < a->cap / 2)
        return err_set(err, ERR_LIMIT, "%s needs more than %zu bytes of memory", what, a->cap);
    return err_set(err, ERR_NO_MEMORY, "out of memory for %s", what);
}
