/* POST /v1/vector_stores/{vector_store_id}: another name, end or metadata. */
#include "api/endpoint.h"
#include "api/vector_object.h"
#include "api/vector_values.h"

struct update_req {
    struct field_string name;
    struct field_object expires_after;
    struct field_json metadata;
};

static const struct field fields[] = {
    FIELD_STRING(struct update_req, name, .len_max = VECTOR_NAME_MAX, .help = "For people."),
    FIELD_OBJECT(struct update_req, expires_after, .fields = vector_expiry_fields,
                 .size = sizeof(struct vector_expiry_req), .help = "When it expires."),
    FIELD_JSON(struct update_req, metadata, .types = FIELD_TYPE_OBJECT,
               .schema = vector_metadata_schema, .help = "In the place of what there was."),
    FIELDS_END,
};

struct update {
    struct vector_work work;
    struct slice name, metadata; /* ptr NULL: as before */
    int64_t days;                /* 0: as before */
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update *u = (struct update *)stored;
    struct vector_store *store = &u->work.store;
    TRY(vector_work_find_live(&u->work, db, err));
    if (u->name.ptr) store->name = u->name;
    if (u->metadata.ptr) store->metadata = u->metadata;
    if (u->days) store->expires_days = u->days;
    TRY(vector_store_update(db, store, err));
    return vector_work_store_body(&u->work, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_req *req = request;
    const struct vector_expiry_req *expiry = req->expires_after.value;
    struct update *u = vector_work_new(call, sizeof *u, err);
    if (!u) return -ERR_NO_MEMORY;
    struct arena *arena = &u->work.stored.arena;
    u->work.stored.job.erases = true; /* What stood there. */
    if (req->name.given) u->name = arena_slice(arena, req->name.value);
    if (expiry) u->days = expiry->days.value;
    int rc = req->metadata.given
                 ? vector_metadata_text(&u->metadata, req->metadata.value, "metadata", arena, err)
                 : 0;
    if (rc == 0) return vector_work_begin(&u->work, run, NULL, err);
    stored_free(&u->work.stored);
    return rc;
}

const struct endpoint endpoint_vector_store_update = {
    .method = "POST",
    .path = "/v1/vector_stores/{vector_store_id}",
    .fields = fields,
    .size = sizeof(struct update_req),
    .handle = handle,
    .name = "VectorStoreUpdate",
    .tag = "Vector stores",
    .summary = "Changes a vector store.",
    .response = vector_store_answer,
};
