#include "api/vector_step.h"

#include "base/seam.h"
#include "store/ledger.h"

#include <stdio.h>

enum { ARENA_MAX = 64 << 20, NS_PER_S = 1000 * 1000 * 1000, BOOK_ID_MAX = 40 };

static struct vector_step *of(struct store_job *job)
{
    return (struct vector_step *)job;
}

struct vector_step *vector_step_new(struct vector_job *owner, const struct principal *p,
                                    const struct vector_file *file, struct err *err)
{
    struct vector_step *s = mem_calloc(1, sizeof *s);
    if (!s) {
        (void)err_set(err, ERR_NO_MEMORY, "no memory for a file of a vector store");
        return NULL;
    }
    struct arena *a = &s->arena;
    arena_init(a, ARENA_MAX);
    s->owner = owner;
    s->now = (int64_t)(wall_ns() / NS_PER_S);
    s->principal = (struct principal){ arena_slice(a, p->tenant), arena_slice(a, p->project),
                                       arena_slice(a, p->user), arena_slice(a, p->key) };
    s->file = *file;
    s->file.id = arena_slice(a, file->id);
    s->file.filename = arena_slice(a, file->filename);
    s->file.attributes = arena_slice(a, file->attributes);
    if (file->error_code.ptr) s->file.error_code = arena_slice(a, file->error_code);
    if (file->error_text.ptr) s->file.error_text = arena_slice(a, file->error_text);
    return s;
}

static void free_step(struct vector_step *s)
{
    arena_release(&s->arena);
    mem_free(s);
}

static void done(struct store_job *job, int rc, const struct err *err)
{
    struct vector_step *s = of(job);
    if (s->owner) s->then(s->owner, s, rc, err);
    free_step(s);
}

int vector_step_submit(struct vector_step *s, struct store *store,
                       int (*run)(struct store_job *job, struct db *db, struct err *err),
                       void (*then)(struct vector_job *owner, struct vector_step *step, int rc,
                                    const struct err *err),
                       struct err *err)
{
    int rc = arena_check(&s->arena, "a file of a vector store", err);
    if (rc < 0) {
        free_step(s);
        return rc;
    }
    s->job.run = run;
    s->job.done = done;
    s->then = then;
    store_submit(store, &s->job);
    return 0;
}

int vector_step_read(struct store_job *job, struct db *db, struct err *err)
{
    struct vector_step *s = of(job);
    TRY(vector_file_is_wanted(&s->wanted, db, s->file.seq, err));
    if (!s->wanted) return 0;
    TRY(vector_chunk_clear(db, s->file.seq, err));
    return file_find(&s->row, db, &s->principal, s->file.id, &s->arena, err);
}

/* With the first chunks, what they are and how they were cut. */
static int settle(struct vector_step *s, struct db *db, struct err *err)
{
    TRY(vector_store_settle(db, s->file.store_seq, s->model, s->dimensions, err));
    return vector_file_set_chunking(db, s->file.seq, s->file.chunk_tokens, s->file.overlap_tokens,
                                    err);
}

int vector_step_put(struct store_job *job, struct db *db, struct err *err)
{
    struct vector_step *s = of(job);
    TRY(vector_file_is_wanted(&s->wanted, db, s->file.seq, err));
    if (!s->wanted) return 0;
    if (s->chunks[0].number == 0) TRY(settle(s, db, err));
    for (uint32_t i = 0; i < s->n_chunks; i++)
        TRY(vector_chunk_add(db, &s->file, &s->chunks[i], err));
    return 0;
}

int vector_step_end(struct store_job *job, struct db *db, struct err *err)
{
    struct vector_step *s = of(job);
    char id[BOOK_ID_MAX];
    TRY(vector_file_end(&s->wanted, db, &s->file, err));
    TRY(vector_file_attributes(&s->attributes, db, s->file.seq, &s->arena, err));
    if (s->wanted && s->file.status != VECTOR_COMPLETED)
        TRY(vector_chunk_clear(db, s->file.seq, err));
    if (s->n_tokens == 0) return 0;
    /* Numbers of attachments are never used again, so this is booked once. */
    (void)snprintf(id, sizeof id, "vsfile_%lld", (long long)s->file.seq); /* Fits. */
    struct ledger_row row = {
        .id = slice_of(id),
        .endpoint = SLICE("/v1/vector_stores/files"),
        .model = s->model,
        .created_at = s->now,
        .status = s->wanted ? 200 : 499,
        .prompt_tokens = s->n_tokens,
    };
    return ledger_add(db, &s->principal, &row, err);
}
