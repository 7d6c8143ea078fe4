/* book_work - the books that are being written, at work: shared by runner/books.c (which go on, and
 * when), book_take.c (what is to be done next), book_run.c (the calls of a step) and book_save.c.
 *
 *     take (store) ─► run (calls to the model) ─► save (store: result and costs, at once)
 *
 * A step is one outline, plan, scene or summary. Its result and the job's progress are one
 * transaction; what a dying server loses is the steps that were running, and they are taken again.
 * All belongs to the loop's thread, but for a step while the store has it.
 */
#ifndef TIRO_API_BOOK_WORK_H
#define TIRO_API_BOOK_WORK_H

#include "api/book_grams.h"
#include "api/book_prompt.h"
#include "api/inner_call.h"
#include "api/service.h"

enum {
    BOOK_STEPS_OPEN_MAX = 8, /* of all books; of one: its `parallel` */
    BOOK_TRIES_MAX = 5,      /* of an outline or a summary that is not as asked for */
    BOOK_PLAN_TRIES_MAX = 2, /* of the plan of a chapter's scenes, which is long */
    BOOK_DRAFTS_MAX = 2,     /* of a scene; the best is kept */
    BOOK_CONTINUES_MORE = 4, /* calls of one draft: as many as its words need, and these */
    BOOK_DULL_MAX = 6,       /* of them, that brought nothing new */
    BOOK_PIECE_WORDS_MIN = 12,
    BOOK_PIECE_WORDS_MAX = 160, /* asked for at a time */
    BOOK_PIECE_WORDS_EACH = 40, /* that may be left of them */
    BOOK_REPEATED_PERCENT = 8,  /* of a draft's 8-grams that may be repeated */
    BOOK_OUTLINE_PERCENT = 5, /* of an outline's, in the other outlines; of plans, in each other */
    BOOK_SHORT_PERCENT = 90,  /* of a scene's words that it must have */
    BOOK_FULL_PERCENT = 98,   /* with which it ends */
    BOOK_LONG_PERCENT = 115,  /* above which it is cut */
    BOOK_REFUSED_MAX = 200,   /* times that a call is tried again which the server could not do */
    BOOK_RETRY_MS = 500,      /* between them, doubled up to */
    BOOK_RETRY_MAX_MS = 30 * 1000,
    BOOK_TICK_MS = 5000, /* so often rows are looked at that nobody told of */
    BOOK_PRIORITY = -1,
    BOOK_STEP_BYTES_MAX = 128 << 20,
};

/* Of calls: exact in a double, as which JavaScript reads what a version was made with. */
#define BOOK_SEED_MAX ((UINT64_C(1) << 53) - 1)

struct book_draft {
    struct slice text; /* in the step's arena; ptr NULL: none */
    size_t words;
    uint64_t seed;
    double repeated, cost;
};

struct book_step {
    struct store_job job; /* first */
    struct book_work *work;
    struct book_step *next;
    struct arena arena; /* of the view, and of what came of it */
    /* Taken: */
    enum { BOOK_TAKE_STEP, BOOK_TAKE_WAIT, BOOK_TAKE_OVER } outcome;
    int64_t busy[BOOK_PARALLEL_MAX]; /* chapters that other steps are at; 0 of those of the book */
    int n_busy;
    bool stopped; /* the book is not to be worked on any more */
    struct book_view view;
    struct book_ask ask;
    struct book_grams grams; /* what must not be told again: DRAFT: all other scenes, outlines and
                              * plans; CHAPTER: all other outlines; of the examples shown */
    const struct book_chapter_row *chapter;
    /* Run: */
    bool begun; /* it has been taken */
    struct inner_call *call;
    struct service_timer *timer;
    int n_refused, n_tries, n_drafts, n_continues, n_dull;
    uint64_t n_calls, first_seed;
    struct buf text; /* DRAFT, PEOPLE: so far */
    struct book_draft best;
    struct slice raw;  /* DRAFT: the longest piece as the model wrote it */
    struct slice kept; /* the others: the best answer so far; ptr NULL: none */
    double kept_cost;
    /* To be saved: */
    bool decided; /* what follows is the result; it is saved again when the store refused it */
    bool saving;
    struct slice person, people, premise, style, title, outline, summary;
    struct slice plans[BOOK_SCENES_MAX];
    struct book_fact_row facts[BOOK_FACTS_TAKEN];
    size_t n_facts;
    struct slice failure; /* ptr NULL: none; else what stops the book */
    struct book_used used;
    uint64_t core_us;
    int64_t now;
};

struct book_work {
    struct books *all;
    struct book_work *next;
    struct arena arena;
    struct slice id;
    struct principal owner;
    struct book_step *steps; /* all of them, the one that is being taken too */
    int n_steps;
    bool taking, full; /* full: the last take found nothing; something has to end first */
    bool stopped, seen;
    uint64_t clock_ns;      /* since when its time is not counted yet; 0: it stands still */
    uint64_t rest_until_ns; /* after the store refused something */
};

struct books {
    struct service *service;
    struct book_work *works;
    struct service_timer *tick;
    int n_jobs; /* in the store */
    bool looking, look_again, draining, stopped;
};

/* ---- runner/books.c ---- */

/* Something ended, or is there to be done. */
void books_go(struct books *b);
/* A job of the store has come back: false when all this has been stopped, and may be gone. */
bool books_job_back(struct books *b);
/* The step is over, and its memory goes. */
void book_step_over(struct book_step *s);
void book_step_free(struct book_step *s);

/* ---- book_take.c ---- */

/* Finds what is to be done, and begins it. False without memory: the next tick tries again. */
bool book_take_begin(struct book_work *w);

/* ---- book_run.c ---- */

void book_run_begin(struct book_step *s);
/* That no timer was to be had for, once more. */
void book_run_stuck(struct book_step *s);
/* Cancels its call. */
void book_run_stop(struct book_step *s);

/* ---- book_save.c ---- */

void book_save_begin(struct book_step *s);

#endif
