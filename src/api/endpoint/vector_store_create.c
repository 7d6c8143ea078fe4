/* POST /v1/vector_stores: a new one, with files if some are named. */
#include "api/endpoint.h"
#include "api/reply.h"
#include "api/vector_object.h"
#include "api/vector_values.h"

enum { DESCRIPTION_MAX = 4096, FILE_ID_MAX = 128 };

struct create_req {
    struct field_string name, description;
    struct field_strings file_ids;
    struct field_object expires_after, chunking_strategy;
    struct field_json metadata;
};

static const struct field fields[] = {
    FIELD_STRING(struct create_req, name, .len_max = VECTOR_NAME_MAX, .help = "For people."),
    FIELD_STRING(struct create_req, description, .len_max = DESCRIPTION_MAX, .help = "For people."),
    FIELD_STRINGS(struct create_req, file_ids, .len_max = VECTOR_STORE_FILES_MAX,
                  .item_len_max = FILE_ID_MAX, .help = "Files to attach; at most 500."),
    FIELD_OBJECT(struct create_req, expires_after, .fields = vector_expiry_fields,
                 .size = sizeof(struct vector_expiry_req),
                 .help = "When it expires; without it never."),
    FIELD_OBJECT(struct create_req, chunking_strategy, .fields = vector_chunking_fields,
                 .size = sizeof(struct vector_chunking_req),
                 .help = "How the files are cut; only with file_ids."),
    FIELD_JSON(struct create_req, metadata, .types = FIELD_TYPE_OBJECT,
               .schema = vector_metadata_schema,
               .help = "Up to 16 pairs of texts: keys of 64, values of 512 characters."),
    FIELDS_END,
};

struct creation {
    struct vector_work work;
    struct vector_store row;
    struct vector_file file; /* what all files have */
    struct slice *ids;       /* n of them */
    size_t n;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct creation *c = (struct creation *)stored;
    struct vector_store store = c->row;
    TRY(vector_store_add(db, &stored->principal, &store, err));
    c->work.store = store;
    for (size_t i = 0; i < c->n; i++) {
        struct vector_file file = c->file;
        file.id = c->ids[i];
        TRY(vector_work_attach(&c->work, db, &file, err));
    }
    c->work.id = store.id;
    TRY(vector_work_find(&c->work, db, err));
    return vector_work_store_body(&c->work, err);
}

static int fill(struct creation *c, const struct create_req *req, struct call *call,
                struct err *err)
{
    struct arena *arena = &c->work.stored.arena;
    const struct vector_expiry_req *expiry = req->expires_after.value;
    char id[REPLY_ID_MAX];
    reply_id(id, "vs_");
    if (req->chunking_strategy.given && req->file_ids.n == 0)
        return err_param(err, ERR_INVALID_VALUE, "chunking_strategy",
                         "Invalid 'chunking_strategy': it says how the files of 'file_ids' are "
                         "cut, and there are none.");
    TRY(vector_metadata_text(&c->row.metadata, req->metadata.value, "metadata", arena, err));
    TRY(vector_chunking_fill(&c->file, req->chunking_strategy.value, "chunking_strategy",
                             call->service, err));
    c->file.attributes = SLICE("{}");
    c->row.id = arena_slice(arena, slice_of(id));
    c->row.name = arena_slice(arena, req->name.value);
    if (req->description.given) c->row.description = arena_slice(arena, req->description.value);
    c->row.created_at = c->work.now;
    c->row.expires_days = expiry ? expiry->days.value : 0;
    c->n = req->file_ids.n;
    c->ids = ARENA_NEWS(arena, c->n + 1, struct slice);
    for (size_t i = 0; c->ids && i < c->n; i++)
        c->ids[i] = arena_slice(arena, req->file_ids.items[i]);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    struct creation *c = vector_work_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    int rc = fill(c, req, call, err);
    if (rc < 0) {
        stored_free(&c->work.stored);
        return rc;
    }
    return vector_work_begin(&c->work, run, NULL, err);
}

const struct endpoint endpoint_vector_store_create = {
    .method = "POST",
    .path = "/v1/vector_stores",
    .fields = fields,
    .size = sizeof(struct create_req),
    .handle = handle,
    .name = "VectorStoreCreate",
    .tag = "Vector stores",
    .summary = "A new vector store.",
    .response = vector_store_answer,
};
