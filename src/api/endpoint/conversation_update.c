/* POST /v1/conversations/{conversation_id}: other metadata. */
#include "api/conversation_object.h"
#include "api/endpoint.h"
#include "api/metadata.h"
#include "api/stored.h"

struct update_req {
    struct field_json metadata;
};

struct update {
    struct stored stored; /* first */
    struct slice id, metadata;
    struct conversation_row row;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update *u = (struct update *)stored;
    TRY(conversation_set_metadata(db, &stored->principal, u->id, u->metadata, err));
    return conversation_find(&u->row, db, &stored->principal, u->id, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    conversation_object_answer(stored->call, &((struct update *)stored)->row);
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

const struct endpoint endpoint_conversation_update = {
    .method = "POST",
    .path = "/v1/conversations/{conversation_id}",
    .fields = fields,
    .size = sizeof(struct update_req),
    .handle = handle,
    .name = "ConversationUpdate",
    .tag = "Conversations",
    .summary = "Other metadata of a conversation.",
    .response = conversation_answer,
};
