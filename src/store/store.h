/* store - what outlives the process: a database behind a thread of its own.
 *
 *     struct note { struct store_job job; ... };
 *     note->job.run = write_note;          on the store's thread, inside a transaction
 *     note->job.done = note_written;       on the caller's, when it is on disk, or failed
 *     store_submit(store, &note->job);
 *
 * Jobs run in the order of their submission. Those that wait together share a transaction, and so
 * its fsync; each undoes only its own work when its run fails. `done` says that the transaction is
 * on disk: what it acknowledges is never lost. What a job read was so after all jobs before it.
 *
 * `run` may be called again, when the transaction did not come to its end: it writes nothing but
 * the database and its own memory, and begins anew.
 *
 * A disk that is full fails those jobs that write (ERR_NO_SPACE, a 503), and nothing else. After a
 * disk or a connection failed nothing more is acknowledged until the database has been opened anew
 * and checked; jobs fail with ERR_IO until then. Those whose commit was under way may have done
 * their work, all of it or nothing. Both states end by themselves.
 *
 * What was changed without being marked as erased is in no file of the database any more after a
 * second of idleness, or a minute.
 *
 * Owner: one thread submits and collects (the loop's).
 */
#ifndef TIRO_STORE_STORE_H
#define TIRO_STORE_STORE_H

#include "store/db.h"

struct store;

struct store_job {
    int (*run)(struct store_job *job, struct db *db, struct err *err);
    /* rc and err: of run, or of the transaction. The job's memory is the caller's again. */
    void (*done)(struct store_job *job, int rc, const struct err *err);
    /* It deletes what people wrote: when done is called, no file of the database holds it any more
     * (db_erase; where that fails it is tried again with the next job, and the log says so). */
    bool erases;
    /* The store's own. */
    struct store_job *next;
    int rc;
    struct err err;
};

struct store_options {
    const char *url; /* See db_open. */
    /* Jobs have ended: call store_collect soon, on your thread. Called on the store's thread, or in
     * store_submit; NULL: never. */
    void (*wake)(void *ctx);
    void *ctx;
    uint32_t idle_ms; /* without work, before the database is tidied up; 0: 1 s */
};

enum {
    STORE_BATCH_MAX = 256,     /* Jobs of one transaction. */
    STORE_WAITING_MAX = 65536, /* Jobs beyond these fail at once, with ERR_OVERLOADED. */
};

int store_open(struct store **ret, const struct store_options *options, struct err *err) MUST_USE;
/* Runs what was submitted, calls its `done`s, and closes. NULL is fine. */
void store_close(struct store *store);

void store_submit(struct store *store, struct store_job *job);
/* Calls `done` of the jobs that have ended; these may submit more. */
void store_collect(struct store *store);
/* Waits until nothing is left to do, collecting. For programs without a loop. */
void store_wait(struct store *store);

#endif
