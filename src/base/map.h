/* map - from byte strings to 32-bit values; safe against chosen keys (SipHash, see slice_hash).
 *
 * Keys are not copied: they must outlive the map. Built once, then read from any thread.
 */
#ifndef TIRO_BASE_MAP_H
#define TIRO_BASE_MAP_H

#include "base/err.h"
#include "base/slice.h"

struct map_entry {
    struct slice key; /* ptr NULL: free. */
    uint32_t hash, value;
};

struct map {
    struct map_entry *entries; /* cap of them; cap is 0 or a power of two */
    size_t cap, len;
};

void map_init(struct map *m);
void map_release(struct map *m);
/* Makes room for `len` keys in all. */
int map_reserve(struct map *m, size_t len) MUST_USE;
/* Adds or replaces; -ERR_NO_MEMORY. key.ptr must not be NULL. */
int map_put(struct map *m, struct slice key, uint32_t value) MUST_USE;
bool map_get(const struct map *m, struct slice key, uint32_t *ret);

#endif
