/* DELETE /v1/vector_stores/{vector_store_id}/files/{file_id}: out of the vector store; the file
 * itself stays. */
#include "api/endpoint.h"
#include "api/vector_index.h"
#include "api/vector_object.h"

struct removal {
    struct vector_work work;
    struct vector_file file;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct removal *r = (struct removal *)stored;
    struct vector_work *w = &r->work;
    TRY(vector_work_find(w, db, err));
    TRY(vector_file_find(&r->file, db, &w->store, w->sub_id, &stored->arena, err));
    TRY(vector_file_remove(db, &r->file, err));
    return vector_work_deleted_body(w, w->sub_id, "vector_store.file.deleted", err);
}

static void after(struct vector_work *w, struct vector_index *index)
{
    struct msg_index_file file = { .file = (uint64_t)((struct removal *)w)->file.seq,
                                   .gone = true };
    struct msg_index change = { .store = (uint64_t)w->store.seq, .files = &file, .n_files = 1 };
    vector_index_change(index, &change);
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct removal *r = vector_work_new(call, sizeof *r, err);
    if (!r) return -ERR_NO_MEMORY;
    r->work.stored.job.erases = true;
    return vector_work_begin(&r->work, run, after, err);
}

const struct endpoint endpoint_vector_file_delete = {
    .method = "DELETE",
    .path = "/v1/vector_stores/{vector_store_id}/files/{file_id}",
    .handle = handle,
    .name = "DeletedVectorStoreFile",
    .tag = "Vector stores",
    .summary = "Take a file out of a vector store; the file itself stays.",
    .response = vector_deleted_answer,
};
