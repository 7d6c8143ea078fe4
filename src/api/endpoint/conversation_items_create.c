/* POST /v1/conversations/{conversation_id}/items: more of what was said, up to 20 items at once. */
#include "api/endpoint.h"
#include "api/item_input.h"
#include "api/item_view.h"
#include "api/list_answer.h"
#include "api/reply.h"
#include "api/stored.h"
#include "store/conversation_table.h"

enum { ITEMS_AT_ONCE_MAX = 20 };

struct add_items_req {
    struct field_json items;
};

struct add_items {
    struct stored stored; /* first */
    struct slice id;
    struct item_row *items;
    size_t n;
    unsigned include;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct add_items *a = (struct add_items *)stored;
    struct items_list list = conversation_items(a->id);
    struct conversation_row row;
    TRY(conversation_find(&row, db, &stored->principal, a->id, &stored->arena, err));
    return items_add(db, &stored->principal, &list, a->items, a->n, err);
}

static int answer(struct stored *stored, struct err *err)
{
    struct add_items *a = (struct add_items *)stored;
    struct list_writer list;
    struct buf out;
    int rc = 0;
    buf_init(&out, REPLY_BYTES_MAX);
    list_writer_begin(&list, &out);
    for (size_t i = 0; rc == 0 && i < a->n; i++) {
        list_writer_id(&list, a->items[i].id);
        rc = item_view_write(&list.w, a->items[i].type, a->items[i].body, a->include, err);
    }
    list_writer_end(&list, false);
    if (rc == 0) call_json(stored->call, &out);
    buf_release(&out);
    return rc;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct add_items_req *req = request;
    unsigned include;
    TRY(item_include_of_call(&include, call, err));
    struct add_items *a = stored_new(call, sizeof *a, err);
    if (!a) return -ERR_NO_MEMORY;
    struct arena *arena = &a->stored.arena;
    a->include = include;
    a->id = arena_slice(arena, call->id);
    a->n = json_array_size(req->items.value);
    int rc = item_input_rows(&a->items, req->items.value, "items", arena, err);
    if (rc == 0) return stored_begin(&a->stored, run, answer, err);
    stored_free(&a->stored);
    return rc;
}

static const struct field fields[] = {
    FIELD_JSON(struct add_items_req, items, .required = true, .types = FIELD_TYPE_ARRAY,
               .len_max = ITEMS_AT_ONCE_MAX, .schema = ITEM_INPUT_SCHEMA,
               .help = "Messages, calls of tools and their results, up to 20 at once."),
    FIELDS_END,
};

const struct endpoint endpoint_conversation_items_create = {
    .method = "POST",
    .path = "/v1/conversations/{conversation_id}/items",
    .fields = fields,
    .size = sizeof(struct add_items_req),
    .handle = handle,
    .name = "ConversationItemsCreate",
    .tag = "Conversations",
    .summary = "Add items to a conversation.",
    .response = list_answer_fields,
};
