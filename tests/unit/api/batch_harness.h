/* batch_harness - files, rows and requests of the service of batch_service.h. */
#ifndef TIRO_TESTS_BATCH_HARNESS_H
#define TIRO_TESTS_BATCH_HARNESS_H

#include "unit/api/batch_service.h"

/* ---- Rows ---- */

/* A job that is done when the call returns. */
struct now_job {
    struct store_job job;
    int (*run)(struct db *db, void *ctx, struct err *err);
    void *ctx;
    int rc;
    struct err err;
};

static int now_run(struct store_job *job, struct db *db, struct err *err)
{
    struct now_job *n = (struct now_job *)job;
    return n->run(db, n->ctx, err);
}

static void now_done(struct store_job *job, int rc, const struct err *err)
{
    struct now_job *n = (struct now_job *)job;
    n->rc = rc;
    n->err = *err;
}

static inline int try_in_store(int (*run)(struct db *db, void *ctx, struct err *err), void *ctx,
                               struct err *err)
{
    struct now_job n = { .job = { .run = now_run, .done = now_done }, .run = run, .ctx = ctx };
    store_submit(h.service.store, &n.job);
    store_wait(h.service.store);
    *err = n.err;
    return n.rc;
}

static inline void in_store(int (*run)(struct db *db, void *ctx, struct err *err), void *ctx)
{
    struct err err;
    assert_ok(try_in_store(run, ctx, &err), &err);
}

struct number {
    const char *sql;
    int64_t value;
};

static inline int run_number(struct db *db, void *ctx, struct err *err)
{
    struct number *n = ctx;
    return db_one_int(&n->value, -1, db, n->sql, DB_NO_ARGS, err);
}

static inline int64_t number(const char *sql)
{
    struct number n = { .sql = sql };
    in_store(run_number, &n);
    return n.value;
}

/* ---- Files ---- */

struct new_file {
    const char *id, *purpose;
    struct blob blob;
};

static int run_file(struct db *db, void *ctx, struct err *err)
{
    struct new_file *f = ctx;
    struct file_row row = { .id = slice_of(f->id),
                            .filename = SLICE("in.jsonl"),
                            .purpose = slice_of(f->purpose),
                            .sha256 = slice_of(f->blob.sha256),
                            .status = SLICE("processed"),
                            .bytes = f->blob.bytes,
                            .created_at = 1 };
    return file_add(db, &someone, &row, err);
}

static inline void put_file(const char *id, const char *purpose, struct slice text)
{
    struct err err = { 0 };
    struct blob_writer *w;
    struct new_file f = { .id = id, .purpose = purpose };
    assert_ok(blob_open(&w, h.dir, &err), &err);
    assert_ok(blob_write(w, text, &err), &err);
    assert_ok(blob_finish(&f.blob, w, &err), &err);
    in_store(run_file, &f);
    blob_let_go(&f.blob);
}

struct found_file {
    const char *id;
    char sha256[BLOB_NAME_SIZE];
};

static inline int run_find(struct db *db, void *ctx, struct err *err)
{
    struct found_file *f = ctx;
    struct arena arena;
    struct file_row row;
    arena_init(&arena, 1 << 16);
    int rc = file_find(&row, db, &someone, slice_of(f->id), &arena, err);
    if (rc == 0) (void)snprintf(f->sha256, sizeof f->sha256, "%.*s", SLICE_FMT(row.sha256));
    arena_release(&arena);
    return rc;
}

/* Its text; free. */
static inline char *get_file(const char *id)
{
    struct found_file f = { .id = id };
    struct err err = { 0 };
    char path[BLOB_PATH_SIZE], *text;
    size_t len;
    in_store(run_find, &f);
    blob_path(path, h.dir, slice_of(f.sha256));
    assert_ok(file_read_all(&text, &len, path, TEXT_MAX, &err), &err);
    return text;
}

/* ---- Calls ---- */

struct asked {
    int status;
    json_t *body;
};

static inline void on_asked(void *user, const struct inner_answer *a)
{
    struct asked *q = user;
    q->status = a->status;
    q->body = json_loadb(a->body.ptr, a->body.len, 0, NULL);
}

/* The answer's body; a reference of the caller's. */
static inline json_t *ask_as(const struct principal *who, int status, const char *method,
                             const char *path, const char *body)
{
    struct asked q = { 0 };
    struct inner_call *call;
    struct err err = { 0 };
    struct inner_call_options o = { .service = &h.service,
                                    .principal = who,
                                    .method = slice_of(method),
                                    .path = slice_of(path),
                                    .body = slice_of(body),
                                    .end = on_asked,
                                    .user = &q };
    assert_ok(inner_call_begin(&call, &o, &err), &err);
    store_wait(h.service.store);
    assert_non_null(q.body);
    if (q.status != status) fail_msg("%d: %s", q.status, json_dumps(q.body, 0));
    return q.body;
}

static inline json_t *ask(int status, const char *method, const char *path, const char *body)
{
    return ask_as(&someone, status, method, path, body);
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static inline void create(char ret[64], const char *file, const char *endpoint)
{
    char body[512];
    (void)snprintf(body, sizeof body,
                   "{\"input_file_id\":\"%s\",\"endpoint\":\"%s\",\"completion_window\":\"24h\","
                   "\"metadata\":{\"a\":\"b\"}}",
                   file, endpoint);
    json_t *batch = ask(200, "POST", "/v1/batches", body);
    assert_string_equal(text_of(batch, "status"), "validating");
    (void)snprintf(ret, 64, "%s", text_of(batch, "id"));
    json_decref(batch);
}

static inline json_t *get(const char *id)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/v1/batches/%s", id);
    return ask(200, "GET", path, "");
}

static inline bool has_status(const char *id, const char *status)
{
    json_t *batch = get(id);
    bool is = strcmp(text_of(batch, "status"), status) == 0;
    json_decref(batch);
    return is;
}

/* Until it has the status; time passes. */
static inline json_t *until(const char *id, const char *status)
{
    for (int i = 0; i < 3000; i++) {
        if (has_status(id, status)) return get(id);
        if (go(HANDLES_MAX) == 0) pass(1000);
    }
    fail_msg("never %s: %s", status, json_dumps(get(id), 0));
    return NULL;
}

static inline int64_t count_of(const json_t *batch, const char *group, const char *key)
{
    return json_integer_value(json_object_get(json_object_get(batch, group), key));
}

#endif
