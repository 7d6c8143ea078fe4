#include "base/map.h"

#include "base/seam.h"

#include <assert.h>

void map_init(struct map *m)
{
    *m = (struct map){ 0 };
}

void map_release(struct map *m)
{
    mem_free(m->entries);
    map_init(m);
}

/* The entry of `key`, or the free one where it belongs. There always is a free one. */
static struct map_entry *find(const struct map *m, struct slice key, uint32_t hash)
{
    size_t i = hash & (m->cap - 1);
    while (m->entries[i].key.ptr &&
           !(m->entries[i].hash == hash && slice_eq(m->entries[i].key, key)))
        i = (i + 1) & (m->cap - 1);
    return &m->entries[i];
}

int map_reserve(struct map *m, size_t len)
{
    if (len > SIZE_MAX / 4) return -ERR_NO_MEMORY;
    size_t cap = m->cap ? m->cap : 16;
    while (len > cap / 4 * 3) cap *= 2;
    if (cap == m->cap) return 0;
    struct map grown = { .entries = mem_calloc(cap, sizeof *grown.entries), .cap = cap };
    if (!grown.entries) return -ERR_NO_MEMORY;
    for (size_t i = 0; i < m->cap; i++)
        if (m->entries[i].key.ptr)
            *find(&grown, m->entries[i].key, m->entries[i].hash) = m->entries[i];
    grown.len = m->len;
    mem_free(m->entries);
    *m = grown;
    return 0;
}

int map_put(struct map *m, struct slice key, uint32_t value)
{
    assert(key.ptr);
    TRY(map_reserve(m, m->len + 1));
    uint32_t hash = (uint32_t)slice_hash(key);
    struct map_entry *e = find(m, key, hash);
    if (!e->key.ptr) m->len++;
    *e = (struct map_entry){ key, hash, value };
    return 0;
}

bool map_get(const struct map *m, struct slice key, uint32_t *ret)
{
    if (m->cap == 0) return false;
    const struct map_entry *e = find(m, key, (uint32_t)slice_hash(key));
    if (!e->key.ptr) return false;
    *ret = e->value;
    return true;
}
