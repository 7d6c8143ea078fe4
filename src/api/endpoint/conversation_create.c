/* POST /v1/conversations: a new conversation, with what was said before if it is given. */
#include "api/conversation_object.h"
#include "api/endpoint.h"
#include "api/item_input.h"
#include "api/metadata.h"
#include "api/reply.h"
#include "api/stored.h"
#include "base/seam.h"

enum { ITEMS_AT_ONCE_MAX = 20 };

struct create_req {
    struct field_json items, metadata;
};

struct create {
    struct stored stored; /* first */
    struct conversation_row row;
    struct item_row *items;
    size_t n_items;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct create *c = (struct create *)stored;
    struct items_list list = conversation_items(c->row.id);
    TRY(conversation_add(db, &stored->principal, &c->row, err));
    return items_add(db, &stored->principal, &list, c->items, c->n_items, err);
}

static int answer(struct stored *stored, struct err *err)
{
    struct create *c = (struct create *)stored;
    (void)err;
    conversation_object_answer(stored->call, &c->row);
    return 0;
}

static int fill(struct create *c, const struct create_req *req, struct err *err)
{
    struct arena *arena = &c->stored.arena;
    char id[REPLY_ID_MAX];
    reply_id(id, "conv_");
    c->row.id = arena_slice(arena, slice_of(id));
    c->row.created_at = (int64_t)(wall_ns() / 1000000000u);
    c->n_items = json_array_size(req->items.value);
    TRY(metadata_fill(&c->row.metadata, req->metadata.value, "metadata", arena, err));
    return item_input_rows(&c->items, req->items.value, "items", arena, err);
}

static int handle(struct call *call, const void *req, struct err *err)
{
    struct create *c = stored_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    int rc = fill(c, req, err);
    if (rc == 0) return stored_begin(&c->stored, run, answer, err);
    stored_free(&c->stored);
    return rc;
}

static const struct field fields[] = {
    FIELD_JSON(struct create_req, items, .types = FIELD_TYPE_ARRAY, .len_max = ITEMS_AT_ONCE_MAX,
               .schema = ITEM_INPUT_SCHEMA,
               .help = "Messages, calls of tools and their results, up to 20; more are added by "
                       "POST /v1/conversations/{conversation_id}/items."),
    FIELD_JSON(struct create_req, metadata, .types = FIELD_TYPE_OBJECT, .schema = metadata_schema,
               .help = "Your labels: up to 16 pairs of strings."),
    FIELDS_END,
};

const struct endpoint endpoint_conversation_create = {
    .method = "POST",
    .path = "/v1/conversations",
    .fields = fields,
    .size = sizeof(struct create_req),
    .handle = handle,
    .name = "ConversationCreate",
    .tag = "Conversations",
    .summary = "A new conversation.",
    .response = conversation_answer,
};
