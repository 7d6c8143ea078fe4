/* completion_keep - a chat completion that is kept (store: true): the request's messages until the
 * answer is there, and then both in the store, with the ledger's row in the same transaction, before
 * the client has the end of the answer.
 *
 *     TRY(completion_keep_open(&keep, call, metadata, err));          with the request
 *     ... the answer is written into keep->body, under keep->id ...
 *     completion_keep_begin(keep, created, done, user);               at its end
 *
 * It is the caller's until begin, and then its own.
 */
#ifndef TIRO_API_COMPLETION_KEEP_H
#define TIRO_API_COMPLETION_KEEP_H

#include "api/reply.h"
#include "store/completion_table.h"
#include "store/ledger.h"
#include "store/store.h"

struct completion_keep {
    struct store_job job; /* first */
    struct arena arena;   /* of what follows */
    struct call *call;
    struct principal principal;
    char id[REPLY_ID_MAX];
    struct completion_row row;
    struct item_row *messages;
    size_t n_messages;
    bool books; /* The ledger's row is written here. */
    struct ledger_row ledger;
    struct buf body; /* The answer, as the client gets it, or would have got it in one piece. */
    void (*done)(void *user, const struct err *err);
    void *user;
};

/* Reads the messages of the call's body, which is a valid request. `metadata`: NULL: none. */
int completion_keep_open(struct completion_keep **ret, struct call *call, const json_t *metadata,
                         struct err *err) MUST_USE;
/* Of one that was not begun; NULL is fine. */
void completion_keep_close(struct completion_keep *keep);
/* Calls `done` when both are on the disk (err NULL) or are not; keep->body is there until it
 * returns. Takes model and usage from call->stats. */
void completion_keep_begin(struct completion_keep *keep, int64_t created,
                           void (*done)(void *user, const struct err *err), void *user);
/* The client has left: no `done`, and the call is gone; it is kept all the same. */
void completion_keep_forget(struct completion_keep *keep);

#endif
