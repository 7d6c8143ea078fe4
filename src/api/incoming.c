#include "api/incoming.h"

#include "api/blobs.h"
#include "api/multipart.h"
#include "api/query.h"
#include "base/seam.h"
#include "base/utf8.h"
#include "store/file_table.h"

#include <assert.h>
#include <inttypes.h>

enum { ARENA_MAX = 1 << 20 };

/* One thing at a time is under way beside the loop: a job in the store, or a piece of work. */
struct incoming {
    const struct incoming_kind *kind;
    struct service *service;
    struct call *call; /* NULL once the client has left */
    struct store_job job;
    struct service_work work;
    struct multipart parser;
    struct arena arena;
    struct principal owner;
    struct slice of, filename;
    json_t *form; /* what the parts say, as fields_parse takes it */
    char name[MULTIPART_NAME_MAX + 1];
    struct buf value; /* of the part that is no file */
    bool in_file, has_file;
    uint64_t n_bytes;           /* of the file, as they came */
    struct buf filling, going;  /* going: the work's, while it runs */
    struct blob_writer *writer; /* likewise */
    const void *req;
    struct blob blob;
    struct slice answer;
    struct err err; /* of the work */
    int rc;
    bool busy, paused;
    bool whole;    /* all of the form has come */
    bool finished; /* the blob is in place, and held */
};

static void go_on(struct incoming *in);

/* ---- Life ---- */

static void incoming_free(struct incoming *in)
{
    assert(!in->busy);
    blob_abort(in->writer);
    json_decref(in->form);
    buf_release(&in->value);
    buf_release(&in->filling);
    buf_release(&in->going);
    arena_release(&in->arena);
    mem_free(in);
}

/* The call is no more this one's business. */
static struct call *part(struct incoming *in)
{
    struct call *call = in->call;
    in->call = NULL;
    if (call) {
        call->on_close = NULL;
        call->state = NULL;
    }
    return call;
}

/* What runs beside the loop frees it at its end. */
static void give_up(struct incoming *in)
{
    (void)part(in);
    if (!in->busy) incoming_free(in);
}

static void fail(struct incoming *in, const struct err *err)
{
    struct err why = *err;
    struct call *call = part(in);
    incoming_free(in);
    if (call) call_error(call, &why, 0);
}

static void client_left(struct call *call)
{
    struct incoming *in = call->state;
    in->call = NULL;
    if (!in->busy) incoming_free(in);
}

/* ---- The form ---- */

static int no_memory(struct err *err)
{
    return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
}

static int begin_file(struct incoming *in, const struct multipart_part *p, struct err *err)
{
    if (in->has_file)
        return err_param(err, ERR_INVALID_VALUE, in->kind->file, "'%s' is given twice.",
                         in->kind->file);
    if (!p->filename.ptr || p->filename.len == 0)
        return err_param(err, ERR_INVALID_TYPE, in->kind->file,
                         "Invalid type for '%s': expected a file, a part of the form with a "
                         "file name.",
                         in->kind->file);
    in->in_file = in->has_file = true;
    in->filename = arena_slice(&in->arena, p->filename);
    json_t *name = json_stringn(p->filename.ptr, p->filename.len);
    if (json_object_set_new(in->form, in->kind->file, name) < 0 || in->arena.failed)
        return no_memory(err);
    return 0;
}

static int on_begin(void *ctx, const struct multipart_part *p, struct err *err)
{
    struct incoming *in = ctx;
    if (slice_is(p->name, in->kind->file)) return begin_file(in, p, err);
    memcpy(in->name, p->name.ptr, p->name.len);
    in->name[p->name.len] = '\0';
    buf_reset(&in->value);
    return 0;
}

static int on_data(void *ctx, struct slice bytes, struct err *err)
{
    struct incoming *in = ctx;
    if (!in->in_file) {
        if (bytes.len > INCOMING_VALUE_MAX - in->value.len)
            return err_param(err, ERR_STRING_TOO_LONG, in->name, "'%s' is longer than %d bytes.",
                             in->name, INCOMING_VALUE_MAX);
        buf_add_slice(&in->value, bytes);
        return in->value.failed ? no_memory(err) : 0;
    }
    in->n_bytes += bytes.len;
    if (in->n_bytes > in->kind->bytes_max)
        return err_param(err, ERR_TOO_LARGE, in->kind->file,
                         "The file is larger than %" PRIu64 " bytes, the most that is taken.",
                         in->kind->bytes_max);
    buf_add_slice(&in->filling, bytes);
    return in->filling.failed ? no_memory(err) : 0;
}

static int on_end(void *ctx, struct err *err)
{
    struct incoming *in = ctx;
    if (in->in_file) {
        in->in_file = false;
        return 0;
    }
    struct slice value = in->value.len ? buf_slice(&in->value) : SLICE("");
    if (!utf8_valid(value.ptr, value.len) || memchr(value.ptr, '\0', value.len))
        return err_param(err, ERR_INVALID_VALUE, in->name, "'%s' is not UTF-8 text.", in->name);
    return query_add(in->form, slice_of(in->name), value, in->kind->fields, err);
}

static const struct multipart_ops form_ops = { .begin = on_begin, .data = on_data, .end = on_end };

/* ---- The store: before the first byte, and after the last ---- */

static struct incoming *of_job(struct store_job *job)
{
    return (struct incoming *)((char *)job - offsetof(struct incoming, job));
}

static struct incoming_row row_of(struct incoming *in)
{
    return (struct incoming_row){ .owner = &in->owner,
                                  .of = in->of,
                                  .req = in->req,
                                  .blob = in->blob,
                                  .filename = in->filename,
                                  .arena = &in->arena };
}

static void submit(struct incoming *in, int (*run)(struct store_job *, struct db *, struct err *),
                   void (*done)(struct store_job *, int, const struct err *))
{
    in->busy = true;
    in->job = (struct store_job){ .run = run, .done = done };
    store_submit(in->service->store, &in->job);
}

static int admit(struct store_job *job, struct db *db, struct err *err)
{
    struct incoming *in = of_job(job);
    struct incoming_row row = row_of(in);
    TRY(file_check_quota(db, &in->owner, 1, in->service->file_bytes_max, err));
    return in->kind->admit ? in->kind->admit(&row, db, err) : 0;
}

static void admitted(struct store_job *job, int rc, const struct err *err)
{
    struct incoming *in = of_job(job);
    in->busy = false;
    if (!in->call)
        incoming_free(in);
    else if (rc < 0)
        fail(in, err);
    else
        go_on(in);
}

static int add(struct store_job *job, struct db *db, struct err *err)
{
    struct incoming *in = of_job(job);
    struct incoming_row row = row_of(in);
    struct arena_mark fresh = arena_mark(&in->arena);
    TRY(file_check_quota(db, &in->owner, in->blob.bytes, in->service->file_bytes_max, err));
    int rc = in->kind->add(&in->answer, &row, db, err);
    if (rc < 0) arena_reset_to(&in->arena, fresh);
    return rc;
}

static void added(struct store_job *job, int rc, const struct err *err)
{
    struct incoming *in = of_job(job);
    in->busy = false;
    blob_let_go(&in->blob);
    if (rc < 0) {
        blobs_drop(in->service, slice_of(in->blob.sha256));
        fail(in, err);
        return;
    }
    struct call *call = part(in);
    if (call) call->ops->reply(call, 200, "application/json", in->answer);
    incoming_free(in);
}

/* ---- The disk ---- */

static struct incoming *of_work(struct service_work *work)
{
    return (struct incoming *)((char *)work - offsetof(struct incoming, work));
}

static void write_run(struct service_work *work)
{
    struct incoming *in = of_work(work);
    if (!in->writer) in->rc = blob_open(&in->writer, in->service->data_dir, &in->err);
    if (in->rc == 0) in->rc = blob_write(in->writer, buf_slice(&in->going), &in->err);
}

static void finish_run(struct service_work *work)
{
    struct incoming *in = of_work(work);
    if (!in->writer) in->rc = blob_open(&in->writer, in->service->data_dir, &in->err);
    if (in->rc < 0) return;
    struct blob_writer *writer = in->writer;
    in->writer = NULL;
    in->rc = blob_finish(&in->blob, writer, &in->err);
    in->finished = in->rc == 0;
}

static void work_done(struct service_work *work)
{
    struct incoming *in = of_work(work);
    in->busy = false;
    buf_reset(&in->going);
    bool closed = !in->service->store; /* The next start removes what no row names. */
    if ((closed || in->rc < 0) && in->finished) blob_let_go(&in->blob);
    if (closed || (!in->call && !in->whole)) {
        (void)part(in);
        incoming_free(in);
    } else if (in->rc < 0) {
        fail(in, &in->err);
    } else {
        go_on(in);
    }
}

static void work(struct incoming *in, void (*run)(struct service_work *))
{
    struct err err = { 0 };
    in->work = (struct service_work){ .run = run, .done = work_done };
    in->busy = true;
    if (in->service->ops->work(in->service, &in->work, &err) == 0) return;
    in->busy = false;
    fail(in, &err);
}

static void write_step(struct incoming *in)
{
    struct buf empty = in->going;
    in->going = in->filling;
    in->filling = empty;
    work(in, write_run);
}

static void pause(struct incoming *in)
{
    if (in->paused || !in->call || in->whole) return;
    in->paused = true;
    in->call->ops->pause(in->call);
}

/* Nothing is under way: the next thing is begun. It may end here, and be gone. */
static void go_on(struct incoming *in)
{
    struct call *resumed = in->paused ? in->call : NULL;
    in->paused = false;
    if (resumed) resumed->ops->resume(resumed); /* It is heard of later. */
    if (in->filling.len >= INCOMING_STEP || (in->whole && in->filling.len > 0))
        write_step(in);
    else if (in->whole && !in->finished)
        work(in, finish_run);
    else if (in->finished)
        submit(in, add, added);
}

/* ---- What the endpoint is called for ---- */

static int open_parts(struct incoming *in, struct call *call, struct err *err)
{
    const struct principal *p = &call->principal;
    in->owner = (struct principal){ .tenant = arena_slice(&in->arena, p->tenant),
                                    .project = arena_slice(&in->arena, p->project),
                                    .user = arena_slice(&in->arena, p->user),
                                    .key = arena_slice(&in->arena, p->key) };
    in->form = json_object();
    if (call->id.len > INCOMING_ID_MAX) call->id.len = INCOMING_ID_MAX; /* There is none. */
    if (call->id.ptr) in->of = arena_slice(&in->arena, call->id);
    if (!in->form || in->arena.failed) return no_memory(err);
    return multipart_init(&in->parser, call->content_type, &form_ops, in, err);
}

int incoming_begin(struct call *call, const struct incoming_kind *kind, struct err *err)
{
    struct incoming *in = mem_calloc(1, sizeof *in);
    if (!in) return no_memory(err);
    in->kind = kind;
    in->service = call->service;
    arena_init(&in->arena, ARENA_MAX);
    buf_init(&in->value, INCOMING_VALUE_MAX);
    buf_init(&in->filling, SIZE_MAX / 2); /* Paused at INCOMING_STEP; a piece is what was read. */
    buf_init(&in->going, SIZE_MAX / 2);
    int rc = open_parts(in, call, err);
    if (rc < 0) {
        incoming_free(in);
        return rc;
    }
    in->call = call;
    call->state = in;
    call->on_close = client_left;
    pause(in);
    submit(in, admit, admitted);
    return 0;
}

int incoming_piece(struct call *call, struct slice bytes, struct err *err)
{
    struct incoming *in = call->state;
    int rc = multipart_push(&in->parser, bytes, err);
    if (rc < 0) {
        give_up(in);
        return rc;
    }
    if (in->filling.len < INCOMING_STEP) return 0;
    if (in->busy)
        pause(in);
    else
        write_step(in);
    return 0;
}

static int read_form(struct incoming *in, struct err *err)
{
    TRY(multipart_finish(&in->parser, err));
    void *req = arena_alloc(&in->arena, in->kind->size);
    if (!req) return no_memory(err);
    TRY(fields_parse(req, in->kind->fields, in->form, "", &in->arena, err));
    in->req = req;
    return 0;
}

int incoming_end(struct call *call, struct err *err)
{
    struct incoming *in = call->state;
    int rc = read_form(in, err);
    if (rc < 0) {
        give_up(in);
        return rc;
    }
    in->whole = true;
    if (!in->busy) go_on(in);
    return 0;
}
