/* POST /v1/batches/{batch_id}/cancel: what runs is stopped, what has run becomes the files. */
#include "api/batch_object.h"
#include "api/endpoint.h"
#include "api/runner/batches.h"
#include "api/stored.h"
#include "base/seam.h"

struct cancel {
    struct stored stored; /* first */
    struct slice id, body;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct cancel *c = (struct cancel *)stored;
    struct batch_row row;
    int64_t now = (int64_t)(wall_ns() / 1000000000u);
    TRY(batch_find(&row, db, &stored->principal, c->id, &stored->arena, err));
    if (row.status == BATCH_VALIDATING || row.status == BATCH_IN_PROGRESS) {
        TRY(batch_move(db, row.id, row.status, BATCH_CANCELLING, now, err));
        row.status = BATCH_CANCELLING;
        row.at[BATCH_CANCELLING] = now;
    } else if (row.status != BATCH_CANCELLING && row.status != BATCH_CANCELLED) {
        return err_set(err, ERR_INVALID_VALUE, "Cannot cancel a batch with status '%s'.",
                       batch_status_name(row.status));
    }
    return batch_object_text(&c->body, &row, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    struct cancel *c = (struct cancel *)stored;
    struct call *call = stored->call;
    (void)err;
    batches_tell(call->service);
    call->ops->reply(call, 200, "application/json", c->body);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct cancel *c = stored_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->id = arena_slice(&c->stored.arena, call->id);
    return stored_begin(&c->stored, run, answer, err);
}

const struct endpoint endpoint_batch_cancel = {
    .method = "POST",
    .path = "/v1/batches/{batch_id}/cancel",
    .handle = handle,
    .name = "CancelledBatch",
    .tag = "Batches",
    .summary = "Stop a batch: lines that have run become its files, the others are not run.",
    .response = batch_answer,
};
