/* GET /v1/chat/completions/{completion_id}/messages: what an answer that was kept answers. */
#include "api/endpoint.h"
#include "api/list_answer.h"
#include "api/stored.h"
#include "store/completion_table.h"

struct list_messages {
    struct stored stored; /* first */
    struct slice id, body;
    struct listing page;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct list_messages *l = (struct list_messages *)stored;
    const struct principal *owner = &stored->principal;
    struct items_list messages = completion_messages(l->id);
    struct slice completion;
    struct db_rows rows;
    TRY(completion_find(&completion, db, owner, l->id, &stored->arena, err));
    TRY(items_page(&rows, db, owner, &messages, &l->page, err));
    return list_answer_from_rows(&l->body, &rows, l->page.limit, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    struct list_messages *l = (struct list_messages *)stored;
    stored->call->ops->reply(stored->call, 200, "application/json", l->body);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    struct list_messages *l = stored_new(call, sizeof *l, err);
    if (!l) return -ERR_NO_MEMORY;
    l->id = arena_slice(&l->stored.arena, call->id);
    list_req_fill(&l->page, req, &l->stored.arena);
    return stored_begin(&l->stored, run, answer, err);
}

const struct endpoint endpoint_stored_completion_messages = {
    .method = "GET",
    .path = "/v1/chat/completions/{completion_id}/messages",
    .query = list_fields_ascending,
    .size = sizeof(struct list_req),
    .handle = handle,
    .name = "StoredCompletionMessages",
    .tag = "Chat",
    .summary = "The messages of a request whose answer was kept, by pages.",
    .response = list_answer_fields,
};
