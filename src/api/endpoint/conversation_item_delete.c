/* DELETE /v1/conversations/{conversation_id}/items/{item_id}: the answer is the conversation. */
#include "api/conversation_object.h"
#include "api/endpoint.h"
#include "api/stored.h"

struct delete_item {
    struct stored stored; /* first */
    struct slice conversation, id;
    struct conversation_row row;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct delete_item *d = (struct delete_item *)stored;
    struct items_list list = conversation_items(d->conversation);
    TRY(conversation_find(&d->row, db, &stored->principal, d->conversation, &stored->arena, err));
    return items_delete(db, &stored->principal, &list, d->id, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    conversation_object_answer(stored->call, &((struct delete_item *)stored)->row);
    return 0;
}

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct delete_item *d = stored_new(call, sizeof *d, err);
    if (!d) return -ERR_NO_MEMORY;
    d->stored.job.erases = true;
    d->conversation = arena_slice(&d->stored.arena, call->id);
    d->id = arena_slice(&d->stored.arena, call->sub_id);
    return stored_begin(&d->stored, run, answer, err);
}

const struct endpoint endpoint_conversation_item_delete = {
    .method = "DELETE",
    .path = "/v1/conversations/{conversation_id}/items/{item_id}",
    .handle = handle,
    .name = "ConversationItemDelete",
    .tag = "Conversations",
    .summary = "Delete one item of a conversation.",
    .response = conversation_answer,
};
