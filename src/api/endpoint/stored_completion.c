/* GET /v1/chat/completions/{completion_id}: an answer that was kept. */
#include "api/chat_answer.h"
#include "api/endpoint.h"
#include "api/stored.h"

struct get {
    struct stored stored; /* first */
    struct slice id, body;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct get *get = (struct get *)stored;
    return completion_find(&get->body, db, &stored->principal, get->id, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    stored->call->ops->reply(stored->call, 200, "application/json", ((struct get *)stored)->body);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct get *get = stored_new(call, sizeof *get, err);
    if (!get) return -ERR_NO_MEMORY;
    get->id = arena_slice(&get->stored.arena, call->id);
    return stored_begin(&get->stored, run, answer, err);
}

const struct endpoint endpoint_stored_completion = {
    .method = "GET",
    .path = "/v1/chat/completions/{completion_id}",
    .handle = handle,
    .name = "StoredCompletion",
    .tag = "Chat",
    .summary = "An answer that was kept (store: true).",
    .response = chat_answer_fields,
};
