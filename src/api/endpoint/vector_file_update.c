/* POST /v1/vector_stores/{vector_store_id}/files/{file_id}: other attributes. */
#include "api/endpoint.h"
#include "api/vector_index.h"
#include "api/vector_object.h"
#include "api/vector_values.h"

struct update_req {
    struct field_json attributes;
};

static const struct field fields[] = {
    FIELD_JSON(struct update_req, attributes, .required = true, .types = FIELD_TYPE_OBJECT,
               .schema = vector_attributes_schema,
               .help = "In the place of those there were: up to 16 texts, numbers and booleans."),
    FIELDS_END,
};

struct update {
    struct vector_work work;
    struct vector_file file;
    struct slice attributes;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update *u = (struct update *)stored;
    struct vector_work *w = &u->work;
    TRY(vector_work_find(w, db, err));
    TRY(vector_file_find(&u->file, db, &w->store, w->sub_id, &stored->arena, err));
    u->file.attributes = u->attributes;
    TRY(vector_file_set_attributes(db, u->file.seq, u->attributes, err));
    return vector_work_file_body(w, &u->file, err);
}

/* Another order of changes and pages of the index cannot lose it: api/vector_index.h. */
static void after(struct vector_work *w, struct vector_index *index)
{
    const struct update *u = (const struct update *)w;
    struct err err = { 0 };
    struct msg_index_file file = { .file = (uint64_t)u->file.seq,
                                   .visible = u->file.status == VECTOR_COMPLETED };
    struct msg_index change = { .store = (uint64_t)w->store.seq, .files = &file, .n_files = 1 };
    if (u->file.status != VECTOR_COMPLETED) return; /* Its end tells them. */
    if (vector_attributes_read(&file.attributes, &file.n_attributes, u->attributes,
                               &w->stored.arena, &err) == 0)
        vector_index_change(index, &change);
    else
        vector_index_forget(index, w->store.seq); /* It is read anew. */
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_req *req = request;
    struct update *u = vector_work_new(call, sizeof *u, err);
    if (!u) return -ERR_NO_MEMORY;
    u->work.stored.job.erases = true; /* The attributes that it had. */
    int rc = vector_attributes_text(&u->attributes, req->attributes.value, "attributes",
                                    &u->work.stored.arena, err);
    if (rc == 0) return vector_work_begin(&u->work, run, after, err);
    stored_free(&u->work.stored);
    return rc;
}

const struct endpoint endpoint_vector_file_update = {
    .method = "POST",
    .path = "/v1/vector_stores/{vector_store_id}/files/{file_id}",
    .fields = fields,
    .size = sizeof(struct update_req),
    .handle = handle,
    .name = "VectorStoreFileUpdate",
    .tag = "Vector stores",
    .summary = "Changes the attributes of a file.",
    .response = vector_file_answer,
};
