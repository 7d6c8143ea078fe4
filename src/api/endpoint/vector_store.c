/* GET /v1/vector_stores/{vector_store_id} */
#include "api/endpoint.h"
#include "api/vector_object.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct vector_work *w = (struct vector_work *)stored;
    TRY(vector_work_find(w, db, err));
    return vector_work_store_body(w, err);
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct vector_work *w = vector_work_new(call, sizeof *w, err);
    return w ? vector_work_begin(w, run, NULL, err) : -ERR_NO_MEMORY;
}

const struct endpoint endpoint_vector_store = {
    .method = "GET",
    .path = "/v1/vector_stores/{vector_store_id}",
    .handle = handle,
    .name = "VectorStore",
    .tag = "Vector stores",
    .summary = "One vector store.",
    .response = vector_store_answer,
};
