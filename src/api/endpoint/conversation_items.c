/* GET /v1/conversations/{conversation_id}/items: a page of what was said. */
#include "api/endpoint.h"
#include "api/item_view.h"
#include "api/list_answer.h"
#include "api/stored.h"
#include "store/conversation_table.h"

struct list_items_req {
    struct list_req list;
    struct include_req include;
};

struct list_items {
    struct stored stored; /* first */
    struct slice id, body;
    struct listing page;
    unsigned include;
};

static int write_item(struct json_writer *w, const struct db_rows *rows, const void *ctx,
                      struct err *err)
{
    const struct list_items *l = ctx;
    return item_view_write(w, db_text(rows, 2), db_text(rows, 1), l->include, err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct list_items *l = (struct list_items *)stored;
    struct items_list list = conversation_items(l->id);
    struct conversation_row row;
    struct db_rows rows;
    TRY(conversation_find(&row, db, &stored->principal, l->id, &stored->arena, err));
    TRY(items_page(&rows, db, &stored->principal, &list, &l->page, err));
    return list_answer_written(&l->body, &rows, l->page.limit, write_item, l, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    struct list_items *l = (struct list_items *)stored;
    stored->call->ops->reply(stored->call, 200, "application/json", l->body);
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct list_items_req *req = request;
    unsigned include;
    TRY(item_include_read(&include, &req->include, err));
    struct list_items *l = stored_new(call, sizeof *l, err);
    if (!l) return -ERR_NO_MEMORY;
    l->include = include;
    l->id = arena_slice(&l->stored.arena, call->id);
    list_req_fill(&l->page, &req->list, &l->stored.arena);
    return stored_begin(&l->stored, run, answer, err);
}

static const struct field query[] = {
    FIELD_INCLUDE(struct list_items_req, list, list_fields),
    FIELD_INCLUDE(struct list_items_req, include, include_fields),
    FIELDS_END,
};

const struct endpoint endpoint_conversation_items = {
    .method = "GET",
    .path = "/v1/conversations/{conversation_id}/items",
    .query = query,
    .size = sizeof(struct list_items_req),
    .handle = handle,
    .name = "ConversationItems",
    .tag = "Conversations",
    .summary = "The items of a conversation, by pages.",
    .response = list_answer_fields,
};
