/* service - what endpoints and runners share: models, store, data directory, time.
 *
 * The gateway makes one and gives it to every call; tests make their own (tests/unit/api/fake.h).
 * One loop thread.
 */
#ifndef TIRO_API_SERVICE_H
#define TIRO_API_SERVICE_H

#include "api/backend.h"
#include "store/store.h"

struct indexer;
struct runner;
struct service;
struct service_timer;

struct service_ops {
    /* Calls `fire` once on the loop after `ms`; NULL without memory. */
    struct service_timer *(*timer)(struct service *service, uint64_t ms, void (*fire)(void *user),
                                   void *user);
    /* Before it has fired; it is gone then. NULL is fine. */
    void (*timer_cancel)(struct service *service, struct service_timer *timer);
};

struct service {
    const struct service_ops *ops;
    struct backend *backend;
    struct store *store;
    struct indexer *indexer; /* of vector stores: api/indexer.h */
    const char *embedding_model; /* that vector stores are made with; NULL: the first that is here */
    const char *data_dir; /* files/ lies in it */
    void **runners;       /* the state of each of runner_registry, in its order (api/runner.h) */
    bool draining;        /* begin nothing new */
};

#endif
