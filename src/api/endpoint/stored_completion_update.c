/* POST /v1/chat/completions/{completion_id}: other metadata of an answer that was kept. */
#include "api/chat_answer.h"
#include "api/endpoint.h"
#include "api/metadata.h"
#include "api/stored.h"

struct update_req {
    struct field_json metadata;
};

struct update {
    struct stored stored; /* first */
    struct slice id, metadata, body;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update *u = (struct update *)stored;
    TRY(completion_set_metadata(db, &stored->principal, u->id, u->metadata, err));
    return completion_find(&u->body, db, &stored->principal, u->id, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    struct update *u = (struct update *)stored;
    stored->call->ops->reply(stored->call, 200, "application/json", u->body);
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_req *req = request;
    struct update *u = stored_new(call, sizeof *u, err);
    if (!u) return -ERR_NO_MEMORY;
    struct arena *arena = &u->stored.arena;
    u->stored.job.erases = true; /* The labels that it had. */
    u->id = arena_slice(arena, call->id);
    int rc = metadata_fill(&u->metadata, req->metadata.value, "metadata", arena, err);
    if (rc == 0) return stored_begin(&u->stored, run, answer, err);
    stored_free(&u->stored);
    return rc;
}

static const struct field fields[] = {
    FIELD_JSON(struct update_req, metadata, .required = true, .types = FIELD_TYPE_OBJECT,
               .schema = metadata_schema, .help = "In place of those that it had."),
    FIELDS_END,
};

const struct endpoint endpoint_stored_completion_update = {
    .method = "POST",
    .path = "/v1/chat/completions/{completion_id}",
    .fields = fields,
    .size = sizeof(struct update_req),
    .handle = handle,
    .name = "StoredCompletionUpdate",
    .tag = "Chat",
    .summary = "Other metadata of an answer that was kept.",
    .response = chat_answer_fields,
};
