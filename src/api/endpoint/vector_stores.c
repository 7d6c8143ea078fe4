/* GET /v1/vector_stores: the project's, newest first. */
#include "api/endpoint.h"
#include "api/vector_object.h"

struct stores {
    struct vector_work work;
    struct listing listing;
};

static int write(struct json_writer *json, const struct db_rows *rows, const void *ctx,
                 struct err *err)
{
    struct vector_store store;
    const struct vector_work *work = ctx;
    (void)err;
    vector_store_read(&store, rows, work->now, NULL);
    vector_store_write(json, &store);
    return 0;
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct stores *s = (struct stores *)stored;
    struct db_rows rows;
    TRY(listing_query(&rows, db, &s->listing, DB_ARGS(OWNED_ARGS(&stored->principal)), err));
    return list_answer_written(&s->work.body, &rows, s->listing.limit, write, &s->work,
                               &stored->arena, err);
}

static int handle(struct call *call, const void *req, struct err *err)
{
    struct stores *s = vector_work_new(call, sizeof *s, err);
    if (!s) return -ERR_NO_MEMORY;
    s->listing = (struct listing){ .table = "vector_stores",
                                   .columns = vector_store_columns,
                                   .where = OWNED_BY("?1", "?2") };
    list_req_fill(&s->listing, req, &s->work.stored.arena);
    return vector_work_begin(&s->work, run, NULL, err);
}

const struct endpoint endpoint_vector_stores = {
    .method = "GET",
    .path = "/v1/vector_stores",
    .query = list_fields,
    .size = sizeof(struct list_req),
    .handle = handle,
    .name = "VectorStoreList",
    .tag = "Vector stores",
    .summary = "The vector stores.",
    .response = vector_stores_answer,
};
