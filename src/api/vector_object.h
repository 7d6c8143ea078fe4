/* vector_object - vector stores, their files and batches as clients see them, and what their
 * endpoints share. */
#ifndef TIRO_API_VECTOR_OBJECT_H
#define TIRO_API_VECTOR_OBJECT_H

#include "api/list_answer.h"
#include "api/stored.h"
#include "store/vector_file_table.h"

struct vector_index;

enum {
    VECTOR_NAME_MAX = 256,        /* characters of UTF-8, at most as many bytes times four */
    VECTOR_STORE_FILES_MAX = 500, /* attached with the making of a store */
    VECTOR_BATCH_FILES_MAX = 2000,
    VECTOR_POLL_MS = 500, /* When to look again at what is in progress. */
};

/* ---- What requests hold ---- */

struct vector_expiry_req {
    struct field_enum anchor;
    struct field_int days;
};
extern const struct field vector_expiry_fields[];

struct vector_static_req {
    struct field_int max_chunk_size_tokens, chunk_overlap_tokens;
};
struct vector_chunking_req {
    struct field_enum type;    /* 0: auto, 1: static */
    struct field_object fixed; /* struct vector_static_req */
};
extern const struct field vector_chunking_fields[];
/* Into the file's row: 0 for auto. `path` is where it stands. */
int vector_chunking_fill(struct vector_file *ret, const struct vector_chunking_req *req,
                         const char *path, struct service *service, struct err *err) MUST_USE;

/* ---- What answers hold ---- */

extern const struct field vector_store_answer[], vector_file_answer[], vector_batch_answer[],
    vector_deleted_answer[], vector_stores_answer[], vector_files_answer[];

void vector_store_write(struct json_writer *w, const struct vector_store *store);
void vector_file_write(struct json_writer *w, const struct vector_file *file,
                       const struct vector_store *store);
void vector_batch_write(struct json_writer *w, const struct vector_batch *batch,
                        const struct vector_store *store);

/* ---- An endpoint's work in the store ---- */

struct vector_work {
    struct stored stored;
    struct slice id, sub_id; /* of the path */
    int64_t now;
    struct vector_store store; /* found or made by run */
    struct slice body;         /* the answer */
    bool poll;                 /* it is in progress: the client is told when to come again */
    bool kick;                 /* the runner is told to look */
    struct service *service;
    void (*after)(struct vector_work *work, struct vector_index *index);
    void (*stored_done)(struct store_job *job, int rc, const struct err *err);
};

/* `size` bytes that begin with a struct vector_work; NULL with *err set. */
void *vector_work_new(struct call *call, size_t size, struct err *err);
/* Replies with the .body that run leaves. `after` (NULL: nothing) is called once all is committed,
 * whether the client is still there or not: it tells the index what has changed. */
int vector_work_begin(struct vector_work *work,
                      int (*run)(struct stored *stored, struct db *db, struct err *err),
                      void (*after)(struct vector_work *work, struct vector_index *index),
                      struct err *err) MUST_USE;
/* The store of the path, into .store. */
int vector_work_find(struct vector_work *work, struct db *db, struct err *err) MUST_USE;
/* ... which has not expired. */
int vector_work_find_live(struct vector_work *work, struct db *db, struct err *err) MUST_USE;
/* The answers, into .body. */
int vector_work_store_body(struct vector_work *work, struct err *err) MUST_USE;
int vector_work_file_body(struct vector_work *work, const struct vector_file *file,
                          struct err *err) MUST_USE;
int vector_work_batch_body(struct vector_work *work, const struct vector_batch *batch,
                           struct err *err) MUST_USE;
int vector_work_deleted_body(struct vector_work *work, struct slice id, const char *object,
                             struct err *err) MUST_USE;
/* Attaches a file that must be there: its id, attributes and chunking stand in `file`. */
int vector_work_attach(struct vector_work *work, struct db *db, struct vector_file *file,
                       struct err *err) MUST_USE;

/* Lists of files: the query, and the page. */
struct vector_files_req {
    struct list_req list;
    struct field_enum filter; /* enum vector_status; -1: any */
};
extern const struct field vector_files_query[];
/* The last parameter of `where` is the status. */
int vector_work_list_files(struct vector_work *work, struct db *db, const struct listing *listing,
                           int64_t of, int status, struct err *err) MUST_USE;

#endif
