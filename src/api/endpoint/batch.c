/* GET /v1/batches/{batch_id}: how far it is. */
#include "api/batch_object.h"
#include "api/endpoint.h"
#include "api/stored.h"

struct get {
    struct stored stored; /* first */
    struct slice id, body;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct get *g = (struct get *)stored;
    struct batch_row row;
    TRY(batch_find(&row, db, &stored->principal, g->id, &stored->arena, err));
    return batch_object_text(&g->body, &row, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    struct get *g = (struct get *)stored;
    (void)err;
    stored->call->ops->reply(stored->call, 200, "application/json", g->body);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct get *g = stored_new(call, sizeof *g, err);
    if (!g) return -ERR_NO_MEMORY;
    g->id = arena_slice(&g->stored.arena, call->id);
    return stored_begin(&g->stored, run, answer, err);
}

const struct endpoint endpoint_batch = {
    .method = "GET",
    .path = "/v1/batches/{batch_id}",
    .handle = handle,
    .name = "BatchObject",
    .tag = "Batches",
    .summary = "A batch: its status, counts, tokens and files.",
    .response = batch_answer,
};
