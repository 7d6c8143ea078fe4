/* Which batches there are: those that are not over become work. */
#include "api/batch_work.h"
#include "base/log.h"
#include "base/seam.h"

enum { LOOK_BYTES_MAX = 64 << 20, WORK_BYTES_MAX = 1 << 16 };

struct look {
    struct store_job job;
    struct batches *batches;
    struct arena arena;
    struct batch_row **rows; /* n of them, by age */
    size_t n, cap;
    bool first; /* those that are over and have lines left, too */
};

static int add_row(struct look *l, const struct db_rows *rows)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct batch_row **more = mem_realloc(l->rows, cap * sizeof(struct batch_row *));
        if (!more) return -ERR_NO_MEMORY;
        l->rows = more;
        l->cap = cap;
    }
    struct batch_row *row = ARENA_NEW(&l->arena, struct batch_row);
    if (!row) return -ERR_NO_MEMORY;
    batch_from_row(row, rows, &l->arena);
    l->rows[l->n++] = row;
    return l->arena.failed ? -ERR_NO_MEMORY : 0;
}

static int run_look(struct store_job *job, struct db *db, struct err *err)
{
    static const char open[] = "SELECT " BATCH_COLUMNS " FROM batches WHERE " BATCH_OPEN
                               " ORDER BY seq";
    static const char all[] = "SELECT " BATCH_COLUMNS " FROM batches WHERE " BATCH_OPEN
                              " OR EXISTS (SELECT 1 FROM batch_lines "
                              "WHERE batch_id = batches.id) ORDER BY seq";
    struct look *l = (struct look *)job; /* Its first member. */
    struct db_rows rows;
    int rc;
    l->n = 0;
    arena_reset(&l->arena);
    TRY(db_query(&rows, db, l->first ? all : open, DB_NO_ARGS, err));
    while ((rc = db_next(&rows, err)) > 0) {
        if (add_row(l, &rows) == 0) continue;
        db_rows_close(&rows);
        return err_set(err, ERR_NO_MEMORY, "no memory for the batches");
    }
    return rc;
}

static enum batch_stage stage_of(enum batch_status status)
{
    switch (status) {
    case BATCH_VALIDATING: return STAGE_VALIDATE;
    case BATCH_IN_PROGRESS: return STAGE_RUN;
    case BATCH_FINALIZING:
    case BATCH_CANCELLING: return STAGE_FINISH;
    default: return STAGE_PURGE;
    }
}

static struct batch_work *new_work(struct batches *b, const struct batch_row *row)
{
    struct batch_work *w = mem_calloc(1, sizeof *w);
    if (!w) return NULL;
    arena_init(&w->arena, WORK_BYTES_MAX);
    w->all = b;
    w->id = arena_slice(&w->arena, row->id);
    w->endpoint = arena_slice(&w->arena, row->endpoint);
    w->sha256 = arena_slice(&w->arena, row->sha256);
    w->owner.tenant = arena_slice(&w->arena, row->owner.tenant);
    w->owner.project = arena_slice(&w->arena, row->owner.project);
    w->owner.user = arena_slice(&w->arena, row->owner.user);
    w->owner.key = arena_slice(&w->arena, row->owner.key);
    w->expires_at = row->expires_at;
    w->stage = stage_of(row->status);
    w->waiting_end = &w->waiting;
    if (!w->arena.failed) return w;
    arena_release(&w->arena);
    mem_free(w);
    return NULL;
}

/* False without memory: the next look finds it. */
static bool know(struct batches *b, const struct batch_row *row)
{
    struct batch_work **at = &b->works;
    for (; *at; at = &(*at)->next)
        if (slice_eq((*at)->id, row->id)) {
            (*at)->cancelled = row->status == BATCH_CANCELLING;
            return true;
        }
    *at = new_work(b, row);
    if (*at) (*at)->cancelled = row->status == BATCH_CANCELLING;
    return *at != NULL;
}

static void looked(struct store_job *job, int rc, const struct err *err)
{
    struct look *l = (struct look *)job;
    struct batches *b = l->batches;
    if (batches_job_back(b)) {
        b->looking = false;
        for (size_t i = 0; rc >= 0 && i < l->n; i++)
            if (!know(b, l->rows[i])) rc = err_set(NULL, ERR_NO_MEMORY, "no memory");
        if (rc < 0) log_warn("the batches were not found yet", LOG_STR("why", err->text));
        b->looked = b->looked || rc >= 0;
        bool again = b->look_again;
        b->look_again = false;
        if (again) batches_look_begin(b);
        batches_go(b);
    }
    arena_release(&l->arena);
    mem_free(l->rows);
    mem_free(l);
}

void batches_look_begin(struct batches *b)
{
    if (b->looking) {
        b->look_again = true;
        return;
    }
    struct look *l = mem_calloc(1, sizeof *l);
    if (!l) return; /* The next tick looks again. */
    arena_init(&l->arena, LOOK_BYTES_MAX);
    l->batches = b;
    l->first = !b->looked;
    l->job.run = run_look;
    l->job.done = looked;
    b->looking = true;
    b->n_jobs++;
    store_submit(b->service->store, &l->job);
}
