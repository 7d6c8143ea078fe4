/* DELETE /v1/files/{file_id}: its row at once, its bytes soon after if they have no other name. */
#include "api/blobs.h"
#include "api/endpoint.h"
#include "api/file_object.h"
#include "api/reply.h"
#include "api/stored.h"
#include "api/vector_files.h"
#include "store/vector_file_table.h"

struct deletion {
    struct stored stored;
    struct slice id;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct slice id = ((struct deletion *)stored)->id;
    TRY(file_delete(db, &stored->principal, id, err));
    return vector_file_forget(db, &stored->principal, id, err); /* Out of all vector stores, too. */
}

static int answer(struct stored *stored, struct err *err)
{
    struct deletion *d = (struct deletion *)stored;
    struct call *call = stored->call;
    struct buf out;
    struct json_writer w;
    (void)err;
    blobs_tidy(call->service);
    vector_files_kick(call->service);
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    reply_write_deleted(&w, d->id, "file");
    call_json(call, &out);
    buf_release(&out);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct deletion *d = stored_new(call, sizeof *d, err);
    if (!d) return -ERR_NO_MEMORY;
    d->stored.job.erases = true; /* Its name. */
    d->id = arena_slice(&d->stored.arena, call->id);
    return stored_begin(&d->stored, run, answer, err);
}

const struct endpoint endpoint_file_delete = {
    .method = "DELETE",
    .path = "/v1/files/{file_id}",
    .handle = handle,
    .name = "DeletedFile",
    .tag = "Files",
    .summary = "Delete a file.",
    .response = file_deleted_answer,
};
