/* attempts - how often something may be tried: a bucket for each name, refilled with time.
 *
 *     uint32_t wait_ms = attempts_take(a, &attempts_of_account, login, now_ns());
 *     if (wait_ms) ... refuse, and say when to come again ...
 *     attempts_give_back(a, &attempts_of_account, login);      it was no guess after all
 *
 * A fixed table: a flood of names takes the places of those that have recovered most, so that its
 * memory is bounded and whoever is being guessed at stays. One thread.
 */
#ifndef TIRO_API_ATTEMPTS_H
#define TIRO_API_ATTEMPTS_H

#include "base/slice.h"

enum { ATTEMPTS_SLOTS = 4096, ATTEMPTS_PROBES = 16 };

struct attempts_limit {
    char kind;         /* of what; names of different kinds are different */
    uint32_t burst;    /* so many at once, */
    uint32_t every_ms; /* and one more after this */
};

/* Passwords of one account; and everything that one address tries. */
extern const struct attempts_limit attempts_of_account, attempts_of_address;

struct attempt {
    uint64_t name;    /* its hash; 0: free */
    uint64_t full_ns; /* when nothing of it counts any more */
};

struct attempts {
    struct attempt slots[ATTEMPTS_SLOTS];
};

/* 0: counted, and allowed. Else how many milliseconds until the next may be. */
uint32_t attempts_take(struct attempts *a, const struct attempts_limit *limit, struct slice name,
                       uint64_t now_ns);
void attempts_give_back(struct attempts *a, const struct attempts_limit *limit, struct slice name,
                        uint64_t now_ns);

#endif
