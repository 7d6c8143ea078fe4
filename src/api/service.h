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
struct people;
struct runner;
struct service;
struct service_timer;

/* Something that takes too long for the loop: reading, writing, hashing. */
struct service_work {
    void (*run)(struct service_work *work);  /* on another thread; touches only its own */
    void (*done)(struct service_work *work); /* on the loop, after it */
};

struct extraction;

struct service_ops {
    /* Calls `fire` once on the loop after `ms`; NULL without memory. */
    struct service_timer *(*timer)(struct service *service, uint64_t ms, void (*fire)(void *user),
                                   void *user);
    /* Before it has fired; it is gone then. NULL is fine. */
    void (*timer_cancel)(struct service *service, struct service_timer *timer);
    /* -ERR_NO_MEMORY: `done` is not called. It may be called after the store has closed. */
    int (*work)(struct service *service, struct service_work *work, struct err *err);
    /* api/extract.h */
    int (*extract)(struct service *service, struct extraction *x, struct err *err);
    void (*extract_cancel)(struct service *service, struct extraction *x);
    /* api/press.h */
    int (*press)(struct service *service, struct extraction *x, struct err *err);
    void (*press_cancel)(struct service *service, struct extraction *x);
};

struct service {
    const struct service_ops *ops;
    struct backend *backend;
    struct store *store;         /* NULL: closed */
    struct people *people;       /* who may sign in: api/people.h; NULL: nobody */
    struct indexer *indexer;     /* of vector stores: api/indexer.h */
    const char *embedding_model; /* that they are made with; NULL: the first that is here */
    const char *data_dir;        /* files/ lies in it */
    uint64_t file_bytes_max;     /* of one project's files; 0: any number */
    void **runners; /* the state of each of runner_registry, in its order (api/runner.h) */
    /* How long each of retention_registry (store/retention.h) is kept; NULL: for ever. */
    const int64_t *retention_days;
    bool draining; /* begin nothing new */
};

#endif
