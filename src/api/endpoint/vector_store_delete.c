/* DELETE /v1/vector_stores/{vector_store_id}: it cannot be found from here on; its chunks go from
 * the tables in small steps behind that. The files themselves stay. */
#include "api/endpoint.h"
#include "api/vector_index.h"
#include "api/vector_object.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct vector_work *w = (struct vector_work *)stored;
    TRY(vector_work_find(w, db, err));
    TRY(vector_store_delete(db, w->store.seq, err));
    return vector_work_deleted_body(w, w->id, "vector_store.deleted", err);
}

static void after(struct vector_work *w, struct vector_index *index)
{
    vector_index_forget(index, w->store.seq);
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct vector_work *w = vector_work_new(call, sizeof *w, err);
    if (!w) return -ERR_NO_MEMORY;
    w->stored.job.erases = true;
    return vector_work_begin(w, run, after, err);
}

const struct endpoint endpoint_vector_store_delete = {
    .method = "DELETE",
    .path = "/v1/vector_stores/{vector_store_id}",
    .handle = handle,
    .name = "DeletedVectorStore",
    .tag = "Vector stores",
    .summary = "Delete a vector store; the files themselves stay.",
    .response = vector_deleted_answer,
};
