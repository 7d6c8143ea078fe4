/* POST /v1/vector_stores/{vector_store_id}/file_batches: attaches many files at once. */
#include "api/endpoint.h"
#include "api/reply.h"
#include "api/vector_object.h"
#include "api/vector_values.h"

#include <stdio.h>

enum { FILE_ID_MAX = 128 };

struct entry_req {
    struct field_string file_id;
    struct field_json attributes;
    struct field_object chunking_strategy;
};

struct batch_req {
    struct field_strings file_ids;
    struct field_objects files; /* struct entry_req */
    struct field_json attributes;
    struct field_object chunking_strategy;
};

static const struct field entry_fields[] = {
    FIELD_STRING(struct entry_req, file_id, .required = true, .len_min = 1, .len_max = FILE_ID_MAX,
                 .help = "Id of an uploaded file."),
    FIELD_JSON(struct entry_req, attributes, .types = FIELD_TYPE_OBJECT,
               .schema = vector_attributes_schema, .help = "Of this file."),
    FIELD_OBJECT(struct entry_req, chunking_strategy, .fields = vector_chunking_fields,
                 .size = sizeof(struct vector_chunking_req), .help = "How this file is cut."),
    FIELDS_END,
};

static const struct field fields[] = {
    FIELD_STRINGS(struct batch_req, file_ids, .len_max = VECTOR_BATCH_FILES_MAX,
                  .item_len_max = FILE_ID_MAX,
                  .help = "Files to attach, at most 2000; this or `files`."),
    FIELD_OBJECTS(struct batch_req, files, .len_max = VECTOR_BATCH_FILES_MAX,
                  .fields = entry_fields, .size = sizeof(struct entry_req),
                  .help = "Files with attributes and chunking of their own, at most 2000."),
    FIELD_JSON(struct batch_req, attributes, .types = FIELD_TYPE_OBJECT,
               .schema = vector_attributes_schema, .help = "Of all of `file_ids`."),
    FIELD_OBJECT(struct batch_req, chunking_strategy, .fields = vector_chunking_fields,
                 .size = sizeof(struct vector_chunking_req),
                 .help = "How all of `file_ids` are cut."),
    FIELDS_END,
};

struct creation {
    struct vector_work work;
    struct slice batch_id;
    struct vector_file *files; /* n of them */
    size_t n;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct creation *c = (struct creation *)stored;
    struct vector_batch batch = { .id = c->batch_id, .created_at = c->work.now };
    TRY(vector_work_find_live(&c->work, db, err));
    batch.store_seq = c->work.store.seq;
    TRY(vector_batch_add(db, &batch, err));
    for (size_t i = 0; i < c->n; i++) {
        struct vector_file file = c->files[i];
        file.batch_seq = batch.seq;
        TRY(vector_work_attach(&c->work, db, &file, err));
    }
    TRY(vector_store_touch(db, c->work.store.seq, c->work.now, err));
    TRY(vector_batch_find(&batch, db, &c->work.store, c->batch_id, &stored->arena, err));
    return vector_work_batch_body(&c->work, &batch, err);
}

static int fill_ids(struct creation *c, const struct batch_req *req, struct service *service,
                    struct err *err)
{
    struct arena *arena = &c->work.stored.arena;
    struct vector_file all = { 0 };
    TRY(vector_attributes_text(&all.attributes, req->attributes.value, "attributes", arena, err));
    TRY(vector_chunking_fill(&all, req->chunking_strategy.value, "chunking_strategy", service,
                             err));
    c->n = req->file_ids.n;
    c->files = ARENA_NEWS(arena, c->n, struct vector_file);
    for (size_t i = 0; c->files && i < c->n; i++) {
        c->files[i] = all;
        c->files[i].id = arena_slice(arena, req->file_ids.items[i]);
    }
    return 0;
}

static int fill_files(struct creation *c, const struct batch_req *req, struct service *service,
                      struct err *err)
{
    struct arena *arena = &c->work.stored.arena;
    const struct entry_req *entries = req->files.items;
    char path[ERR_PARAM_MAX];
    c->n = req->files.n;
    c->files = ARENA_NEWS(arena, c->n, struct vector_file);
    for (size_t i = 0; c->files && i < c->n; i++) {
        struct vector_file *f = &c->files[i];
        f->id = arena_slice(arena, entries[i].file_id.value);
        (void)snprintf(path, sizeof path, "files[%zu].attributes", i); /* Short. */
        TRY(vector_attributes_text(&f->attributes, entries[i].attributes.value, path, arena, err));
        (void)snprintf(path, sizeof path, "files[%zu].chunking_strategy", i);
        TRY(vector_chunking_fill(f, entries[i].chunking_strategy.value, path, service, err));
    }
    return 0;
}

static int fill(struct creation *c, const struct batch_req *req, struct service *service,
                struct err *err)
{
    char id[REPLY_ID_MAX];
    reply_id(id, "vsfb_");
    c->batch_id = arena_slice(&c->work.stored.arena, slice_of(id));
    if (req->file_ids.n && req->files.n) return field_misplaced("files", "file_ids", err);
    if (req->files.n) return fill_files(c, req, service, err);
    if (req->file_ids.n) return fill_ids(c, req, service, err);
    return field_missing("file_ids", err);
}

static int handle(struct call *call, const void *req, struct err *err)
{
    struct creation *c = vector_work_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    int rc = fill(c, req, call->service, err);
    if (rc == 0) return vector_work_begin(&c->work, run, NULL, err);
    stored_free(&c->work.stored);
    return rc;
}

const struct endpoint endpoint_vector_batch_create = {
    .method = "POST",
    .path = "/v1/vector_stores/{vector_store_id}/file_batches",
    .fields = fields,
    .size = sizeof(struct batch_req),
    .handle = handle,
    .name = "VectorStoreFileBatchCreate",
    .tag = "Vector stores",
    .summary = "Attaches many files to a vector store.",
    .response = vector_batch_answer,
};
