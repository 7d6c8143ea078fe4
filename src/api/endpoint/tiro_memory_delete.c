/* DELETE /v1/tiro/memory/{memory_id} */
#include "api/memories.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct chats_call *c = (struct chats_call *)stored;
    TRY(memory_delete(db, &stored->principal, c->chat_id, err));
    return chats_answer_deleted(c, c->chat_id, "tiro.memory.entry.deleted", err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, true, run, err);
}

const struct endpoint endpoint_tiro_memory_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/memory/{memory_id}",
    .handle = handle,
    .name = "MemoryDelete",
    .tag = "Memory",
    .summary = "Forgets it.",
    .response = chats_deleted_answer,
};
