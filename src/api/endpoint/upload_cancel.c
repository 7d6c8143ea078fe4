/* POST /v1/uploads/{upload_id}/cancel: its parts are deleted. */
#include "api/blobs.h"
#include "api/endpoint.h"
#include "api/stored.h"
#include "api/upload_object.h"

struct cancellation {
    struct stored stored;
    struct slice id, body;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct cancellation *c = (struct cancellation *)stored;
    struct upload_row row;
    TRY(upload_find_pending(&row, db, &stored->principal, c->id, &stored->arena, err));
    TRY(upload_end(db, &stored->principal, c->id, "cancelled", (struct slice){ 0 }, err));
    row.status = SLICE("cancelled");
    return upload_object_text(&c->body, &row, NULL, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    blobs_tidy(stored->call->service);
    stored->call->ops->reply(stored->call, 200, "application/json",
                             ((struct cancellation *)stored)->body);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct cancellation *c = stored_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->id = arena_slice(&c->stored.arena, call->id);
    return stored_begin(&c->stored, run, answer, err);
}

const struct endpoint endpoint_upload_cancel = {
    .method = "POST",
    .path = "/v1/uploads/{upload_id}/cancel",
    .handle = handle,
    .name = "CancelledUpload",
    .tag = "Uploads",
    .summary = "Give up an upload; its parts are deleted.",
    .response = upload_answer,
};
