/* responses - the answers of the Responses API that are being made: what endpoints ask of the
 * runner (api/runner/responses.c) that makes them.
 *
 * Responses are found here by their id alone: whoever asks has seen its row, and so that it is the
 * caller's.
 */
#ifndef TIRO_API_RESPONSES_H
#define TIRO_API_RESPONSES_H

#include "api/call.h"
#include "api/runner.h"
#include "store/seal.h"

enum {
    RESPONSES_BACKGROUND_MAX = 1024,        /* unfinished ones of the server */
    RESPONSES_BACKGROUND_PROJECT_MAX = 256, /* of one project */
    RESPONSES_TURNS_MAX = 16,   /* that run at a time, of those in the background or begun again */
    RESPONSES_REPLAYS_MAX = 32, /* streams of responses that have ended */
    RESPONSES_KEPT_MAX = 64,    /* ended ones whose events are still in memory */
    RESPONSES_EVENTS_MAX = 128 << 20, /* bytes of all events in memory */
    RESPONSES_RETRY_MS = 1000,
};

extern const struct runner runner_responses;

/* A POST /v1/responses. Slices are copied. */
struct responses_ask {
    struct slice request, model;
    struct slice previous_id, conversation_id; /* ptr NULL: none */
    bool stored, background, stream;
    bool indirect;    /* its input holds references or compactions (api/response_history.h) */
    bool shows_files; /* or files (api/prompt_files.h) */
};

/* The call is answered with it, now or later. */
int responses_begin(struct call *call, const struct responses_ask *ask, struct err *err) MUST_USE;
/* As it stands, in the arena; 0: the row says it. */
int responses_body(struct slice *ret, const struct service *service, struct slice id,
                   struct arena *arena, struct err *err) MUST_USE;
/* Answers the call with its events from `number` on: as they come, or made again. */
int responses_stream(struct call *call, struct slice id, uint64_t number, struct err *err) MUST_USE;
/* Cancels it and answers with the object; 0: it is not being made, and the call not answered. */
int responses_cancel(struct call *call, struct slice id, struct err *err) MUST_USE;
/* It is to be deleted: cancelled, and nothing of it kept in memory. Not one of another project. */
void responses_forget(struct call *call, struct slice id);
/* The same of all of an owner. */
void responses_leave(struct service *service, const struct principal *owner);
/* Of compactions; -ERR_SHUTTING_DOWN when the server ends. */
int responses_seal_key(const struct seal_key **ret, const struct service *service,
                       struct err *err) MUST_USE;

#endif
