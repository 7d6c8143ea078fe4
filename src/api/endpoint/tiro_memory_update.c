/* POST /v1/tiro/memory/{memory_id} */
#include "api/memories.h"

struct update_memory_req {
    struct field_string text;
};

static const struct field fields[] = {
    FIELD_STRING(struct update_memory_req, text, .required = true, .len_min = 1,
                 .len_max = MEMORY_TEXT_MAX, .help = "In place of what it was."),
    FIELDS_END,
};

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    return memory_update(w, db, &c->stored.principal, &((struct memory_call *)c)->row, err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return chats_answer_written((struct chats_call *)stored, db, write, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_memory_req *req = request;
    struct memory_call *m = memories_call_new(call, &req->text, err);
    if (!m) return -ERR_NO_MEMORY;
    m->call.stored.job.erases = true; /* What it was before. */
    return chats_call_begin(&m->call, run, err);
}

const struct endpoint endpoint_tiro_memory_update = {
    .method = "POST",
    .path = "/v1/tiro/memory/{memory_id}",
    .fields = fields,
    .size = sizeof(struct update_memory_req),
    .handle = handle,
    .name = "MemoryUpdate",
    .tag = "Memory",
    .summary = "Changes something that is remembered.",
    .response = memories_answer,
};
