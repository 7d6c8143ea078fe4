/* response_state - what a response being made consists of; shared by response_run.c (its life),
 * response_turn.c (what a worker says), response_events.c (what is told of it) and
 * response_answer.c (the object).
 *
 *     request ─► turn: a worker's request ─► items ─► events, and `output`
 *                 ▲                            │
 *                 └── results of server tools ─┘
 *
 * Everything that an event shows follows from the request, the history, the response's id and
 * time, the seed, and the tokens: pieces are told as the worker tells them, which is token by
 * token. So a turn that is made again, by a new worker or a new server, counts its events from
 * where it began and gives those from `events_from` on.
 */
#ifndef TIRO_API_RESPONSE_STATE_H
#define TIRO_API_RESPONSE_STATE_H

#include "api/fan.h"
#include "api/messages.h"
#include "api/reply.h"
#include "api/response_ids.h"
#include "api/response_input.h"
#include "api/response_request.h"
#include "api/response_run.h"
#include "api/response_tools.h"

enum {
    RESPONSE_BYTES_MAX = 64 << 20,   /* of one response's texts, and of its object */
    RESPONSE_REQUEST_MAX = 48 << 20, /* what parsing a request may take beside its JSON values */
    RESPONSE_TURNS_MAX = 32,         /* worker requests of one response; then no server's tools */
};

enum response_item_kind {
    RESPONSE_ITEM_NONE,
    RESPONSE_ITEM_REASONING,
    RESPONSE_ITEM_MESSAGE,
    RESPONSE_ITEM_FUNCTION,
    RESPONSE_ITEM_CUSTOM,
};

/* The item that is being made. */
struct response_item {
    enum response_item_kind kind;
    char id[RESPONSE_ID_MAX], call_id[RESPONSE_ID_MAX];
    struct slice name;   /* of a call: one of the tools' names */
    struct buf text;     /* text, thoughts, arguments or input */
    struct buf logprobs; /* JSON, without the brackets */
    json_t *annotations; /* NULL: none */
};

/* A call of a tool that the server runs, made in this turn. */
struct response_call {
    const struct response_server_tool *server;
    char item_id[RESPONSE_ID_MAX], call_id[RESPONSE_ID_MAX];
    uint32_t index; /* the worker's */
    struct buf arguments;
    struct slice text; /* its result, in the request's arena */
    bool ignored;      /* one more than max_tool_calls */
};

/* To shorten what is too long: the fewest of the oldest messages are left out. */
struct response_cut {
    bool counting; /* the fan counts tokens; it does not generate */
    const struct msg_chat *all;
    uint32_t n_all;
    uint32_t user, tail; /* the user's last message; what stays at the end begins here */
    uint32_t most;       /* messages that may be left out */
    uint32_t low, high;  /* of them `low` were too few, `high` are enough; high 0: unknown */
    uint32_t tried;
    uint32_t n_tokens; /* of what was tried */
    struct err err;    /* that it was too long */
};

struct response_run {
    struct fan fan;   /* first: see api/fan.h; of the turn */
    struct call call; /* nobody's: for the fan and what reads requests */
    struct response_run_options o;
    struct arena arena;   /* as long as the run */
    struct arena scratch; /* of the request; gone once no turn needs it */
    json_t *document;     /* the request's; gone with it */
    json_t *history;
    json_t *input; /* items */
    json_t *files; /* texts that they show (api/prompt_files.h) */
    const char *model;
    struct msg_request request; /* of the turn */
    struct response_tools tools;
    struct slice echo; /* what the object repeats of the request: members, as JSON */
    bool queued;       /* background, until response.queued is told */
    bool background, cuts, wants_logprobs, keeps_request;
    uint32_t max_tool_calls, max_tokens;
    bool has_max_tool_calls, has_max_tokens;

    /* Of all turns. */
    uint64_t number;  /* of the next event */
    struct buf event; /* the one being written */
    struct json_writer w;
    struct buf output; /* items that are done: JSON, without the brackets */
    uint32_t n_output, n_turns;
    uint32_t n_calls_made, n_client_calls; /* of the server's tools, of the client's */
    uint64_t input_tokens, cached_tokens, output_tokens, reasoning_tokens;
    json_t *sources; /* of server tools: {"tool", "sources"} */
    bool failed;     /* no memory: what was told has a hole */

    /* Of the turn. */
    struct response_item item;
    struct buf turn_text;        /* what it says, when a server's tool may need it told again */
    struct response_call *calls; /* n_calls of room_calls */
    uint32_t n_calls, room_calls;
    uint32_t finish_reason, turn_tokens, turn_reasoning;
    bool turn_ended;   /* and counted */
    int32_t last_tool; /* the worker's number of the last call; -1: none */
    struct {           /* where it began, for when it is made again */
        uint64_t number;
        size_t output_len;
        uint32_t n_output, n_client_calls;
    } begun;

    /* Of a server's tool that runs. */
    uint32_t at_call;
    struct server_tool_call *running;

    struct response_cut cut;
};

/* ---- response_turn.c ---- */

extern const struct fan_ops response_turn_ops;
/* Sends run->request. */
int response_turn_begin(struct response_run *run, struct err *err) MUST_USE;
void response_turn_forget(struct response_run *run); /* its item and calls */
void response_turn_release(struct response_run *run);

/* ---- response_cut.c ---- */

/* The input was too long: begins to shorten it. False: it cannot, and the error stands. */
bool response_cut_begin(struct response_run *run, const struct err *too_long);
/* The tokens of a try were counted. */
void response_cut_counted(struct response_run *run);

/* ---- response_calls.c ---- */

/* Runs the calls of the turn, one after the other; then begins the next turn, or ends. */
void response_calls_begin(struct response_run *run);
void response_calls_cancel(struct response_run *run);
/* What the message that is being made cites. */
int response_calls_annotate(struct response_run *run, struct err *err) MUST_USE;

/* ---- response_events.c ---- */

/* One event: a writer inside its object, behind type and sequence_number. */
struct json_writer *response_event_begin(struct response_run *run, const char *type);
void response_event_end(struct response_run *run, const char *type);
/* One that has the whole object, as response_object_write writes it. */
void response_tell_state(struct response_run *run, const char *type, const char *status,
                         const struct err *error);
/* The item begins (`name`: of a call), gets more, is done and joins the output. */
void response_item_begin(struct response_run *run, enum response_item_kind kind, struct slice name);
void response_item_text(struct response_run *run, struct slice text,
                        const struct msg_logprob *logprobs, uint32_t n_logprobs);
void response_item_end(struct response_run *run, bool whole);
void response_item_forget(struct response_run *run);
/* {"item_id", "output_index"} */
void response_event_place(struct response_run *run, const char *item_id);
/* A writer for the next item of the output. */
void response_output_begin(struct response_run *run, struct json_writer *w);

/* ---- response_answer.c ---- */

int response_echo(struct slice *ret, const struct response_run *run, const struct response_req *req,
                  struct err *err) MUST_USE;
/* The object. `status` NULL: as it stands. `error`: of "failed". */
void response_object_write(struct json_writer *w, const struct response_run *run,
                           const char *status, const struct err *error);
/* The item that is being made, and its one part. `empty`: as it began. */
void response_item_write(struct json_writer *w, const struct response_run *run, const char *status,
                         bool empty);
void response_part_write(struct json_writer *w, const struct response_item *item, bool empty);
struct response_usage {
    uint64_t input_tokens, cached_tokens, output_tokens, reasoning_tokens;
};
struct response_usage response_usage(const struct response_run *run);

/* ---- response_run.c ---- */

/* These end the run. */
void response_run_end(struct response_run *run, const char *status);
void response_run_fail(struct response_run *run, const struct err *err, uint32_t retry_after_ms);

#endif
