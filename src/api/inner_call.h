/* inner_call - one request of the API run from inside, as if it had come over HTTP.
 *
 *     struct inner_call_options o = { .service = service, .principal = p, .method = SLICE("POST"),
 *                                     .path = SLICE("/v1/embeddings"), .body = body,
 *                                     .priority = -1, .end = on_answer, .user = line };
 *     TRY(inner_call_begin(&line->call, &o, err));
 *
 * Whatever becomes of the request is an answer: a status and a body, errors too. `end` gives it,
 * once, from the loop or from inside inner_call_begin; *ret is set before, and the call is gone
 * when `end` returns. Streams are refused: one that begins is closed, and the answer is a 400.
 *
 * Nothing is booked or stored for it (call->books_itself is set): that is its owner's.
 */
#ifndef TIRO_API_INNER_CALL_H
#define TIRO_API_INNER_CALL_H

#include "api/call.h"
#include "api/service.h"

struct inner_call;

enum { INNER_REQUEST_ID_MAX = 48 };

/* Pointers live until `end` returns. */
struct inner_answer {
    int status; /* HTTP's */
    struct slice body;
    const char *request_id;
    uint32_t retry_after_ms; /* 0: not said */
    struct call_stats stats;
};

struct inner_call_options {
    struct service *service;
    const struct principal *principal;
    struct slice method, path, body; /* the path without a query; needed during begin only */
    int32_t priority;
    bool has_seed;
    uint64_t seed; /* for a request that brings none */
    void (*end)(void *user, const struct inner_answer *answer);
    void *user;
};

/* -ERR_NO_MEMORY, and then no `end`. */
int inner_call_begin(struct inner_call **ret, const struct inner_call_options *options,
                     struct err *err) MUST_USE;
/* Stops it; no `end` follows. Not from inside `end`. NULL is fine. */
void inner_call_cancel(struct inner_call *c);

#endif
