/* response_run - one answer of the Responses API being made: from its request to its events and the
 * finished object. It knows no client and no store: those are its owner's (api/runner/responses.c).
 *
 * The same request, history, id, time and seed give the same events to the last byte, ids of items
 * included (they are drawn from the response's id), whatever else runs. So a run that broke off, by
 * a worker's death or the server's, is begun again and goes on where its reader stopped:
 * `events_from`. A worker's death in its course is mended inside, unseen.
 */
#ifndef TIRO_API_RESPONSE_RUN_H
#define TIRO_API_RESPONSE_RUN_H

#include "api/service.h"
#include "base/arena.h"

#include <jansson.h>

struct response_run;

/* How it ended. Pointers live until `end` returns. */
struct response_result {
    const char *status;   /* "completed", "incomplete", "failed" */
    struct slice body;    /* the Response object, as JSON; empty when there is no memory for it */
    const json_t *output; /* its items, with ids; NULL likewise */
    struct call_stats stats;
    const struct err *error; /* of "failed", else NULL: for a client that was told nothing yet */
    uint32_t retry_after_ms;
};

struct response_run_ops {
    /* The event `number` (0 and on, without gaps), as the JSON of its data line; `type` as in it:
     * "response.output_text.delta". */
    void (*event)(void *user, uint64_t number, const char *type, struct slice json);
    /* All events of one batch have been given: write out. The first time, a worker has said
     * something: what is wrong with the request has been found by then. The run may be cancelled
     * from inside. */
    void (*flush)(void *user);
    /* After the last event (response.completed, .incomplete or .failed). The run is gone when this
     * returns. */
    void (*end)(void *user, const struct response_result *result);
};

struct response_run_options {
    struct service *service;
    const struct principal *principal;
    struct slice request;  /* the body as the client sent it */
    const json_t *history; /* items before the request's own input, oldest first; NULL: none */
    bool stored;           /* what the object says of `store` */
    struct slice id;       /* resp_... */
    int64_t created_at;
    uint64_t seed;        /* for a request without one */
    uint64_t events_from; /* the first event to give: those before it have been given already */
    int32_t priority;     /* as in struct call */
    bool replay;          /* of one that has ended: nothing is done again, but told */
    const struct response_run_ops *ops;
    void *user;
};

/* Checks the request and submits it; what is wrong with it is said here, and then nothing happens.
 * response.created and response.in_progress (before it, of a background request, response.queued)
 * are given from inside, everything else later from the loop. Options are copied. */
int response_run_begin(struct response_run **ret, const struct response_run_options *options,
                       struct err *err) MUST_USE;
/* Stops it; no op is called any more. *ret_body gets the object as it stands, with the status
 * "cancelled", in `arena`. The run is gone also when that fails. */
int response_run_cancel(struct response_run *run, struct slice *ret_body, struct arena *arena,
                        struct err *err) MUST_USE;
/* The same, when nobody wants the object. */
void response_run_drop(struct response_run *run);
/* What it has taken so far, for the books of one that is stopped. */
struct call_stats response_run_stats(const struct response_run *run);
/* The object as it stands ("in_progress" or "queued"), in `arena`. */
int response_run_body(struct slice *ret, const struct response_run *run, struct arena *arena,
                      struct err *err) MUST_USE;
/* The request's own input as items with their ids, as GET .../input_items lists them; a new
 * reference. */
int response_run_input(json_t **ret, const struct response_run *run, struct err *err) MUST_USE;

#endif
