/* supervisor - one worker process per loaded model: started, fed, watched, started again.
 *
 *     TRY(supervisor_open(&s, &options, err));
 *     TRY(supervisor_add(s, &model, err));
 *     backend = supervisor_backend(s);              api/backend.h: what endpoints see
 *     supervisor_stop(s);                           workers are told to end
 *     supervisor_close(s);                          once supervisor_is_gone; the loop frees it
 *
 * A model is idle until a request names it (or at start, when it is to be preloaded); then a
 * worker is started, says hello, loads, and is ready. Requests that come meanwhile wait in a
 * bounded queue, not longer than its age limit.
 *
 * When a worker dies, every request of which nothing has reached the client is tried once more on
 * the next worker, every other one gets its error, and the worker is started again: at once the
 * first time, then after waits that double up to SUPERVISOR_BACKOFF_MAX_MS. A model file that the
 * worker refuses is not tried again before the file changes; a load that failed for want of memory,
 * or because its process ended, by the first request after SUPERVISOR_REST_MS. Other models notice
 * nothing.
 *
 * Workers with requests are asked for their numbers now and then; one that says nothing at all for
 * SUPERVISOR_SILENCE_MS hangs, and is treated as dead.
 *
 * What a worker says is checked by proto and believed in no more than that: unknown ids are
 * ignored, and a worker that breaks the protocol is ended.
 */
#ifndef TIRO_GATEWAY_SUPERVISOR_H
#define TIRO_GATEWAY_SUPERVISOR_H

#include "api/backend.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "gateway/gateway.h"
#include "gateway/metrics.h"

#include <uv.h>

enum {
    SUPERVISOR_MODELS_MAX = 1024,
    SUPERVISOR_QUEUE_MAX = 256,
    SUPERVISOR_IN_FLIGHT_MAX = 1024,
    SUPERVISOR_IDLE_PERCENT = 75, /* Of both, for requests of a priority below 0. */
    SUPERVISOR_QUEUE_AGE_MS = 120 * 1000,
    SUPERVISOR_BACKOFF_MIN_MS = 250,
    SUPERVISOR_BACKOFF_MAX_MS = 2 * 1000,
    SUPERVISOR_HEALTHY_MS = 30 * 1000, /* Ready for so long: earlier crashes are forgotten. */
    SUPERVISOR_LOAD_CRASHES_MAX = 3,   /* In a row, while loading: the model is given up. */
    SUPERVISOR_REST_MS = 60 * 1000,    /* Then a failed load that may have passed is tried again. */
    SUPERVISOR_HELLO_MS = 30 * 1000,
    SUPERVISOR_QUIT_MS = 3 * 1000,      /* Then SIGKILL. */
    SUPERVISOR_SILENCE_MS = 120 * 1000, /* A step of the slowest model takes less. */
    SUPERVISOR_POLL_MS = 5 * 1000,      /* Between two questions for numbers. */
    SUPERVISOR_PACK_IDLE_MS = 2 * 1000, /* Without requests: weights may be packed to disk. */
};

struct supervisor;

struct supervisor_options {
    uv_loop_t *loop;
    struct metrics *metrics;
    const struct gateway_options *gateway; /* Must outlive it. */
};

int supervisor_open(struct supervisor **ret, const struct supervisor_options *options,
                    struct err *err) MUST_USE;
void supervisor_stop(struct supervisor *s);
/* No worker is left, after supervisor_stop. */
bool supervisor_is_gone(const struct supervisor *s);
/* Once supervisor_is_gone. NULL is fine. */
void supervisor_close(struct supervisor *s);

struct backend *supervisor_backend(struct supervisor *s);
/* Adds, or replaces: the old worker ends when its requests have. */
int supervisor_add(struct supervisor *s, const struct gateway_model *model,
                   struct err *err) MUST_USE;
/* Forgets the model; its requests get an error. -ERR_MODEL_NOT_FOUND. */
int supervisor_remove(struct supervisor *s, struct slice name, struct err *err) MUST_USE;
/* Ends the worker, which gives its memory back; the model stays and is loaded again on demand. */
int supervisor_unload(struct supervisor *s, struct slice name, struct err *err) MUST_USE;

/* No model that is to be preloaded is still on its way. */
bool supervisor_is_ready(const struct supervisor *s);
/* An array of the models with everything known of them. */
void supervisor_write_status(struct supervisor *s, struct json_writer *w);
void supervisor_write_metrics(struct supervisor *s, struct buf *out);

#endif
