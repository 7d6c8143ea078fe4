/* GET /v1/conversations/{conversation_id} */
#include "api/conversation_object.h"
#include "api/endpoint.h"
#include "api/stored.h"

struct get {
    struct stored stored; /* first */
    struct slice id;
    struct conversation_row row;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct get *get = (struct get *)stored;
    return conversation_find(&get->row, db, &stored->principal, get->id, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    conversation_object_answer(stored->call, &((struct get *)stored)->row);
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

const struct endpoint endpoint_conversation = {
    .method = "GET",
    .path = "/v1/conversations/{conversation_id}",
    .handle = handle,
    .name = "Conversation",
    .tag = "Conversations",
    .summary = "One conversation; its items are listed apart.",
    .response = conversation_answer,
};
