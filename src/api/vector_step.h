/* vector_step - what a file's job (api/vector_job.h) does in the database, one transaction a step.
 * A step has its own memory: the job may be closed under it. */
#ifndef TIRO_API_VECTOR_STEP_H
#define TIRO_API_VECTOR_STEP_H

#include "api/service.h"
#include "store/file_table.h"
#include "store/vector_chunk_table.h"

struct vector_job;

struct vector_step {
    struct store_job job;     /* first */
    struct vector_job *owner; /* NULL: closed */
    struct arena arena;
    struct principal principal;
    struct vector_file file; /* In the arena. For end: with its new status. */
    int64_t now;
    bool wanted; /* The file is there still and in progress. */
    /* Of read, what is found: */
    struct file_row row;
    /* Of put: */
    struct slice model;
    uint32_t dimensions;
    struct vector_chunk *chunks; /* n of them, in the arena */
    uint32_t n_chunks;
    /* Of end, with the model: */
    uint64_t n_tokens;
    struct slice attributes; /* what they are by then */
    void (*then)(struct vector_job *owner, struct vector_step *step, int rc, const struct err *err);
};

/* NULL with *err set. */
struct vector_step *vector_step_new(struct vector_job *owner, const struct principal *principal,
                                    const struct vector_file *file, struct err *err);
/* `then` is called on the loop, unless the owner has gone; the step is freed behind it. */
int vector_step_submit(struct vector_step *step, struct store *store,
                       int (*run)(struct store_job *job, struct db *db, struct err *err),
                       void (*then)(struct vector_job *owner, struct vector_step *step, int rc,
                                    const struct err *err),
                       struct err *err) MUST_USE;

int vector_step_read(struct store_job *job, struct db *db, struct err *err);
int vector_step_put(struct store_job *job, struct db *db, struct err *err);
int vector_step_end(struct store_job *job, struct db *db, struct err *err);

#endif
