#include "api/attempts.h"

enum { NS_PER_MS = 1000 * 1000 };

const struct attempts_limit attempts_of_account = { 'u', 10, 60 * 1000 };
const struct attempts_limit attempts_of_address = { 'a', 60, 5 * 1000 };

static uint64_t name_of(const struct attempts_limit *limit, struct slice name)
{
    uint64_t hash = slice_hash(name) ^ ((uint64_t)(unsigned char)limit->kind << 56);
    return hash ? hash : 1;
}

/* Its slot, or the one to take for it: of those where it may be, what has recovered most. */
static struct attempt *find(struct attempts *a, uint64_t name)
{
    struct attempt *best = NULL;
    for (size_t i = 0; i < ATTEMPTS_PROBES; i++) {
        struct attempt *slot = &a->slots[(name + i) % ATTEMPTS_SLOTS];
        if (slot->name == name) return slot;
        if (!best || slot->full_ns < best->full_ns) best = slot;
    }
    *best = (struct attempt){ .name = name };
    return best;
}

uint32_t attempts_take(struct attempts *a, const struct attempts_limit *limit, struct slice name,
                       uint64_t now_ns)
{
    uint64_t step = (uint64_t)limit->every_ms * NS_PER_MS;
    struct attempt *slot = find(a, name_of(limit, name));
    if (slot->full_ns < now_ns) slot->full_ns = now_ns;
    uint64_t after = slot->full_ns + step, most = now_ns + limit->burst * step;
    if (after > most) return (uint32_t)((after - most + NS_PER_MS - 1) / NS_PER_MS);
    slot->full_ns = after;
    return 0;
}

void attempts_give_back(struct attempts *a, const struct attempts_limit *limit, struct slice name,
                        uint64_t now_ns)
{
    uint64_t step = (uint64_t)limit->every_ms * NS_PER_MS;
    struct attempt *slot = find(a, name_of(limit, name));
    if (slot->full_ns > now_ns + step)
        slot->full_ns -= step;
    else
        slot->full_ns = now_ns;
}
