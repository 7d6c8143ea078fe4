/* GET /v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/files: those that are still in
 * the store, newest first. */
#include "api/endpoint.h"
#include "api/vector_object.h"

struct page {
    struct vector_work work;
    struct listing listing;
    int status; /* enum vector_status; -1: any */
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct page *p = (struct page *)stored;
    struct vector_batch batch;
    TRY(vector_work_find(&p->work, db, err));
    TRY(vector_batch_find(&batch, db, &p->work.store, p->work.sub_id, &stored->arena, err));
    return vector_work_list_files(&p->work, db, &p->listing, batch.seq, p->status, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct vector_files_req *req = request;
    struct page *p = vector_work_new(call, sizeof *p, err);
    if (!p) return -ERR_NO_MEMORY;
    p->status = req->filter.given ? req->filter.value : -1;
    p->listing = (struct listing){ .table = "vector_files",
                                   .columns = vector_file_columns,
                                   .where = "batch_seq = ?1 AND (?2 = -1 OR status = ?2)" };
    list_req_fill(&p->listing, &req->list, &p->work.stored.arena);
    return vector_work_begin(&p->work, run, NULL, err);
}

const struct endpoint endpoint_vector_batch_files = {
    .method = "GET",
    .path = "/v1/vector_stores/{vector_store_id}/file_batches/{batch_id}/files",
    .query = vector_files_query,
    .size = sizeof(struct vector_files_req),
    .handle = handle,
    .name = "VectorStoreFileBatchFileList",
    .tag = "Vector stores",
    .summary = "The files of a batch.",
    .response = vector_files_answer,
};
