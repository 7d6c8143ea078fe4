/* array - growing arrays of the grammar layer.
 *
 *     ARRAY(int32_t) todo = { 0 };
 *     if (!ARRAY_ADD(todo, 7)) return -ERR_NO_MEMORY;      todo.at[0 .. todo.n)
 *     mem_free(todo.at);
 */
#ifndef TIRO_GRAMMAR_ARRAY_H
#define TIRO_GRAMMAR_ARRAY_H

#include "base/seam.h"

#include <string.h>

#define ARRAY(type)    \
    struct {           \
        type *at;      \
        size_t n, cap; \
    }
#define ARRAY_ROOM(array, want) array_room(&(array).at, &(array).cap, (want), sizeof *(array).at)
#define ARRAY_ADD(array, ...) \
    (ARRAY_ROOM(array, (array).n + 1) && ((array).at[(array).n++] = (__VA_ARGS__), true))
/* Gives back what is not in use; keeps it where that fails. */
#define ARRAY_SHRINK(array) array_shrink(&(array).at, &(array).cap, (array).n, sizeof *(array).at)

/* `pointer` is the address of the array's pointer. */
static inline bool array_resize(void *pointer, size_t *cap, size_t want, size_t size)
{
    void *old;
    size_t bytes;
    memcpy(&old, pointer, sizeof old);
    if (__builtin_mul_overflow(want, size, &bytes)) return false;
    void *moved = mem_realloc(old, bytes);
    if (!moved) return false;
    memcpy(pointer, &moved, sizeof moved);
    *cap = want;
    return true;
}

static inline bool array_room(void *pointer, size_t *cap, size_t want, size_t size)
{
    if (want <= *cap) return true;
    size_t doubled = *cap ? 2 * *cap : 16;
    return array_resize(pointer, cap, want < doubled ? doubled : want, size);
}

static inline void array_shrink(void *pointer, size_t *cap, size_t n, size_t size)
{
    size_t want = n < 16 ? 16 : n;
    if (want < *cap) (void)array_resize(pointer, cap, want, size); /* Keeping it is no harm. */
}

#endif
