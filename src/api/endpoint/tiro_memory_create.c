/* POST /v1/tiro/memory: something to remember. */
#include "api/memories.h"
#include "api/reply.h"

struct create_memory_req {
    struct field_string text;
};

static const struct field fields[] = {
    FIELD_STRING(struct create_memory_req, text, .required = true, .len_min = 1,
                 .len_max = MEMORY_TEXT_MAX,
                 .help = "What is to be remembered. What is there already is not added again."),
    FIELDS_END,
};

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    return memory_add(w, db, &c->stored.principal, &((struct memory_call *)c)->row, err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return chats_answer_written((struct chats_call *)stored, db, write, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct create_memory_req *req = request;
    struct memory_call *m = memories_call_new(call, &req->text, err);
    if (!m) return -ERR_NO_MEMORY;
    _Static_assert(sizeof m->id == REPLY_ID_MAX, "an id fits");
    reply_id(m->id, "mem_");
    m->row.id = slice_of(m->id);
    return chats_call_begin(&m->call, run, err);
}

const struct endpoint endpoint_tiro_memory_create = {
    .method = "POST",
    .path = "/v1/tiro/memory",
    .fields = fields,
    .size = sizeof(struct create_memory_req),
    .handle = handle,
    .name = "MemoryCreate",
    .tag = "Memory",
    .summary = "Adds to what is remembered.",
    .response = memories_answer,
};
