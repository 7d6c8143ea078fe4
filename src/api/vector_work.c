/* What the endpoints of vector stores do alike in the store, and before and after it. */
#include "api/file_object.h"
#include "api/reply.h"
#include "api/service.h"
#include "api/vector_files.h"
#include "api/vector_object.h"
#include "base/json.h"

#include <stdio.h>

void *vector_work_new(struct call *call, size_t size, struct err *err)
{
    struct vector_work *w = stored_new(call, size, err);
    if (!w) return NULL;
    w->id = arena_slice(&w->stored.arena, call->id);
    w->sub_id = arena_slice(&w->stored.arena, call->sub_id);
    w->now = file_now();
    return w;
}

static int answer(struct stored *stored, struct err *err)
{
    struct vector_work *w = (struct vector_work *)stored;
    struct call *call = stored->call;
    char ms[16];
    (void)err;
    (void)snprintf(ms, sizeof ms, "%d", VECTOR_POLL_MS); /* Short. */
    if (w->poll) call->ops->header(call, "openai-poll-after-ms", ms);
    call->ops->reply(call, 200, "application/json", w->body);
    return 0;
}

static void done(struct store_job *job, int rc, const struct err *err)
{
    struct vector_work *w = (struct vector_work *)((char *)job - offsetof(struct stored, job));
    struct vector_index *index = vector_files_index(w->service);
    if (rc >= 0 && index && w->after) w->after(w, index);
    if (rc >= 0 && w->kick) vector_files_kick(w->service);
    w->stored_done(job, rc, err); /* Frees it. */
}

int vector_work_begin(struct vector_work *w,
                      int (*run)(struct stored *stored, struct db *db, struct err *err),
                      void (*after)(struct vector_work *work, struct vector_index *index),
                      struct err *err)
{
    w->service = w->stored.call->service;
    w->after = after;
    TRY(stored_begin(&w->stored, run, answer, err));
    /* Jobs are told of their end on this thread, so it is early enough. */
    w->stored_done = w->stored.job.done;
    w->stored.job.done = done;
    return 0;
}

int vector_work_find(struct vector_work *w, struct db *db, struct err *err)
{
    return vector_store_find(&w->store, db, &w->stored.principal, w->id, w->now, &w->stored.arena,
                             err);
}

int vector_work_find_live(struct vector_work *w, struct db *db, struct err *err)
{
    TRY(vector_work_find(w, db, err));
    if (!w->store.expired) return 0;
    return err_set(err, ERR_INVALID_VALUE,
                   "Vector store with id '%.*s' has expired; its files are gone.",
                   SLICE_FMT(w->store.id));
}

/* ---- Bodies ---- */

int vector_work_store_body(struct vector_work *w, struct err *err)
{
    struct buf out;
    struct json_writer json;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&json, &out);
    vector_store_write(&json, &w->store);
    w->poll = w->store.counts.of[VECTOR_IN_PROGRESS] > 0;
    return field_keep_text(&w->body, &out, &w->stored.arena, err);
}

int vector_work_file_body(struct vector_work *w, const struct vector_file *file, struct err *err)
{
    struct buf out;
    struct json_writer json;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&json, &out);
    vector_file_write(&json, file, &w->store);
    w->poll = file->status == VECTOR_IN_PROGRESS;
    return field_keep_text(&w->body, &out, &w->stored.arena, err);
}

int vector_work_batch_body(struct vector_work *w, const struct vector_batch *batch, struct err *err)
{
    struct buf out;
    struct json_writer json;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&json, &out);
    vector_batch_write(&json, batch, &w->store);
    w->poll = batch->counts.of[VECTOR_IN_PROGRESS] > 0;
    return field_keep_text(&w->body, &out, &w->stored.arena, err);
}

int vector_work_deleted_body(struct vector_work *w, struct slice id, const char *object,
                             struct err *err)
{
    struct buf out;
    struct json_writer json;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&json, &out);
    reply_write_deleted(&json, id, object);
    w->kick = true; /* What it held is to go. */
    return field_keep_text(&w->body, &out, &w->stored.arena, err);
}

/* ---- Files ---- */

int vector_work_attach(struct vector_work *w, struct db *db, struct vector_file *file,
                       struct err *err)
{
    struct file_row row;
    int64_t old;
    TRY(file_find(&row, db, &w->stored.principal, file->id, &w->stored.arena, err));
    file->store_seq = w->store.seq;
    file->filename = row.filename;
    file->created_at = w->now;
    file->status = VECTOR_IN_PROGRESS;
    TRY(vector_file_add(db, &w->stored.principal, file, &old, err));
    w->kick = true;
    return 0;
}

static int write_file(struct json_writer *json, const struct db_rows *rows, const void *ctx,
                      struct err *err)
{
    struct vector_file file;
    (void)err;
    vector_file_read(&file, rows, NULL);
    vector_file_write(json, &file, ctx);
    return 0;
}

int vector_work_list_files(struct vector_work *w, struct db *db, const struct listing *listing,
                           int64_t of, int status, struct err *err)
{
    struct db_rows rows;
    TRY(listing_query(&rows, db, listing, DB_ARGS(DB_INT(of), DB_INT(status)), err));
    return list_answer_written(&w->body, &rows, listing->limit, write_file, &w->store,
                               &w->stored.arena, err);
}
