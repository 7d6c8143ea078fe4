/* GET /v1/vector_stores/{vector_store_id}/files/{file_id} */
#include "api/endpoint.h"
#include "api/vector_object.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct vector_work *w = (struct vector_work *)stored;
    struct vector_file file;
    TRY(vector_work_find(w, db, err));
    TRY(vector_file_find(&file, db, &w->store, w->sub_id, &stored->arena, err));
    return vector_work_file_body(w, &file, err);
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct vector_work *w = vector_work_new(call, sizeof *w, err);
    return w ? vector_work_begin(w, run, NULL, err) : -ERR_NO_MEMORY;
}

const struct endpoint endpoint_vector_file = {
    .method = "GET",
    .path = "/v1/vector_stores/{vector_store_id}/files/{file_id}",
    .handle = handle,
    .name = "VectorStoreFile",
    .tag = "Vector stores",
    .summary = "One file of a vector store.",
    .response = vector_file_answer,
};
