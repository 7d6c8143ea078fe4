/* GET /v1/files/{file_id} */
#include "api/endpoint.h"
#include "api/file_object.h"
#include "api/stored.h"

struct get {
    struct stored stored;
    struct slice id, body;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct get *get = (struct get *)stored;
    struct file_row row;
    TRY(file_find(&row, db, &stored->principal, get->id, &stored->arena, err));
    return file_object_text(&get->body, &row, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    struct get *get = (struct get *)stored;
    (void)err;
    stored->call->ops->reply(stored->call, 200, "application/json", get->body);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct get *get = stored_new(call, sizeof *get, err);
    if (!get) return -ERR_NO_MEMORY;
    get->id = arena_slice(&get->stored.arena, call->id);
    return stored_begin(&get->stored, run, answer, err);
}

const struct endpoint endpoint_file = {
    .method = "GET",
    .path = "/v1/files/{file_id}",
    .handle = handle,
    .name = "FileObject",
    .tag = "Files",
    .summary = "What is known of a file.",
    .response = file_answer,
};
