#include "index/numbers.h"

#include "base/seam.h"

#include <assert.h>

enum { CAP_MIN = 16 };

void numbers_init(struct numbers *n)
{
    *n = (struct numbers){ 0 };
}

void numbers_release(struct numbers *n)
{
    mem_free(n->entries);
    numbers_init(n);
}

/* Fibonacci hashing: numbers that follow each other spread over the table. */
static size_t home(const struct numbers *n, uint64_t number)
{
    return (size_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (n->cap - 1);
}

/* Its entry, or the free one where it belongs. There always is a free one. */
static struct numbers_entry *find(const struct numbers *n, uint64_t number)
{
    size_t i = home(n, number);
    while (n->entries[i].number && n->entries[i].number != number) i = (i + 1) & (n->cap - 1);
    return &n->entries[i];
}

static int grow(struct numbers *n)
{
    struct numbers grown = { .cap = n->cap ? n->cap * 2 : CAP_MIN, .len = n->len };
    grown.entries = mem_calloc(grown.cap, sizeof *grown.entries);
    if (!grown.entries) return -ERR_NO_MEMORY;
    for (size_t i = 0; i < n->cap; i++)
        if (n->entries[i].number) *find(&grown, n->entries[i].number) = n->entries[i];
    mem_free(n->entries);
    *n = grown;
    return 0;
}

int numbers_put(struct numbers *n, uint64_t number, uint32_t place)
{
    assert(number);
    struct numbers_entry *e = n->cap ? find(n, number) : NULL;
    bool is_new = !e || !e->number;
    if (is_new && n->len + 1 > n->cap / 4 * 3) {
        TRY(grow(n));
        e = find(n, number);
    }
    n->len += is_new;
    *e = (struct numbers_entry){ number, place };
    return 0;
}

bool numbers_get(const struct numbers *n, uint64_t number, uint32_t *ret)
{
    if (n->cap == 0 || number == 0) return false;
    const struct numbers_entry *e = find(n, number);
    if (!e->number) return false;
    *ret = e->place;
    return true;
}

void numbers_remove(struct numbers *n, uint64_t number)
{
    if (n->cap == 0 || number == 0) return;
    size_t mask = n->cap - 1, hole = (size_t)(find(n, number) - n->entries);
    if (!n->entries[hole].number) return;
    n->len--;
    /* Those behind it that would not be found across the hole move into it. */
    for (size_t i = (hole + 1) & mask; n->entries[i].number; i = (i + 1) & mask) {
        size_t want = home(n, n->entries[i].number);
        if (((i - want) & mask) < ((i - hole) & mask)) continue;
        n->entries[hole] = n->entries[i];
        hole = i;
    }
    n->entries[hole] = (struct numbers_entry){ 0 };
}
