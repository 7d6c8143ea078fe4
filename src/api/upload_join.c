#include "api/upload_join.h"

#include "api/blobs.h"
#include "api/service.h"
#include "base/md5.h"
#include "base/seam.h"
#include "store/blob.h"

#include <errno.h>

enum { PIECE = 1 << 20, ARENA_MAX = 8 << 20 };

struct join {
    struct service_work work;
    struct store_job job;
    struct service *service;
    struct call *call; /* NULL once the client has left */
    struct arena arena;
    struct principal owner;
    struct upload_row upload;
    struct upload_part *parts; /* n of them */
    size_t n_parts;
    struct slice md5;
    struct blob blob; /* held from the work's end to the job's */
    struct slice answer;
    int rc;
    struct err err;
};

static void join_free(struct join *j)
{
    arena_release(&j->arena);
    mem_free(j);
}

static void end(struct join *j, int rc, const struct err *err)
{
    struct call *call = j->call;
    if (call) {
        call->on_close = NULL;
        call->state = NULL;
        if (rc < 0)
            call_error(call, err, 0);
        else
            call->ops->reply(call, 200, "application/json", j->answer);
    }
    join_free(j);
}

/* ---- The bytes ---- */

static int copy_part(struct blob_writer *w, struct md5 *md5, char *piece, int fd, struct err *err)
{
    for (;;) {
        ssize_t n = seams.read(fd, piece, PIECE);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_errno(err, errno, "reading a part");
        if (n == 0) return 0;
        md5_add(md5, piece, (size_t)n);
        TRY(blob_write(w, (struct slice){ piece, (size_t)n }, err));
    }
}

static int copy_parts(struct join *j, struct blob_writer *w, char *piece, struct err *err)
{
    struct md5 md5;
    char hex[MD5_HEX_SIZE];
    md5_init(&md5);
    for (size_t i = 0; i < j->n_parts; i++) {
        int fd;
        TRY(blob_read(&fd, j->service->data_dir, j->parts[i].sha256, err));
        int rc = copy_part(w, &md5, piece, fd, err);
        (void)seams.close(fd); /* Read only. */
        if (rc < 0) return rc;
    }
    if (blob_written(w) != j->upload.bytes)
        return err_set(err, ERR_IO, "a part of the upload could not be read");
    md5_finish(hex, &md5);
    if (!j->md5.ptr || slice_eq_nocase(j->md5, slice_of(hex))) return 0;
    return err_param(err, ERR_INVALID_VALUE, "md5",
                     "Invalid 'md5': the bytes that have come have another, %s.", hex);
}

static int write_whole(struct join *j, struct err *err)
{
    struct blob_writer *w;
    char *piece = mem_alloc(PIECE);
    if (!piece) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    int rc = blob_open(&w, j->service->data_dir, err);
    if (rc == 0) {
        rc = copy_parts(j, w, piece, err);
        if (rc < 0)
            blob_abort(w);
        else
            rc = blob_finish(&j->blob, w, err);
    }
    mem_free(piece);
    /* What is missing is missing here, not in the request. */
    if (rc == -ERR_NOT_FOUND) rc = err_set(err, ERR_IO, "a part of the upload could not be read");
    return rc;
}

static struct join *of_work(struct service_work *work)
{
    return (struct join *)((char *)work - offsetof(struct join, work));
}

static void work_run(struct service_work *work)
{
    struct join *j = of_work(work);
    j->rc = write_whole(j, &j->err);
}

/* ---- The rows ---- */

static struct join *of_job(struct store_job *job)
{
    return (struct join *)((char *)job - offsetof(struct join, job));
}

static int add(struct store_job *job, struct db *db, struct err *err)
{
    struct join *j = of_job(job);
    int64_t now = file_now();
    struct upload_row upload = j->upload;
    struct file_row file = file_row_new(
        slice_of(j->blob.sha256), j->blob.bytes, upload.filename, upload.purpose, now,
        upload.file_seconds ? now + upload.file_seconds : 0, &j->arena);
    TRY(arena_check(&j->arena, "the file", err));
    TRY(upload_end(db, &j->owner, upload.id, "completed", file.id, err));
    TRY(file_add(db, &j->owner, &file, err));
    upload.status = SLICE("completed");
    return upload_object_text(&j->answer, &upload, &file, &j->arena, err);
}

static void added(struct store_job *job, int rc, const struct err *err)
{
    struct join *j = of_job(job);
    blob_let_go(&j->blob);
    blobs_drop(j->service, slice_of(j->blob.sha256)); /* If it has no row; and the parts. */
    end(j, rc, err);
}

static void work_done(struct service_work *work)
{
    struct join *j = of_work(work);
    if (j->rc < 0) {
        end(j, j->rc, &j->err);
    } else if (!j->service->store) { /* The next start removes what no row names. */
        blob_let_go(&j->blob);
        join_free(j);
    } else {
        j->job = (struct store_job){ .run = add, .done = added };
        store_submit(j->service->store, &j->job);
    }
}

/* ---- The beginning ---- */

static void client_left(struct call *call)
{
    ((struct join *)call->state)->call = NULL;
}

static void copy_request(struct join *j, const struct principal *owner,
                         const struct upload_row *upload, const struct upload_part *parts)
{
    struct arena *a = &j->arena;
    j->owner = (struct principal){ .tenant = arena_slice(a, owner->tenant),
                                   .project = arena_slice(a, owner->project),
                                   .user = arena_slice(a, owner->user),
                                   .key = arena_slice(a, owner->key) };
    j->upload = *upload;
    j->upload.id = arena_slice(a, upload->id);
    j->upload.filename = arena_slice(a, upload->filename);
    j->upload.purpose = arena_slice(a, upload->purpose);
    j->parts = ARENA_NEWS(a, j->n_parts, struct upload_part);
    for (size_t i = 0; j->parts && i < j->n_parts; i++) {
        j->parts[i] = parts[i];
        j->parts[i].sha256 = arena_slice(a, parts[i].sha256);
    }
}

int upload_join(struct call *call, const struct upload_row *upload, const struct upload_part *parts,
                size_t n_parts, struct slice md5, struct err *err)
{
    struct join *j = mem_calloc(1, sizeof *j);
    if (!j) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    *j = (struct join){
        .work = { work_run, work_done }, .service = call->service, .call = call, .n_parts = n_parts
    };
    arena_init(&j->arena, ARENA_MAX);
    copy_request(j, &call->principal, upload, parts);
    if (md5.ptr) j->md5 = arena_slice(&j->arena, md5);
    int rc = arena_check(&j->arena, "the request", err);
    if (rc == 0) rc = call->service->ops->work(call->service, &j->work, err);
    if (rc < 0) {
        join_free(j);
        return rc;
    }
    call->state = j;
    call->on_close = client_left;
    return 0;
}
