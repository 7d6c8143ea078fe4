/* GET /v1/responses/{response_id}/input_items: what a response was asked, by items. */
#include "api/endpoint.h"
#include "api/list_answer.h"
#include "api/stored.h"
#include "store/items.h"
#include "store/response_table.h"

struct input_items_req {
    struct list_req list;
    struct field_strings include;
};

struct input_items {
    struct stored stored; /* first */
    struct slice id, text;
    struct listing listing;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct input_items *i = (struct input_items *)stored;
    struct response_link link;
    struct db_rows rows;
    TRY(response_find_link(&link, db, &stored->principal, i->id, &stored->arena, err));
    TRY(listing_query(&rows, db, &i->listing,
                      DB_ARGS(DB_TEXT(i->id), DB_INT(ITEMS_INPUT), OWNED_ARGS(&stored->principal)),
                      err));
    return list_answer_from_rows(&i->text, &rows, i->listing.limit, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    const struct input_items *i = (const struct input_items *)stored;
    (void)err;
    stored->call->ops->reply(stored->call, 200, "application/json", i->text);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    const struct input_items_req *r = req;
    struct input_items *i = stored_new(call, sizeof *i, err);
    if (!i) return -ERR_NO_MEMORY;
    i->id = arena_slice(&i->stored.arena, call->id);
    i->listing = (struct listing){ .table = "items",
                                   .columns = "id, body",
                                   .where = "list_id = ?1 AND part = ?2 AND " OWNED_BY("?3",
                                                                                       "?4") };
    list_req_fill(&i->listing, &r->list, &i->stored.arena);
    return stored_begin(&i->stored, run, answer, err);
}

static const struct field query[] = {
    FIELD_INCLUDE(struct input_items_req, list, list_fields),
    FIELD_STRINGS(struct input_items_req, include, .ignored = true,
                  .help = "Items are listed as they are kept; nothing can be added now."),
    FIELDS_END,
};

const struct endpoint endpoint_response_input_items = {
    .method = "GET",
    .path = "/v1/responses/{response_id}/input_items",
    .query = query,
    .size = sizeof(struct input_items_req),
    .handle = handle,
    .name = "ResponseInputItems",
    .tag = "Responses",
    .summary = "The items of a response's own input.",
};
