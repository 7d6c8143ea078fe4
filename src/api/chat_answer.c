#include "api/chat_answer.h"

#include "base/seam.h"

#include <stdio.h>

/* A call of a tool, of an answer in one piece. */
struct chat_call {
    struct slice id, name; /* in the call's arena */
    struct buf arguments;
    bool custom;
};

struct chat_choice {
    struct buf text, reasoning, logprobs; /* of an answer in one piece */
    struct chat_call *calls;              /* n_calls of room_calls */
    uint32_t n_calls, room_calls;
    bool begun, failed; /* failed: no memory for a call */
    uint32_t finish_reason, reasoning_tokens;
};

struct chat_state {
    struct reply reply;          /* first */
    struct chat_choice *choices; /* n of them */
    struct tools tools;
    uint32_t n;
    bool wants_logprobs;
    struct completion_keep *keep;    /* What is to be kept, until the answer is there ... */
    struct completion_keep *keeping; /* ... and then, until that is done. */
    struct reply_usage usage;        /* Of an answer that is being kept. */
};

static const char *finish_name(const struct chat_state *s, uint32_t reason)
{
    if (reason != FINISH_TOOL_CALLS) return reply_finish_reason(reason);
    /* It did what it was told to, and stopped: OpenAI's way. */
    if (s->tools.named) return "stop";
    return s->tools.legacy ? "function_call" : "tool_calls";
}

/* ---- Chunks ---- */

/* One event of one choice, with a writer inside its delta. */
static struct json_writer *delta_begin(struct chat_state *s, uint32_t index)
{
    struct json_writer *w = reply_begin_event(&s->reply);
    json_object_begin(w);
    json_key(w, "index");
    json_uint(w, index);
    json_key(w, "delta");
    json_object_begin(w);
    return w;
}

static void write_logprobs(struct json_writer *w, const struct msg_logprob *entries, uint32_t n)
{
    json_key(w, "logprobs");
    if (n == 0) {
        json_null_value(w);
        return;
    }
    json_object_begin(w);
    json_key(w, "content");
    json_array_begin(w);
    for (uint32_t i = 0; i < n; i++) reply_write_chat_logprob(w, &entries[i]);
    json_array_end(w);
    json_key(w, "refusal");
    json_null_value(w);
    json_object_end(w);
}

/* `m`: of whose tokens the log probabilities are; NULL: none. */
static void delta_end(struct chat_state *s, const struct msg_token *m, const char *finish_reason)
{
    struct json_writer *w = &s->reply.events.w;
    json_object_end(w);
    write_logprobs(w, m ? m->logprobs : NULL, m ? m->n_logprobs : 0);
    json_key(w, "finish_reason");
    json_str(w, finish_reason);
    json_object_end(w);
    reply_end_event(&s->reply);
}

/* The first chunk of a choice says who speaks; content is null when a call comes first. */
static void begin_choice(struct chat_state *s, uint32_t index, const char *content)
{
    if (s->choices[index].begun) return;
    s->choices[index].begun = true;
    struct json_writer *w = delta_begin(s, index);
    json_key(w, "role");
    json_str(w, "assistant");
    json_key(w, "content");
    json_str(w, content);
    json_key(w, "refusal");
    json_null_value(w);
    delta_end(s, NULL, NULL);
}

static void stream_token(struct chat_state *s, const struct msg_token *m)
{
    begin_choice(s, m->choice, "");
    struct json_writer *w = delta_begin(s, m->choice);
    json_key(w, m->reasoning ? "reasoning_content" : "content");
    json_slice(w, m->text);
    delta_end(s, m->reasoning ? NULL : m, NULL);
}

/* {"name": .., "arguments": ..} of a function, {"name": .., "input": ..} of a custom tool. */
static void write_called(struct json_writer *w, struct slice name, struct slice arguments,
                         bool custom)
{
    json_object_begin(w);
    if (name.len) {
        json_key(w, "name");
        json_slice(w, name);
    }
    json_key(w, custom ? "input" : "arguments");
    json_slice(w, arguments);
    json_object_end(w);
}

static void stream_tool(struct chat_state *s, const struct msg_tool_delta *m, bool custom)
{
    begin_choice(s, m->choice, NULL);
    struct json_writer *w = delta_begin(s, m->choice);
    const char *kind = custom ? "custom" : "function";
    if (s->tools.legacy) {
        json_key(w, "function_call");
        write_called(w, m->name, m->arguments, false);
        delta_end(s, NULL, NULL);
        return;
    }
    json_key(w, "tool_calls");
    json_array_begin(w);
    json_object_begin(w);
    json_key(w, "index");
    json_uint(w, m->index);
    if (m->call_id.len) {
        json_key(w, "id");
        json_slice(w, m->call_id);
        json_key(w, "type");
        json_str(w, kind);
    }
    json_key(w, kind);
    write_called(w, m->name, m->arguments, custom);
    json_object_end(w);
    json_array_end(w);
    delta_end(s, NULL, NULL);
}

/* ---- What comes ---- */

static void gather_token(struct chat_choice *choice, const struct msg_token *m)
{
    if (m->reasoning) {
        buf_add_slice(&choice->reasoning, m->text);
        return;
    }
    buf_add_slice(&choice->text, m->text);
    for (uint32_t i = 0; i < m->n_logprobs; i++) {
        struct json_writer w;
        if (choice->logprobs.len) buf_add_char(&choice->logprobs, ',');
        json_writer_init(&w, &choice->logprobs);
        reply_write_chat_logprob(&w, &m->logprobs[i]);
    }
}

static void on_token(struct fan *fan, uint32_t index, const struct msg_token *m)
{
    struct chat_state *s = (struct chat_state *)fan;
    (void)index; /* A chat is one worker request. */
    if (m->choice >= s->n) return;
    if (m->reasoning) s->choices[m->choice].reasoning_tokens = m->n_tokens;
    if (m->text.len == 0 && (m->reasoning || m->n_logprobs == 0)) return;
    if (s->reply.stream) stream_token(s, m);
    if (!s->reply.stream || s->keep) gather_token(&s->choices[m->choice], m);
}

/* The call with this number, which is the last one or the next. NULL: no memory for it. */
static struct chat_call *call_at(struct chat_state *s, const struct msg_tool_delta *m)
{
    struct chat_choice *choice = &s->choices[m->choice];
    if (m->index < choice->n_calls) return &choice->calls[m->index];
    if (choice->n_calls == choice->room_calls) {
        uint32_t room = choice->room_calls ? 2 * choice->room_calls : 4;
        struct chat_call *calls = mem_realloc(choice->calls, room * sizeof *calls);
        if (!calls) return NULL;
        choice->calls = calls;
        choice->room_calls = room;
    }
    struct arena *arena = s->reply.fan.call->arena;
    struct chat_call *call = &choice->calls[choice->n_calls++];
    *call = (struct chat_call){ .id = arena_slice(arena, m->call_id),
                                .name = arena_slice(arena, m->name),
                                .custom = tools_is_custom(&s->tools, m->name) };
    buf_init(&call->arguments, REPLY_BYTES_MAX / 2);
    return arena->failed ? NULL : call;
}

static void on_tool(struct fan *fan, uint32_t index, const struct msg_tool_delta *m)
{
    struct chat_state *s = (struct chat_state *)fan;
    (void)index;
    if (m->choice >= s->n) return;
    struct chat_choice *choice = &s->choices[m->choice];
    struct chat_call *call = choice->failed ? NULL : call_at(s, m);
    if (!call) {
        choice->failed = true;
        s->reply.events.out.failed = true; /* A stream with a hole in it is worse than an error. */
        return;
    }
    if (s->reply.stream) stream_tool(s, m, call->custom);
    if (!s->reply.stream || s->keep) buf_add_slice(&call->arguments, m->arguments);
}

static void on_done(struct fan *fan, uint32_t index, const struct msg_done *m)
{
    struct chat_state *s = (struct chat_state *)fan;
    (void)index;
    if (m->choice >= s->n) return;
    s->choices[m->choice].finish_reason = m->finish_reason;
    if (!s->reply.stream) return;
    begin_choice(s, m->choice, "");
    (void)delta_begin(s, m->choice);
    delta_end(s, NULL, finish_name(s, m->finish_reason));
}

/* ---- A whole answer ---- */

static void forget_calls(struct chat_choice *choice)
{
    for (uint32_t i = 0; i < choice->n_calls; i++) buf_release(&choice->calls[i].arguments);
    choice->n_calls = 0;
}

static void release(struct reply *reply)
{
    struct chat_state *s = (struct chat_state *)reply;
    for (uint32_t i = 0; i < s->n; i++) {
        struct chat_choice *choice = &s->choices[i];
        buf_release(&choice->text);
        buf_release(&choice->reasoning);
        buf_release(&choice->logprobs);
        forget_calls(choice);
        mem_free(choice->calls);
    }
    completion_keep_close(s->keep);
}

static void write_calls(struct json_writer *w, const struct chat_state *s,
                        const struct chat_choice *choice)
{
    if (choice->n_calls == 0) return;
    if (s->tools.legacy) {
        json_key(w, "function_call");
        write_called(w, choice->calls[0].name, buf_slice(&choice->calls[0].arguments), false);
        return;
    }
    json_key(w, "tool_calls");
    json_array_begin(w);
    for (uint32_t i = 0; i < choice->n_calls; i++) {
        const struct chat_call *call = &choice->calls[i];
        const char *kind = call->custom ? "custom" : "function";
        json_object_begin(w);
        json_key(w, "id");
        json_slice(w, call->id);
        json_key(w, "type");
        json_str(w, kind);
        json_key(w, kind);
        write_called(w, call->name, buf_slice(&call->arguments), call->custom);
        json_object_end(w);
    }
    json_array_end(w);
}

static void write_message(struct json_writer *w, const struct chat_state *s,
                          const struct chat_choice *choice)
{
    json_object_begin(w);
    json_key(w, "role");
    json_str(w, "assistant");
    json_key(w, "content");
    if (choice->text.len == 0 && choice->n_calls)
        json_null_value(w);
    else
        json_slice(w, buf_slice(&choice->text));
    json_key(w, "refusal");
    json_null_value(w);
    json_key(w, "annotations");
    json_array_begin(w);
    json_array_end(w);
    if (choice->reasoning.len) {
        json_key(w, "reasoning_content");
        json_slice(w, buf_slice(&choice->reasoning));
    }
    write_calls(w, s, choice);
    json_object_end(w);
}

static void write_choice(struct json_writer *w, const struct chat_state *s, uint32_t index)
{
    const struct chat_choice *choice = &s->choices[index];
    json_object_begin(w);
    json_key(w, "index");
    json_uint(w, index);
    json_key(w, "message");
    write_message(w, s, choice);
    json_key(w, "logprobs");
    if (s->wants_logprobs) {
        json_object_begin(w);
        json_key(w, "content");
        json_array_begin(w);
        if (choice->logprobs.len) json_raw(w, buf_slice(&choice->logprobs));
        json_array_end(w);
        json_key(w, "refusal");
        json_null_value(w);
        json_object_end(w);
    } else {
        json_null_value(w);
    }
    json_key(w, "finish_reason");
    json_str(w, finish_name(s, choice->finish_reason));
    json_object_end(w);
}

static bool is_whole(const struct chat_choice *choice)
{
    bool whole = !choice->failed && !choice->text.failed && !choice->reasoning.failed &&
                 !choice->logprobs.failed;
    for (uint32_t i = 0; i < choice->n_calls; i++)
        whole = whole && !choice->calls[i].arguments.failed;
    return whole;
}

static void write_answer(struct buf *out, const struct chat_state *s, const struct reply_head *head,
                         const struct reply_usage *usage)
{
    struct json_writer w;
    json_writer_init(&w, out);
    reply_begin(&w, head);
    for (uint32_t i = 0; i < s->n; i++) {
        write_choice(&w, s, i);
        if (!is_whole(&s->choices[i])) out->failed = true;
    }
    json_array_end(&w);
    reply_write_usage(&w, usage);
    json_object_end(&w);
}

static void answer(struct chat_state *s, const struct reply_usage *usage)
{
    struct buf out;
    buf_init(&out, REPLY_BYTES_MAX);
    write_answer(&out, s, &s->reply.head, usage);
    reply_finish(&s->reply, &out);
    buf_release(&out);
}

/* ---- An answer that is kept: its end waits until it is ---- */

static void on_kept(void *user, const struct err *err)
{
    struct chat_state *s = user;
    if (err) {
        buf_reset(&s->reply.events.out); /* The end that it has not come to. */
        reply_fail(&s->reply.fan, err, 0);
    } else if (s->reply.stream) {
        reply_finish_stream(&s->reply, &s->usage);
    } else {
        reply_finish(&s->reply, &s->keeping->body);
    }
}

static void on_left(struct call *call)
{
    struct chat_state *s = call->state;
    completion_keep_forget(s->keeping);
    reply_close(&s->reply.fan);
}

static void keep(struct chat_state *s, const struct reply_usage *usage)
{
    struct reply_head head = s->reply.head;
    struct call *call = s->reply.fan.call;
    head.object = "chat.completion"; /* Also of a stream. */
    write_answer(&s->keep->body, s, &head, usage);
    s->usage = *usage;
    s->keeping = s->keep;
    s->keep = NULL;
    call->state = s;
    call->on_close = on_left;
    completion_keep_begin(s->keeping, head.created, on_kept, s); /* `s` may be gone now. */
}

static void on_finish(struct fan *fan)
{
    struct chat_state *s = (struct chat_state *)fan;
    struct reply_usage usage = reply_usage(&s->reply);
    for (uint32_t i = 0; i < s->n; i++) usage.reasoning_tokens += s->choices[i].reasoning_tokens;
    fan->call->stats.reasoning_tokens = (uint32_t)usage.reasoning_tokens;
    if (s->keep)
        keep(s, &usage);
    else if (s->reply.stream)
        reply_finish_stream(&s->reply, &usage);
    else
        answer(s, &usage);
}

/* The worker knows only tools: its errors' places are put back among the functions. */
static void on_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms)
{
    struct chat_state *s = (struct chat_state *)fan;
    struct slice param = slice_of(err->param), head = SLICE("tools["), middle = SLICE("].function");
    size_t at = slice_find(param, middle);
    struct err own = *err;
    if (s->tools.legacy && slice_starts(param, head) && at < param.len)
        (void)snprintf(own.param, sizeof own.param, "functions[%.*s]%.60s", (int)(at - head.len),
                       param.ptr + head.len, param.ptr + at + middle.len); /* Short. */
    reply_fail(fan, &own, retry_after_ms);
}

static bool on_restart(struct fan *fan, uint32_t index)
{
    struct chat_state *s = (struct chat_state *)fan;
    (void)index;
    if (s->reply.events.begun) return false;
    buf_reset(&s->reply.events.out);
    for (uint32_t i = 0; i < s->n; i++) {
        struct chat_choice *choice = &s->choices[i];
        buf_reset(&choice->text);
        buf_reset(&choice->reasoning);
        buf_reset(&choice->logprobs);
        forget_calls(choice);
        choice->begun = choice->failed = false;
        choice->reasoning_tokens = 0;
    }
    return true;
}

static const struct fan_ops ops = {
    .token = on_token,
    .tool = on_tool,
    .done = on_done,
    .restart = on_restart,
    .flush = reply_flush,
    .finish = on_finish,
    .fail = on_fail,
    .close = reply_close,
};

int chat_answer_begin(const struct chat_answer_options *o, const struct backend_model *model,
                      struct call *call, struct err *err)
{
    struct chat_state *s = ARENA_NEW(call->arena, struct chat_state);
    struct chat_choice *choices = ARENA_NEWS(call->arena, o->request->n, struct chat_choice);
    if (!s || !choices) return arena_check(call->arena, "the request", err);
    s->n = o->request->n;
    s->choices = choices;
    s->tools = o->tools;
    s->wants_logprobs = o->request->logprobs;
    s->reply.stream = o->stream;
    s->reply.wants_usage = o->wants_usage;
    s->reply.release = release;
    TRY(reply_head_init(&s->reply.head, call, model, "chatcmpl-",
                        o->stream ? "chat.completion.chunk" : "chat.completion", err));
    s->reply.head.service_tier = o->flex ? "flex" : "default";
    s->keep = o->keep;
    if (o->keep) memcpy(s->reply.head.id, o->keep->id, sizeof o->keep->id);
    events_init(&s->reply.events, call);
    for (uint32_t i = 0; i < s->n; i++) {
        buf_init(&choices[i].text, REPLY_BYTES_MAX / 2);
        buf_init(&choices[i].reasoning, REPLY_BYTES_MAX / 2);
        buf_init(&choices[i].logprobs, REPLY_BYTES_MAX / 2);
    }
    return fan_begin_one(&s->reply.fan, &ops, call, model->id, o->request, err);
}
