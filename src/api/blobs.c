#include "api/blobs.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/seam.h"
#include "store/blob.h"
#include "store/file_table.h"

enum { TIDY_BYTES_MAX = 256 << 20 };

/* First a job that looks for rows; then, seen by a committed transaction, the bytes are taken out
 * of their place; then they are freed, which takes longer, beside the loop. */
struct tidy {
    struct store_job job;
    struct service_work work;
    struct service *service;
    struct arena arena;
    char one[BLOB_NAME_SIZE]; /* Looked at besides; "": none. */
    bool all;                 /* Every blob there is is looked at. */
    bool more;                /* There was more than is done at once. */
    struct name {
        struct name *next;
        struct slice sha256;
    } * first; /* What no row names. */
    struct err err;
};

static void tidy_free(struct tidy *t)
{
    arena_release(&t->arena);
    mem_free(t);
}

static struct tidy *of_work(struct service_work *work)
{
    return (struct tidy *)((char *)work - offsetof(struct tidy, work));
}

static void empty_run(struct service_work *work)
{
    struct tidy *t = of_work(work);
    if (blob_empty(t->service->data_dir, &t->err) < 0)
        log_error("the bytes of a deleted file are still there", LOG_STR("why", t->err.text));
}

static void empty_done(struct service_work *work)
{
    tidy_free(of_work(work));
}

/* ---- Which have no name ---- */

static struct tidy *of_job(struct store_job *job)
{
    return (struct tidy *)((char *)job - offsetof(struct tidy, job));
}

static int note(struct tidy *t, struct slice sha256, struct err *err)
{
    struct name *name = ARENA_NEW(&t->arena, struct name);
    if (name) name->sha256 = arena_slice(&t->arena, sha256);
    TRY(arena_check(&t->arena, "the bytes that nobody needs", err));
    name->next = t->first;
    t->first = name;
    return 0;
}

struct look {
    struct tidy *tidy;
    struct db *db;
};

static int look_at(void *ctx, struct slice sha256, struct err *err)
{
    struct look *look = ctx;
    bool named;
    TRY(file_names_blob(&named, look->db, sha256, err));
    return named ? 0 : note(look->tidy, sha256, err);
}

static int look_at_list(struct tidy *t, struct db *db, struct err *err)
{
    struct slice *loose;
    size_t n;
    TRY(loose_blobs_take(&loose, &n, db, &t->arena, err));
    for (size_t i = 0; i < n; i++) TRY(note(t, loose[i], err));
    t->more = n == LOOSE_BLOBS_MAX;
    return 0;
}

static int look(struct store_job *job, struct db *db, struct err *err)
{
    struct tidy *t = of_job(job);
    struct look look = { t, db };
    arena_reset(&t->arena); /* It may be called again. */
    t->first = NULL;
    TRY(look_at_list(t, db, err));
    if (t->one[0]) TRY(look_at(&look, slice_of(t->one), err));
    return t->all ? blob_walk(t->service->data_dir, look_at, &look, err) : 0;
}

/* ---- And go ---- */

static void looked(struct store_job *job, int rc, const struct err *err)
{
    struct tidy *t = of_job(job);
    struct err why = *err;
    bool any = false;
    for (const struct name *name = t->first; rc >= 0 && name; name = name->next, any = true)
        rc = blob_remove(t->service->data_dir, name->sha256, &why);
    if (rc < 0)
        log_error("the bytes of a deleted file are still there", LOG_STR("why", why.text));
    else if (t->more)
        blobs_tidy(t->service);
    if (rc >= 0 && any) {
        t->work = (struct service_work){ .run = empty_run, .done = empty_done };
        if (t->service->ops->work(t->service, &t->work, NULL) == 0) return;
    }
    tidy_free(t); /* What is out of its place is freed with the next, or by the next start. */
}

static struct tidy *begin(struct service *service, struct slice one, bool all)
{
    struct tidy *t = mem_calloc(1, sizeof *t);
    if (!t) return NULL;
    t->service = service;
    t->all = all;
    memcpy(t->one, one.ptr, one.len);
    t->job.run = look;
    t->job.done = looked;
    arena_init(&t->arena, TIDY_BYTES_MAX);
    store_submit(service->store, &t->job);
    return t;
}

void blobs_drop(struct service *service, struct slice sha256)
{
    if (!begin(service, sha256, false)) log_warn("the bytes of a deleted file go later");
}

void blobs_tidy(struct service *service)
{
    blobs_drop(service, SLICE(""));
}

int blobs_clean(struct service *service, struct err *err)
{
    TRY(blob_clean(service->data_dir, err));
    if (begin(service, SLICE(""), true)) return 0;
    return err_set(err, ERR_NO_MEMORY, "no memory to look for unneeded files");
}
