/* memory - allocations that fail, in whatever thread: the n-th, once or from then on; and a clock
 * that goes on by a second each time it is read.
 *
 *     seams.alloc = memory_alloc, seams.realloc = memory_realloc;
 *     atomic_store(&memory_left, n);      none fails while it is negative
 *     ...
 *     if (!atomic_load(&memory_hit)) ...  nothing was left to fail
 */
#ifndef TIRO_TESTS_MEMORY_H
#define TIRO_TESTS_MEMORY_H

#include "base/seam.h"

#include <stdatomic.h>
#include <stdbool.h>

static atomic_int memory_left = -1; /* until one fails */
static atomic_bool memory_forever, memory_hit;
static _Atomic uint64_t memory_clock_s;

static inline bool memory_fails(void)
{
    int before = atomic_load(&memory_left);
    if (before < 0) return false;
    if (before > 0) {
        atomic_fetch_sub(&memory_left, 1);
        return false;
    }
    if (!atomic_load(&memory_forever)) atomic_store(&memory_left, -1);
    atomic_store(&memory_hit, true);
    return true;
}

static inline void *memory_alloc(size_t size)
{
    return memory_fails() ? NULL : seams_real.alloc(size);
}

static inline void *memory_realloc(void *ptr, size_t size)
{
    return memory_fails() ? NULL : seams_real.realloc(ptr, size);
}

static inline uint64_t memory_clock(void)
{
    return ++memory_clock_s * 1000000000u;
}

#endif
