/* ledger - what every request used: one row each, written once, before its answer ends.
 *
 * The row's tokens equal the `usage` that the client was told. A request that is done again after a
 * crash has the same id (of the response, of the batch's line), and so is counted once.
 */
#ifndef TIRO_STORE_LEDGER_H
#define TIRO_STORE_LEDGER_H

#include "store/owner.h"

struct ledger_row {
    struct slice id;       /* unique: req_..., resp_..., or BATCH/batch_req_...; ours */
    struct slice endpoint; /* "/v1/chat/completions" */
    struct slice model;
    int64_t created_at; /* unix seconds */
    int status;         /* HTTP's: 200; 499 when the client left */
    uint64_t prompt_tokens, cached_tokens, completion_tokens, core_us;
};

/* An id that is there already changes nothing and is no failure. */
int ledger_add(struct db *db, const struct principal *owner, const struct ledger_row *row,
               struct err *err) MUST_USE;

#endif
