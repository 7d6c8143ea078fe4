/* POST /v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel: what is not done
 * stays undone. */
#include "api/endpoint.h"
#include "api/vector_object.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct vector_work *w = (struct vector_work *)stored;
    struct vector_batch batch;
    TRY(vector_work_find(w, db, err));
    TRY(vector_batch_find(&batch, db, &w->store, w->sub_id, &stored->arena, err));
    if (batch.counts.of[VECTOR_IN_PROGRESS] > 0) TRY(vector_batch_cancel(db, &batch, err));
    w->kick = true;
    return vector_work_batch_body(w, &batch, err);
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct vector_work *w = vector_work_new(call, sizeof *w, err);
    return w ? vector_work_begin(w, run, NULL, err) : -ERR_NO_MEMORY;
}

const struct endpoint endpoint_vector_batch_cancel = {
    .method = "POST",
    .path = "/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel",
    .handle = handle,
    .name = "CancelledVectorStoreFileBatch",
    .tag = "Vector stores",
    .summary = "Stops a batch: its files that are in progress are cancelled.",
    .response = vector_batch_answer,
};
