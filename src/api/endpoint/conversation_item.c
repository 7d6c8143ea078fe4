/* GET /v1/conversations/{conversation_id}/items/{item_id} */
#include "api/endpoint.h"
#include "api/item_view.h"
#include "api/reply.h"
#include "api/stored.h"
#include "store/conversation_table.h"

struct get_item {
    struct stored stored; /* first */
    struct slice conversation, id, body;
    unsigned include;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct get_item *get = (struct get_item *)stored;
    struct items_list list = conversation_items(get->conversation);
    struct conversation_row row;
    struct item_row item;
    TRY(conversation_find(&row, db, &stored->principal, get->conversation, &stored->arena, err));
    TRY(items_find_row(&item, db, &stored->principal, &list, get->id, &stored->arena, err));
    struct buf out;
    struct json_writer w;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    int rc = item_view_write(&w, item.type, item.body, get->include, err);
    if (rc == 0) return field_keep_text(&get->body, &out, &stored->arena, err);
    buf_release(&out);
    return rc;
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    struct get_item *get = (struct get_item *)stored;
    stored->call->ops->reply(stored->call, 200, "application/json", get->body);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    unsigned include;
    TRY(item_include_read(&include, req, err));
    struct get_item *get = stored_new(call, sizeof *get, err);
    if (!get) return -ERR_NO_MEMORY;
    get->include = include;
    get->conversation = arena_slice(&get->stored.arena, call->id);
    get->id = arena_slice(&get->stored.arena, call->sub_id);
    return stored_begin(&get->stored, run, answer, err);
}

const struct endpoint endpoint_conversation_item = {
    .method = "GET",
    .path = "/v1/conversations/{conversation_id}/items/{item_id}",
    .query = include_fields,
    .size = sizeof(struct include_req),
    .handle = handle,
    .name = "ConversationItem",
    .tag = "Conversations",
    .summary = "One item of a conversation.",
};
