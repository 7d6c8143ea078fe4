/* POST /v1/vector_stores/{vector_store_id}/files: attaches a file, which is read, cut and embedded
 * behind the answer. One that is attached already is read anew. */
#include "api/endpoint.h"
#include "api/vector_object.h"
#include "api/vector_values.h"

enum { FILE_ID_MAX = 128 };

struct attach_req {
    struct field_string file_id;
    struct field_json attributes;
    struct field_object chunking_strategy;
};

static const struct field fields[] = {
    FIELD_STRING(struct attach_req, file_id, .required = true, .len_min = 1, .len_max = FILE_ID_MAX,
                 .help = "Id of an uploaded file."),
    FIELD_JSON(struct attach_req, attributes, .types = FIELD_TYPE_OBJECT,
               .schema = vector_attributes_schema,
               .help = "Up to 16 texts, numbers and booleans, for filters."),
    FIELD_OBJECT(struct attach_req, chunking_strategy, .fields = vector_chunking_fields,
                 .size = sizeof(struct vector_chunking_req), .help = "How it is cut."),
    FIELDS_END,
};

struct attachment {
    struct vector_work work;
    struct vector_file file;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct attachment *a = (struct attachment *)stored;
    struct vector_file file = a->file;
    TRY(vector_work_find_live(&a->work, db, err));
    TRY(vector_work_attach(&a->work, db, &file, err));
    TRY(vector_store_touch(db, a->work.store.seq, a->work.now, err));
    return vector_work_file_body(&a->work, &file, err);
}

static int fill(struct attachment *a, const struct attach_req *req, struct call *call,
                struct err *err)
{
    struct arena *arena = &a->work.stored.arena;
    a->file.id = arena_slice(arena, req->file_id.value);
    TRY(vector_attributes_text(&a->file.attributes, req->attributes.value, "attributes", arena,
                               err));
    return vector_chunking_fill(&a->file, req->chunking_strategy.value, "chunking_strategy",
                                call->service, err);
}

static int handle(struct call *call, const void *req, struct err *err)
{
    struct attachment *a = vector_work_new(call, sizeof *a, err);
    if (!a) return -ERR_NO_MEMORY;
    int rc = fill(a, req, call, err);
    if (rc == 0) return vector_work_begin(&a->work, run, NULL, err);
    stored_free(&a->work.stored);
    return rc;
}

const struct endpoint endpoint_vector_file_create = {
    .method = "POST",
    .path = "/v1/vector_stores/{vector_store_id}/files",
    .fields = fields,
    .size = sizeof(struct attach_req),
    .handle = handle,
    .name = "VectorStoreFileCreate",
    .tag = "Vector stores",
    .summary = "Attaches a file to a vector store.",
    .response = vector_file_answer,
};
