/* GET /v1/tiro/memory: all that is remembered, and how a model is told of it. */
#include "api/memories.h"
#include "store/preference_table.h"

static int write(struct json_writer *w, struct chats_call *c, struct db *db, struct err *err)
{
    struct preferences p;
    const struct principal *owner = &c->stored.principal;
    TRY(preferences_read(&p, db, owner, err));
    json_object_begin(w);
    json_member_slice(w, "object", SLICE("tiro.memory"));
    json_key(w, "enabled");
    json_bool(w, p.memory);
    json_member_int(w, "bytes_max", MEMORY_BYTES_MAX);
    TRY(memory_write_all(w, db, owner, p.memory, err));
    json_object_end(w);
    return 0;
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return chats_answer_written((struct chats_call *)stored, db, write, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    return chats_begin(call, false, run, err);
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "tiro.memory"),
    ANSWER("enabled", BOOL, .help = "The preference memory."),
    ANSWER("bytes_max", INT, .help = "The most that all texts may have together."),
    ANSWER("data", OBJECTS, .fields = memories_answer, .help = "The oldest first."),
    ANSWER("instructions", STRING,
           .help = "For clients to put before all other instructions, word for word, so that the "
                   "model has read it already; \"\" when nothing is remembered or enabled is "
                   "false."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_memory = {
    .method = "GET",
    .path = "/v1/tiro/memory",
    .handle = handle,
    .name = "Memory",
    .tag = "Memory",
    .summary = "All that is remembered of you.",
    .response = response,
};
