/* batch_work - the batches that are not over, at work: shared by runner/batches.c (which of them
 * goes on, and when), batch_look.c (which there are), batch_steps.c (what they do in the store)
 * and batch_run.c (their lines).
 *
 *     validate ─► run ─► finish ─► purge
 *
 * Everything here belongs to the loop's thread, but for what a step hands to the store's, while
 * it is there. Steps and ended lines keep the memory alive: it goes when the last of them has come
 * back.
 */
#ifndef TIRO_API_BATCH_WORK_H
#define TIRO_API_BATCH_WORK_H

#include "api/batch_output.h"
#include "api/inner_call.h"
#include "api/service.h"

enum {
    BATCH_LINES_OPEN_MAX = 32,  /* Lines that run at a time, of all batches. */
    BATCH_LINES_TAKE = 64,      /* Lines of one batch that are read ahead, */
    BATCH_TAKE_BYTES = 8 << 20, /* and their bytes, unless one alone has more. */
    BATCH_RUN_MAX = 4,          /* Batches whose lines are read ahead at a time. */
    BATCH_LOST_MAX = 20, /* A line whose worker dies so often is what kills it: the error stands. */
    BATCH_RETRY_MS = 500, /* Of a line that could not be run, doubled up to */
    BATCH_RETRY_MAX_MS = 30 * 1000,
    BATCH_TICK_MS = 1000,
    BATCH_LOOK_TICKS = 5, /* So often rows are looked at that nobody told of. */
    BATCH_REST_MS = 5000, /* After the store refused a step. */
    BATCH_PRIORITY = -1,
};

enum batch_stage { STAGE_VALIDATE, STAGE_RUN, STAGE_FINISH, STAGE_PURGE, STAGE_OVER };

struct batch_line_run;

struct batch_work {
    struct batches *all;
    struct batch_work *next;
    struct arena arena; /* of the strings */
    struct slice id, endpoint, sha256;
    struct principal owner;
    int64_t expires_at;
    enum batch_stage stage;
    bool busy;      /* a step is in the store */
    bool cancelled; /* somebody asked for it */
    bool input_gone;
    uint64_t rest_until_ns;
    /* Lines: read ahead; running, or about to be tried again; ended, on the way to their rows. */
    struct batch_line_run *waiting, **waiting_end, *open;
    int n_waiting, n_open, n_ending;
    int64_t taken_to; /* the last line that was read ahead */
    bool all_taken;
    struct batch_output *output;
};

/* The runner's state. */
struct batches {
    struct service *service;
    struct batch_work *works; /* by age */
    struct service_timer *tick;
    struct batch_line_run *unsaved; /* ended, and refused by the store */
    int n_open, n_ending;           /* of all works */
    int n_jobs;                     /* in the store: steps, ended lines, looks */
    uint32_t n_ticks;
    bool looked, looking, look_again; /* looked: once, at all */
    bool going, go_again, draining, stopped;
};

/* ---- runner/batches.c ---- */

/* Something ended, or is there to be done. */
void batches_go(struct batches *b);
/* A job of the store has come back: false when all this has been stopped, and may be gone. */
bool batches_job_back(struct batches *b);
int64_t batch_now(void); /* unix seconds */

/* ---- batch_steps.c ---- */

/* Hands the next step of the work's stage to the store. */
void batch_step_begin(struct batch_work *w);

/* ---- batch_look.c ---- */

/* Reads which batches there are. */
void batches_look_begin(struct batches *b);

/* ---- batch_run.c ---- */

struct batch_line_run {
    struct batch_work *work;
    struct batch_line_run *next, **at; /* in waiting, open or unsaved */
    int64_t line;
    struct slice custom_id, body; /* behind the struct */
    struct inner_call *call;
    struct service_timer *timer;
    uint32_t n_tries, n_lost;
    struct store_job job; /* when it has ended: */
    struct batch_line_end end;
    struct arena arena; /* of `end` */
};

/* `custom_id` and `body` are copied. NULL without memory. */
struct batch_line_run *batch_line_new(struct batch_work *w, int64_t line, struct slice custom_id,
                                      struct slice body);
void batch_line_free(struct batch_line_run *l);
/* Runs the work's first waiting line. */
void batch_run_next(struct batch_work *w);
/* Those that no timer was to be had for, once more. */
void batch_run_stuck(struct batch_work *w);
/* Stops all lines that run, and forgets those that wait: nothing of them is kept. */
void batch_run_stop(struct batch_work *w);
/* Those that the store refused, once more. */
void batches_save_again(struct batches *b);

#endif
