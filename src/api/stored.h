/* stored - an endpoint's work in the store: it runs there, and the call is answered after it.
 *
 *     struct get { struct stored stored; struct slice id, body; };
 *
 *     static int handle(struct call *call, const void *req, struct err *err)
 *     {
 *         struct get *get = stored_new(call, sizeof *get, err);
 *         if (!get) return -ERR_NO_MEMORY;
 *         get->id = arena_slice(&get->stored.arena, call->id);
 *         return stored_begin(&get->stored, run, answer, err);
 *     }
 *
 * run works in a transaction on the store's thread and touches only the database, this struct and
 * its arena; it may be called again (store/store.h). answer is called on the loop with the call
 * still there, ends it (call_json ...) or lets it go on (a generation), or returns an error, which
 * then is the answer. After answer the struct and its arena are gone: what goes on copies.
 *
 * When the client leaves, run still happens and answer does not; what was asked to be stored is.
 */
#ifndef TIRO_API_STORED_H
#define TIRO_API_STORED_H

#include "api/call.h"
#include "store/store.h"

enum { STORED_BYTES_MAX = 64 << 20 };

struct stored {
    struct store_job job;
    struct call *call; /* NULL once the client has gone; not for run */
    struct arena arena;
    struct arena_mark fresh;    /* what run found allocated: where its next try begins */
    struct principal principal; /* a copy, for run */
    int (*run)(struct stored *stored, struct db *db, struct err *err);
    int (*answer)(struct stored *stored, struct err *err);
    void (*release)(struct stored *stored); /* of what does not lie in the arena; NULL: nothing */
    /* On the loop when run is over, well or not, also when the client has left, and before answer:
     * for what is to follow in any case. May be NULL. */
    void (*ended)(struct stored *stored, int rc);
};

/* `size` zeroed bytes that begin with a struct stored; NULL with *err set. Until stored_begin has
 * been called, stored_free releases it. */
void *stored_new(struct call *call, size_t size, struct err *err);
void stored_free(struct stored *stored);
/* Fails, and frees it, when its arena has failed. */
int stored_begin(struct stored *stored,
                 int (*run)(struct stored *stored, struct db *db, struct err *err),
                 int (*answer)(struct stored *stored, struct err *err), struct err *err) MUST_USE;

#endif
