#include "api/anthropic_answer.h"

#include "base/seam.h"

#include <stdio.h>

enum block_kind { BLOCK_NONE, BLOCK_THINKING, BLOCK_TEXT, BLOCK_TOOL_USE };
static const char *const block_types[] = { NULL, "thinking", "text", "tool_use" };

struct block {
    enum block_kind kind;
    struct buf text;       /* of an answer in one piece; of a call its arguments */
    struct slice id, name; /* of a call; in the call's arena */
};

struct anthropic_state {
    struct reply reply;   /* first */
    struct block *blocks; /* of an answer in one piece: n_blocks of room_blocks */
    uint32_t n_blocks, room_blocks;
    bool begun;           /* message_start is written */
    enum block_kind open; /* of a stream: the block that is open, */
    uint32_t index;       /* and its number */
    bool failed;          /* no memory for a block */
    uint32_t finish_reason, reasoning_tokens;
    struct slice stop; /* the stop sequence that ended it, in the call's arena; or "" */
};

/* ---- Pieces of JSON ---- */

static void write_type(struct json_writer *w, const char *type)
{
    json_key(w, "type");
    json_str(w, type);
}

/* What was read from the cache is counted apart. */
static void write_usage(struct json_writer *w, struct anthropic_state *s, bool ended)
{
    struct reply_usage usage = reply_usage(&s->reply);
    json_key(w, "usage");
    json_object_begin(w);
    json_member_uint(w, "input_tokens", usage.prompt_tokens - usage.cached_tokens);
    json_member_uint(w, "cache_creation_input_tokens", 0);
    json_member_uint(w, "cache_read_input_tokens", usage.cached_tokens);
    json_member_uint(w, "output_tokens", ended ? usage.completion_tokens : 0);
    json_key(w, "output_tokens_details");
    json_object_begin(w);
    json_member_uint(w, "thinking_tokens", ended ? s->reasoning_tokens : 0);
    json_object_end(w);
    json_object_end(w);
}

static const char *stop_reason(const struct anthropic_state *s)
{
    switch (s->finish_reason) {
    case FINISH_LENGTH: return "max_tokens";
    case FINISH_TOOL_CALLS: return "tool_use";
    case FINISH_CONTENT_FILTER: return "refusal";
    default: return s->stop.len ? "stop_sequence" : "end_turn";
    }
}

static void write_stop(struct json_writer *w, const struct anthropic_state *s, bool ended)
{
    json_key(w, "stop_reason");
    json_str(w, ended ? stop_reason(s) : NULL);
    json_key(w, "stop_sequence");
    if (ended && s->stop.len)
        json_slice(w, s->stop);
    else
        json_null_value(w);
}

/* The message up to its content. */
static void message_begin(struct json_writer *w, const struct anthropic_state *s)
{
    json_object_begin(w);
    json_key(w, "id");
    json_str(w, s->reply.head.id);
    write_type(w, "message");
    json_key(w, "role");
    json_str(w, "assistant");
    json_key(w, "model");
    json_str(w, s->reply.head.model);
    json_key(w, "content");
    json_array_begin(w);
}

static void message_end(struct json_writer *w, struct anthropic_state *s, bool ended)
{
    json_array_end(w);
    write_stop(w, s, ended);
    write_usage(w, s, ended);
    json_object_end(w);
}

/* "call_x" -> "toolu_x" */
static void write_call_id(struct json_writer *w, struct slice id)
{
    static const struct slice head = { "call_", 5 };
    char own[MSG_NAME_MAX + 8];
    json_key(w, "id");
    if (!slice_starts(id, head)) {
        json_slice(w, id);
        return;
    }
    int n = snprintf(own, sizeof own, "toolu_%.*s", (int)(id.len - head.len), id.ptr + head.len);
    json_slice(w, (struct slice){ own, (size_t)n }); /* An id has at most MSG_NAME_MAX bytes. */
}

/* ---- Events ---- */

static void stream_start(struct anthropic_state *s)
{
    if (s->begun) return;
    s->begun = true;
    struct json_writer *w = events_begin_named(&s->reply.events, "message_start");
    json_object_begin(w);
    write_type(w, "message_start");
    json_key(w, "message");
    message_begin(w, s);
    message_end(w, s, false);
    json_object_end(w);
    events_end(&s->reply.events);
    w = events_begin_named(&s->reply.events, "ping");
    json_object_begin(w);
    write_type(w, "ping");
    json_object_end(w);
    events_end(&s->reply.events);
}

/* An event about the open block, up to what is its own. */
static struct json_writer *block_event(struct anthropic_state *s, const char *name)
{
    struct json_writer *w = events_begin_named(&s->reply.events, name);
    json_object_begin(w);
    write_type(w, name);
    json_member_uint(w, "index", s->index);
    return w;
}

static void block_event_end(struct anthropic_state *s)
{
    json_object_end(&s->reply.events.w);
    events_end(&s->reply.events);
}

static void close_block(struct anthropic_state *s)
{
    if (s->open == BLOCK_NONE) return;
    (void)block_event(s, "content_block_stop");
    block_event_end(s);
    s->open = BLOCK_NONE;
    s->index++;
}

/* `m`: of a call. */
static void open_block(struct anthropic_state *s, enum block_kind kind,
                       const struct msg_tool_delta *m)
{
    stream_start(s);
    close_block(s);
    s->open = kind;
    struct json_writer *w = block_event(s, "content_block_start");
    json_key(w, "content_block");
    json_object_begin(w);
    write_type(w, block_types[kind]);
    if (kind == BLOCK_TOOL_USE) {
        write_call_id(w, m->call_id);
        json_key(w, "name");
        json_slice(w, m->name);
        json_key(w, "input");
        json_object_begin(w);
        json_object_end(w);
    } else {
        json_key(w, block_types[kind]);
        json_str(w, "");
    }
    if (kind == BLOCK_THINKING) {
        json_key(w, "signature");
        json_str(w, "");
    }
    json_object_end(w);
    block_event_end(s);
}

static void stream_delta(struct anthropic_state *s, struct slice text)
{
    static const char *const types[] = { NULL, "thinking_delta", "text_delta", "input_json_delta" };
    static const char *const keys[] = { NULL, "thinking", "text", "partial_json" };
    struct json_writer *w = block_event(s, "content_block_delta");
    json_key(w, "delta");
    json_object_begin(w);
    write_type(w, types[s->open]);
    json_key(w, keys[s->open]);
    json_slice(w, text);
    json_object_end(w);
    block_event_end(s);
}

static void stream_stop(struct anthropic_state *s)
{
    struct json_writer *w = events_begin_named(&s->reply.events, "message_delta");
    json_object_begin(w);
    write_type(w, "message_delta");
    json_key(w, "delta");
    json_object_begin(w);
    write_stop(w, s, true);
    json_object_end(w);
    write_usage(w, s, true);
    json_object_end(w);
    events_end(&s->reply.events);
    w = events_begin_named(&s->reply.events, "message_stop");
    json_object_begin(w);
    write_type(w, "message_stop");
    json_object_end(w);
    events_end(&s->reply.events);
}

/* ---- What comes ---- */

/* A new block of an answer in one piece; NULL: no memory. */
static struct block *add_block(struct anthropic_state *s, enum block_kind kind)
{
    if (s->n_blocks == s->room_blocks) {
        uint32_t room = s->room_blocks ? 2 * s->room_blocks : 4;
        struct block *blocks = mem_realloc(s->blocks, room * sizeof *blocks);
        if (!blocks) {
            s->failed = true;
            return NULL;
        }
        s->blocks = blocks;
        s->room_blocks = room;
    }
    struct block *block = &s->blocks[s->n_blocks++];
    *block = (struct block){ .kind = kind };
    buf_init(&block->text, REPLY_BYTES_MAX / 2);
    return block;
}

static struct block *last_block(struct anthropic_state *s, enum block_kind kind)
{
    struct block *last = s->n_blocks ? &s->blocks[s->n_blocks - 1] : NULL;
    return last && last->kind == kind ? last : add_block(s, kind);
}

static void on_token(struct fan *fan, uint32_t index, const struct msg_token *m)
{
    struct anthropic_state *s = (struct anthropic_state *)fan;
    enum block_kind kind = m->reasoning ? BLOCK_THINKING : BLOCK_TEXT;
    (void)index;
    if (m->reasoning) s->reasoning_tokens = m->n_tokens;
    if (m->text.len == 0) return;
    if (s->reply.stream) {
        if (s->open != kind) open_block(s, kind, NULL);
        stream_delta(s, m->text);
        return;
    }
    struct block *block = s->failed ? NULL : last_block(s, kind);
    if (block) buf_add_slice(&block->text, m->text);
}

static void gather_tool(struct anthropic_state *s, const struct msg_tool_delta *m)
{
    struct arena *arena = s->reply.fan.call->arena;
    if (s->failed) return;
    struct block *block = m->name.len ? add_block(s, BLOCK_TOOL_USE)
                                      : last_block(s, BLOCK_TOOL_USE);
    if (!block) return;
    if (m->name.len) {
        block->id = arena_slice(arena, m->call_id);
        block->name = arena_slice(arena, m->name);
        s->failed = arena->failed;
    }
    buf_add_slice(&block->text, m->arguments);
}

static void on_tool(struct fan *fan, uint32_t index, const struct msg_tool_delta *m)
{
    struct anthropic_state *s = (struct anthropic_state *)fan;
    (void)index;
    if (!s->reply.stream) {
        gather_tool(s, m);
        return;
    }
    /* Calls come one after the other. */
    if (m->name.len || s->open != BLOCK_TOOL_USE) open_block(s, BLOCK_TOOL_USE, m);
    if (m->arguments.len) stream_delta(s, m->arguments);
}

static void on_done(struct fan *fan, uint32_t index, const struct msg_done *m)
{
    struct anthropic_state *s = (struct anthropic_state *)fan;
    (void)index;
    s->finish_reason = m->finish_reason;
    s->stop = arena_slice(fan->call->arena, m->stop);
    if (fan->call->arena->failed) s->failed = true;
}

/* ---- A whole answer ---- */

static void forget_blocks(struct anthropic_state *s)
{
    for (uint32_t i = 0; i < s->n_blocks; i++) buf_release(&s->blocks[i].text);
    s->n_blocks = 0;
}

static void release(struct reply *reply)
{
    struct anthropic_state *s = (struct anthropic_state *)reply;
    forget_blocks(s);
    mem_free(s->blocks);
}

/* An input is an object: a call that max_tokens cut has none, and is left out. Half of it, taken
 * for the whole, would be worse than none. */
static json_t *read_input(const struct block *block)
{
    struct err err = { 0 };
    json_t *input = NULL;
    if (json_read(&input, buf_slice(&block->text), &json_limits_request, "the input", &err) < 0)
        return NULL;
    if (json_is_object(input)) return input;
    json_decref(input);
    return NULL;
}

static void write_call(struct json_writer *w, const struct block *block)
{
    json_t *input = read_input(block);
    if (!input) return;
    json_object_begin(w);
    write_type(w, "tool_use");
    write_call_id(w, block->id);
    json_key(w, "name");
    json_slice(w, block->name);
    json_key(w, "input");
    json_value(w, input);
    json_object_end(w);
    json_decref(input);
}

static void write_block(struct json_writer *w, const struct block *block)
{
    if (block->kind == BLOCK_TOOL_USE) {
        write_call(w, block);
        return;
    }
    json_object_begin(w);
    write_type(w, block_types[block->kind]);
    json_key(w, block_types[block->kind]);
    json_slice(w, buf_slice(&block->text));
    if (block->kind == BLOCK_THINKING) {
        json_key(w, "signature");
        json_str(w, "");
    }
    json_object_end(w);
}

static void answer(struct anthropic_state *s)
{
    struct buf out;
    struct json_writer w;
    bool failed = s->failed;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    message_begin(&w, s);
    for (uint32_t i = 0; i < s->n_blocks; i++) {
        write_block(&w, &s->blocks[i]);
        failed = failed || s->blocks[i].text.failed;
    }
    message_end(&w, s, true);
    out.failed = out.failed || failed;
    reply_finish(&s->reply, &out);
    buf_release(&out);
}

static void on_finish(struct fan *fan)
{
    struct anthropic_state *s = (struct anthropic_state *)fan;
    if (!s->reply.stream) {
        answer(s);
        return;
    }
    struct err err = { 0 };
    stream_start(s);
    close_block(s);
    if (s->failed) s->reply.events.out.failed = true;
    if (events_settle(&s->reply.events, &err) < 0) {
        reply_fail(fan, &err, 0);
        return;
    }
    stream_stop(s);
    reply_finish_stream(&s->reply, NULL);
}

static bool on_restart(struct fan *fan, uint32_t index)
{
    struct anthropic_state *s = (struct anthropic_state *)fan;
    (void)index;
    if (s->reply.events.begun) return false;
    buf_reset(&s->reply.events.out);
    forget_blocks(s);
    s->begun = s->failed = false;
    s->open = BLOCK_NONE;
    s->index = s->reasoning_tokens = 0;
    return true;
}

static const struct fan_ops ops = {
    .token = on_token,
    .tool = on_tool,
    .done = on_done,
    .restart = on_restart,
    .flush = reply_flush,
    .finish = on_finish,
    .fail = reply_fail,
    .close = reply_close,
};

int anthropic_answer_begin(const struct msg_request *request, bool stream,
                           const struct backend_model *model, struct call *call, struct err *err)
{
    struct anthropic_state *s = ARENA_NEW(call->arena, struct anthropic_state);
    if (!s) return arena_check(call->arena, "the request", err);
    s->reply.stream = stream;
    s->reply.release = release;
    TRY(reply_head_init(&s->reply.head, call, model, "msg_", "message", err));
    events_init(&s->reply.events, call);
    return fan_begin_one(&s->reply.fan, &ops, call, model->id, request, err);
}
