/* GET /v1/files/{file_id}/content: its bytes, from the disk to the client. */
#include "api/endpoint.h"
#include "api/file_object.h"
#include "api/service.h"
#include "api/stored.h"
#include "base/seam.h"
#include "store/blob.h"

struct content {
    struct stored stored;
    struct slice id;
    struct file_row row;
};

/* Opening may wait for a disk: beside the loop. */
struct opening {
    struct service_work work;
    struct service *service;
    struct call *call; /* NULL once the client has left */
    char sha256[BLOB_NAME_SIZE];
    uint64_t bytes;
    int fd, rc;
    struct err err;
};

static void open_run(struct service_work *work)
{
    struct opening *o = (struct opening *)work;
    o->rc = blob_read(&o->fd, o->service->data_dir, slice_of(o->sha256), &o->err);
    /* The row says that it is there. */
    if (o->rc < 0) o->rc = err_set(&o->err, ERR_IO, "The bytes of the file could not be read.");
}

static void open_done(struct service_work *work)
{
    struct opening *o = (struct opening *)work;
    struct call *call = o->call;
    if (call) {
        call->on_close = NULL;
        call->state = NULL;
    }
    if (call && o->rc < 0) {
        call_error(call, &o->err, 0);
    } else if (call) {
        call->ops->header(call, "Content-Disposition", "attachment");
        call->ops->reply_file(call, "application/octet-stream", o->fd, o->bytes);
    } else if (o->rc == 0) {
        (void)seams.close(o->fd); /* Read only. */
    }
    mem_free(o);
}

static void client_left(struct call *call)
{
    ((struct opening *)call->state)->call = NULL;
}

static int answer(struct stored *stored, struct err *err)
{
    const struct file_row *row = &((struct content *)stored)->row;
    struct call *call = stored->call;
    struct opening *o = mem_calloc(1, sizeof *o);
    if (!o) return err_set(err, ERR_NO_MEMORY, "There is no memory for the answer.");
    *o = (struct opening){ .work = { open_run, open_done },
                           .service = call->service,
                           .call = call,
                           .bytes = row->bytes,
                           .fd = -1 };
    memcpy(o->sha256, row->sha256.ptr, row->sha256.len);
    int rc = call->service->ops->work(call->service, &o->work, err);
    if (rc < 0) {
        mem_free(o);
        return rc;
    }
    call->state = o;
    call->on_close = client_left;
    return 0;
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct content *c = (struct content *)stored;
    return file_find(&c->row, db, &stored->principal, c->id, &stored->arena, err);
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct content *c = stored_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->id = arena_slice(&c->stored.arena, call->id);
    return stored_begin(&c->stored, run, answer, err);
}

const struct endpoint endpoint_file_content = {
    .method = "GET",
    .path = "/v1/files/{file_id}/content",
    .handle = handle,
    .name = "FileContent",
    .tag = "Files",
    .summary = "The bytes of a file.",
};
