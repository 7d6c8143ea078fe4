/* live - one response while it is made: its run, its events, and who listens.
 *
 * It belongs to the server (api/runner/responses.c), not to a client's connection. What a client is
 * told is true on disk first: nothing goes out before the row is there, and the last event, or the
 * whole answer, not before how it ended is written, with its items and its line of the ledger, in
 * one transaction.
 *
 *     NEW -> RUNNING -> ENDED -> SETTLED           asked just now
 *     WAITING -> LOADING -> RUNNING -> ...         on disk already: its turn has come, or the
 *                                                  server was started again
 *
 * Any of the phases before ENDED may be left for ENDED by a cancel.
 */
#ifndef TIRO_API_LIVE_H
#define TIRO_API_LIVE_H

#include "api/event_log.h"
#include "api/prompt_files.h"
#include "api/response_run.h"
#include "store/seal.h"
#include "store/store.h"

struct live;
struct responses;

enum live_phase {
    LIVE_NEW,     /* history and files are read, it begins, and its row is written */
    LIVE_WAITING, /* on disk, and nothing of it in memory but its name */
    LIVE_LOADING, /* on disk; what it needs is being read */
    LIVE_RUNNING,
    LIVE_ENDED,   /* how it ended is being written, or will be tried again */
    LIVE_SETTLED, /* that is written */
};

/* What a call waits for. */
enum listener_kind {
    LISTENER_ROW,    /* the object as it begins, once it is on disk */
    LISTENER_OBJECT, /* the object as it ended */
    LISTENER_EVENTS,
};

/* One call; in its arena. */
struct listener {
    struct live *live;
    struct call *call;
    struct listener *next;
    enum listener_kind kind;
    uint64_t number; /* EVENTS: the next one to send */
    bool begun;      /* the stream has */
    bool asked;      /* it is the call that asked for the response */
};

#define LIVE_NO_NUMBER UINT64_MAX
enum {
    LIVE_AGAIN_MAX = 4,    /* Times that one is begun again, by one server. */
    LIVE_STARTS_MAX = 12,  /* Tries to begin it while its model cannot load: about 7 minutes. */
    LIVE_START_WAIT_S = 1, /* Between them, doubled up to */
    LIVE_START_WAIT_MAX_S = 60,
};

struct live {
    struct responses *home; /* NULL: the runner has stopped, and this goes when its job has ended */
    struct service *service;
    struct live *next, **at; /* home's, oldest first */
    enum live_phase phase;
    bool stored;     /* it has a row; else it is gone when it is told */
    bool background; /* its clients may leave */
    bool replay;     /* of one that has ended: only its events are made again */
    bool on_disk;    /* its row is; or nothing of it ever will be */
    bool told;       /* its request is known to be good: events may go out */
    bool refused;    /* it failed, and its client can be told so as of a wrong request */
    bool parked;     /* it has begun only to be judged; its turn comes later */
    bool counted;    /* among those that run by turns */
    bool forgotten;  /* deleted, or nobody is to find it */

    struct seal_key key; /* of compactions */
    struct arena names;  /* for these, which are there from first to last: */
    struct slice id;
    struct principal principal;

    struct arena work;       /* for all that follows */
    struct arena_mark fresh; /* what the job that loads found there */
    struct slice asked, request, model, previous_id, conversation_id;
    bool indirect;    /* `asked` holds references that are to be resolved */
    bool shows_files; /* it has files */
    struct prompt_files files;
    struct prompt_reading *reading; /* of their texts, which `request` gets; else NULL */
    int64_t created_at;
    uint64_t seed;
    int32_t priority;
    json_t *history, *input, *output;
    uint64_t history_items, history_sum;

    struct response_run *run;
    struct event_log log;
    uint64_t last;     /* number of the last event, which is held back; LIVE_NO_NUMBER: not yet */
    uint64_t n_events; /* of a replay: how many there were; 0: unknown */
    struct service_timer *stop;
    int n_starts;           /* tries to begin that failed for what may pass */
    uint64_t not_before_ns; /* WAITING: the next one */
    int n_again;            /* how often it was begun again for a failure that may pass */
    size_t bytes;           /* of the log, as the runner counted it */

    struct slice first; /* the object as it begins, for the row */
    struct slice body;  /* the object as it ended; ptr NULL: made from the row's */
    char status[16];    /* how it ended */
    struct err failure; /* of "failed": why */
    uint32_t retry_after_ms;
    struct call_stats stats;

    struct listener *listeners;
    struct store_job job; /* one at a time */
    bool job_open, retry;
};

/* NULL: no memory. */
struct live *live_new(struct service *service, struct slice id, const struct principal *owner);
void live_free(struct live *live);
/* The call waits; -ERR_NO_MEMORY. */
int live_listen(struct live *live, struct call *call, enum listener_kind kind, uint64_t number,
                bool asked, struct err *err) MUST_USE;
/* Gives what is there already, and ends it if that is all. */
void live_give(struct live *live);
/* NEW: begins, after its history has been read if there is one. -ERR_*: it has not begun, and the
 * caller frees it; its call is not answered. */
int live_begin(struct live *live, struct err *err) MUST_USE;
/* WAITING, or a replay: reads the row, and begins. */
void live_load(struct live *live);
/* It ends as "cancelled"; nothing if it has ended. */
void live_cancel(struct live *live);
/* Writes again how it ended, if that has failed. */
void live_retry(struct live *live);
/* The runner stops: its row stays as it is, for the next start. Frees it, now or after its job. */
void live_abandon(struct live *live);
/* The object as it stands, in the arena; 0: as the row has it. */
int live_body(struct slice *ret, const struct live *live, struct arena *arena,
              struct err *err) MUST_USE;

/* ---- live_listen.c: what they are told ---- */

/* All of them, of the failure; their calls end. */
void live_refuse(struct live *live, const struct err *err);
/* Those that wait for `kind`, with the object. */
void live_answer(struct live *live, enum listener_kind kind, struct slice body);
/* To the call that asked, if it is still there, what the response took. */
void live_tell_stats(struct live *live);
/* It gets no row of its own: the call that asked is the gateway's to book. */
void live_leave_books(struct live *live);
/* Whether that call can still be told of a failure as of a request that was wrong. */
bool live_told_nothing(const struct live *live);
/* The gateway has ended their calls. */
void live_drop_listeners(struct live *live);

/* ---- live_store.c: the jobs, on the store's thread ---- */

struct live *live_of_job(struct store_job *job);
int live_store_load(struct store_job *job, struct db *db, struct err *err);
int live_store_add(struct store_job *job, struct db *db, struct err *err);
int live_store_remove(struct store_job *job, struct db *db, struct err *err);
int live_store_finish(struct store_job *job, struct db *db, struct err *err);

/* ---- The runner's side: api/runner/responses.c ---- */

/* Its turn may begin: it counts from now on. False: it has to wait. */
bool responses_take_turn(struct responses *home, struct live *live);
void responses_turn_over(struct responses *home, struct live *live);
/* Its log has grown: room for it is made where it can be. */
void responses_grown(struct responses *home, struct live *live);
/* Something is to be tried again in a while. */
void responses_retry_later(struct responses *home);
/* After it has been settled, refused or left: the runner frees it, now or later. */
void responses_done(struct responses *home, struct live *live);

#endif
