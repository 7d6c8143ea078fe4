/* tiro_memory: the model adds to what is remembered of the user, who sees it in the answer and can
 * take it back. Only a request that names it has it, so whether it may is the client's to ask. */
#include "api/reply.h"
#include "api/server_tool.h"
#include "base/seam.h"
#include "store/memory_table.h"
#include "store/preference_table.h"

enum { ARENA_MAX = 64 << 10, ID_SIZE = 48 };

struct server_tool_call {
    struct store_job job; /* first */
    struct server_tool_options o;
    bool cancelled;
    struct arena arena;
    struct principal principal; /* a copy: the job may outlast the call */
    struct memory_row row;
    char id[ID_SIZE];
    struct buf entry; /* as JSON */
};

/* Nothing but that it is there. */
struct memory_req {
    char none;
};
static const struct field fields[] = { FIELDS_END };

static void release(struct server_tool_call *call)
{
    buf_release(&call->entry);
    arena_release(&call->arena);
    mem_free(call);
}

static void cancel(struct server_tool_call *call)
{
    call->cancelled = true; /* What was to be remembered is; `done` frees. */
}

/* What was taken back since is not remembered by reading of it. */
static int forgotten(struct json_writer *w, struct slice text)
{
    json_object_begin(w);
    json_key(w, "id");
    json_null_value(w);
    json_key(w, "text");
    json_slice(w, text);
    json_object_end(w);
    return 0;
}

static int run(struct store_job *job, struct db *db, struct err *err)
{
    struct server_tool_call *call = (struct server_tool_call *)job;
    struct preferences p;
    struct json_writer w;
    TRY(preferences_read(&p, db, &call->principal, err));
    if (!p.memory) return err_set(err, ERR_PERMISSION, "The user has switched the memory off.");
    buf_reset(&call->entry); /* It may be run again. */
    json_writer_init(&w, &call->entry);
    bool there = true;
    if (call->o.replay)
        TRY(memory_find(&there, &w, db, &call->principal, call->row.text, err));
    else
        TRY(memory_add(&w, db, &call->principal, &call->row, err));
    if (!there) return forgotten(&w, call->row.text);
    return buf_check(&call->entry, "what is remembered", err);
}

static void tell(struct server_tool_call *call)
{
    struct err err = { 0 };
    json_t *entry = NULL;
    int rc = json_read(&entry, buf_slice(&call->entry), &json_limits_request, "the memory", &err);
    json_t *item = rc < 0 ? NULL
                          : json_pack("{s:O, s:O}", "memory_id", json_object_get(entry, "id"),
                                      "text", json_object_get(entry, "text"));
    if (rc == 0 && !item) (void)err_set(&err, ERR_NO_MEMORY, "There is no memory for the answer.");
    struct server_tool_result result = { .text = SLICE("It is remembered."), .item = item };
    call->o.done(call->o.user, item ? &result : NULL, &err);
    json_decref(item);
    json_decref(entry);
}

static void done(struct store_job *job, int rc, const struct err *err)
{
    struct server_tool_call *call = (struct server_tool_call *)job;
    if (!call->cancelled) {
        if (rc < 0)
            call->o.done(call->o.user, NULL, err);
        else
            tell(call);
    }
    release(call);
}

static int take_text(struct server_tool_call *call, struct err *err)
{
    json_t *arguments = NULL;
    TRY(json_read(&arguments, call->o.arguments, &json_limits_request, "the arguments", err));
    const json_t *value = json_object_get(arguments, "text");
    struct slice text = { json_string_value(value), json_string_length(value) };
    bool fits = text.len > 0 && text.len <= MEMORY_TEXT_MAX;
    call->row.text = arena_slice(&call->arena, text);
    json_decref(arguments);
    if (fits) return arena_check(&call->arena, "what is remembered", err);
    return err_set(err, ERR_INVALID_VALUE,
                   "What is to be remembered must have 1 to %d bytes; this has %zu.",
                   MEMORY_TEXT_MAX, text.len);
}

static int prepare(struct server_tool_call *call, struct err *err)
{
    const struct principal *p = call->o.principal;
    struct arena *arena = &call->arena;
    call->principal = (struct principal){ arena_slice(arena, p->tenant),
                                          arena_slice(arena, p->project),
                                          arena_slice(arena, p->user), arena_slice(arena, p->key) };
    call->row.id = slice_of(call->id);
    call->row.origin = SLICE("model");
    call->row.now = (int64_t)(wall_ns() / 1000000000u);
    if (!call->o.service || !call->o.service->store)
        return err_set(err, ERR_SHUTTING_DOWN, "The server is shutting down.");
    return take_text(call, err);
}

static int begin(struct server_tool_call **ret, const struct server_tool_options *options,
                 struct err *err)
{
    struct server_tool_call *call = mem_calloc(1, sizeof *call);
    if (!call) return err_set(err, ERR_NO_MEMORY, "There is no memory for the memory.");
    call->o = *options;
    arena_init(&call->arena, ARENA_MAX);
    buf_init(&call->entry, ARENA_MAX);
    reply_id(call->id, "mem_");
    int rc = prepare(call, err);
    if (rc < 0) {
        release(call);
        return rc;
    }
    call->job.run = run;
    call->job.done = done;
    *ret = call;
    store_submit(call->o.service->store, &call->job);
    return 0;
}

static int recall(struct slice *ret_arguments, struct slice *ret_text, const json_t *item,
                  struct arena *arena, struct err *err)
{
    const json_t *text = json_object_get(item, "text");
    struct buf out;
    struct json_writer w;
    buf_init(&out, FIELD_TEXT_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "text");
    json_slice(&w, (struct slice){ json_string_value(text), json_string_length(text) });
    json_object_end(&w);
    *ret_text = json_string_length(text) ? SLICE("It is remembered.") : SLICE("It was not kept.");
    return field_keep_text(ret_arguments, &out, arena, err);
}

static const char *const phases[] = { "in_progress", NULL };

const struct server_tool server_tool_tiro_memory = {
    .type = "tiro_memory",
    .item_type = "tiro_memory_call",
    .id_prefix = "tm_",
    .fields = fields,
    .size = sizeof(struct memory_req),
    .phases = phases,
    .begun = "\"memory_id\":null,\"text\":null",
    .name = "remember",
    .description = "Keeps something about the user for all later chats. Call it when the user asks "
                   "you to remember something, and not otherwise.",
    .parameters = "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\","
                  "\"description\":\"What to remember, as one short sentence about the user.\","
                  "\"minLength\":1,\"maxLength\":120}},\"required\":[\"text\"],"
                  "\"additionalProperties\":false}",
    .begin = begin,
    .cancel = cancel,
    .recall = recall,
};
