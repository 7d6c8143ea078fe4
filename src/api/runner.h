/* runner - work that goes on behind requests: background answers, batches, expiry. A file in
 * api/runner/ that ends in a descriptor.
 *
 *     const struct runner runner_batches = { .start = start, .stop = stop };
 *
 * The build finds it. start() picks up what an earlier process left unfinished, so a runner keeps
 * all it must remember in the store. An endpoint reaches its runner's state by
 * runner_state(call->service, &runner_batches).
 */
#ifndef TIRO_API_RUNNER_H
#define TIRO_API_RUNNER_H

#include "api/service.h"

struct runner {
    /* Once, when the server begins; nothing is submitted to models from inside. */
    int (*start)(struct service *service, void **ret_state, struct err *err);
    /* The server ends soon: begin nothing new. May be NULL. */
    void (*drain)(void *state);
    /* Cancels what runs and frees the state; jobs already in the store may still end after it, so
     * they hold no pointer into it. */
    void (*stop)(void *state);
};

extern const struct runner *const runner_registry[];
extern const size_t runner_registry_len;

int runners_start(struct service *service, struct err *err) MUST_USE;
void runners_drain(struct service *service);
void runners_stop(struct service *service); /* Also after a failed start. */
void *runner_state(const struct service *service, const struct runner *runner);

#endif
