#include "api/memories.h"

const struct field memories_answer[] = {
    ANSWER("id", STRING, .help = "mem_..."),
    ANSWER("object", STRING, .help = "tiro.memory.entry"),
    ANSWER("text", STRING, .help = "What is remembered."),
    ANSWER("origin", STRING, .help = "user: written by hand; model: by the tool tiro_memory."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("updated_at", INT, .help = "Unix seconds."),
    FIELDS_END,
};

struct memory_call *memories_call_new(struct call *call, const struct field_string *text,
                                      struct err *err)
{
    struct memory_call *m = chats_call_new(call, sizeof *m, err);
    if (!m) return NULL;
    m->row.id = m->call.chat_id;
    m->row.text = chats_keep(&m->call, text);
    m->row.origin = SLICE("user");
    m->row.now = m->call.now;
    return m;
}
