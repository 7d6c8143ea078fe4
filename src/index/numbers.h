/* numbers - from 64-bit numbers to 32-bit places; numbers are the gateway's own, so nobody chooses
 * them to collide. Removing is allowed. */
#ifndef TIRO_INDEX_NUMBERS_H
#define TIRO_INDEX_NUMBERS_H

#include "base/err.h"

#include <stdint.h>

struct numbers_entry {
    uint64_t number; /* 0: free */
    uint32_t place;
};

struct numbers {
    struct numbers_entry *entries; /* cap of them; cap is 0 or a power of two */
    size_t cap, len;
};

void numbers_init(struct numbers *n);
void numbers_release(struct numbers *n);
/* Adds or replaces; number is not 0. -ERR_NO_MEMORY, never for one that is there. */
int numbers_put(struct numbers *n, uint64_t number, uint32_t place) MUST_USE;
bool numbers_get(const struct numbers *n, uint64_t number, uint32_t *ret);
void numbers_remove(struct numbers *n, uint64_t number); /* One that is not there is fine. */

#endif
