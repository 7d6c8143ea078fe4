/* vector_job - one file of a vector store on its way to being found: its text, tokens counted, cut,
 * embedded, stored, told to the index.
 *
 *     read      what is left of an earlier attempt goes; whose bytes           store's thread
 *     extract   the text                                                      a worker
 *     count     tokens of its parts                                           the model's worker
 *     embed     chunks, EMBED_WINDOW at once, when nobody else wants the model
 *     put       PUT_CHUNKS a transaction, which is told to the index after
 *     end       status, usage and the ledger in one transaction
 *
 * An attempt that breaks off leaves chunks that nobody finds; the next begins anew. Each attachment
 * is ended once (store/vector_file_table.h). A file that was cancelled or removed meanwhile is
 * noticed with the next transaction; what it used by then is booked.
 */
#ifndef TIRO_API_VECTOR_JOB_H
#define TIRO_API_VECTOR_JOB_H

#include "api/service.h"
#include "store/vector_file_table.h"

struct vector_index;
struct vector_job;

enum {
    CHUNK_TOKENS_AUTO = 800, /* As OpenAI has them, where the model can hold so many; */
    CHUNK_OVERLAP_AUTO = 400,
    CHUNK_TOKENS_MIN = 100, /* and what a client may ask for. */
    CHUNK_TOKENS_MAX = 4096,
};

struct vector_job_options {
    struct service *service;
    struct vector_index *index;
    const struct principal *owner;  /* Both are copied. */
    const struct vector_file *file; /* in progress */
    /* Once, from the loop; the job is gone when it returns. `again`: it could not be ended now, but
     * may be later. */
    void (*done)(void *user, struct vector_job *job, bool again);
    void *user;
};

int vector_job_open(struct vector_job **ret, const struct vector_job_options *options,
                    struct err *err) MUST_USE;
void vector_job_close(struct vector_job *job); /* Breaks off. */
int64_t vector_job_file(const struct vector_job *job);

/* The model that a new vector store is made with: the setting's, else the first that makes
 * embeddings. -ERR_MODEL_NOT_FOUND */
int vector_job_model(const char **ret, struct service *service, struct err *err) MUST_USE;

#endif
