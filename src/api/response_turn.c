/* One turn: a worker's request, and what its pieces become. */
#include "api/response_state.h"

#include "base/seam.h"

#include <stdio.h>

int response_turn_begin(struct response_run *run, struct err *err)
{
    run->fan = (struct fan){ 0 }; /* The one before is over. */
    run->turn_tokens = run->turn_reasoning = 0;
    run->turn_ended = false;
    run->last_tool = -1;
    run->begun.number = run->number;
    run->begun.output_len = run->output.len;
    run->begun.n_output = run->n_output;
    run->begun.n_client_calls = run->n_client_calls;
    buf_reset(&run->turn_text);
    return fan_begin_one(&run->fan, &response_turn_ops, &run->call, run->model, &run->request, err);
}

void response_turn_forget(struct response_run *run)
{
    response_item_forget(run);
    for (uint32_t i = 0; i < run->n_calls; i++) buf_release(&run->calls[i].arguments);
    run->n_calls = 0;
}

void response_turn_release(struct response_run *run)
{
    response_turn_forget(run);
    mem_free(run->calls);
    buf_release(&run->turn_text);
}

struct response_usage response_usage(const struct response_run *run)
{
    bool counts = !run->cut.counting && !run->turn_ended;
    return (struct response_usage){
        .input_tokens = run->input_tokens + (counts ? fan_prompt_tokens(&run->fan) : 0),
        .cached_tokens = run->cached_tokens + (counts ? fan_cached_tokens(&run->fan) : 0),
        .output_tokens = run->output_tokens + (counts ? run->turn_tokens : 0),
        .reasoning_tokens = run->reasoning_tokens + (counts ? run->turn_reasoning : 0),
    };
}

/* ---- What comes ---- */

static void on_token(struct fan *fan, uint32_t index, const struct msg_token *m)
{
    struct response_run *run = (struct response_run *)fan;
    enum response_item_kind kind = m->reasoning ? RESPONSE_ITEM_REASONING : RESPONSE_ITEM_MESSAGE;
    (void)index;
    run->turn_tokens = m->n_tokens;
    if (m->reasoning) run->turn_reasoning = m->n_tokens;
    uint32_t n_logprobs = m->reasoning ? 0 : m->n_logprobs;
    if (run->failed || (m->text.len == 0 && n_logprobs == 0)) return;
    if (run->item.kind != kind) {
        response_item_end(run, true);
        response_item_begin(run, kind, (struct slice){ 0 });
    }
    response_item_text(run, m->text, m->logprobs, n_logprobs);
    if (run->tools.n_server && !m->reasoning) buf_add_slice(&run->turn_text, m->text);
}

/* The name as the tools have it, which lives as long as the run; what is none of them does not
 * come from a worker. */
static struct slice tool_name(const struct response_run *run, struct slice name)
{
    for (uint32_t i = 0; i < run->tools.n_names; i++)
        if (slice_eq(run->tools.names[i], name)) return run->tools.names[i];
    return (struct slice){ 0 };
}

static struct response_call *add_call(struct response_run *run, uint32_t index,
                                      const struct response_server_tool *server)
{
    if (run->n_calls == run->room_calls) {
        uint32_t room = run->room_calls ? 2 * run->room_calls : 4;
        struct response_call *calls = mem_realloc(run->calls, room * sizeof *calls);
        if (!calls) return NULL;
        run->calls = calls;
        run->room_calls = room;
    }
    struct response_call *call = &run->calls[run->n_calls++];
    *call = (struct response_call){ .server = server, .index = index };
    buf_init(&call->arguments, RESPONSE_BYTES_MAX);
    return call;
}

/* The first piece of a call. */
static void begin_call(struct response_run *run, const struct msg_tool_delta *m)
{
    const struct response_server_tool *server = response_tools_server(&run->tools, m->name);
    response_item_end(run, true);
    if (!server) {
        run->n_client_calls++;
        bool custom = tools_is_custom(&run->tools.client, m->name);
        response_item_begin(run, custom ? RESPONSE_ITEM_CUSTOM : RESPONSE_ITEM_FUNCTION,
                            tool_name(run, m->name));
    } else if (!add_call(run, m->index, server)) {
        run->failed = true;
    }
}

static void on_tool(struct fan *fan, uint32_t index, const struct msg_tool_delta *m)
{
    struct response_run *run = (struct response_run *)fan;
    (void)index;
    if (run->failed) return;
    /* Calls come one after the other. */
    if (run->last_tool != (int32_t)m->index) begin_call(run, m);
    run->last_tool = (int32_t)m->index;
    if (run->failed || m->arguments.len == 0) return;
    struct response_call *last = run->n_calls ? &run->calls[run->n_calls - 1] : NULL;
    if (last && last->index == m->index)
        buf_add_slice(&last->arguments, m->arguments);
    else
        response_item_text(run, m->arguments, NULL, 0);
}

static void on_done(struct fan *fan, uint32_t index, const struct msg_done *m)
{
    struct response_run *run = (struct response_run *)fan;
    (void)index;
    run->finish_reason = m->finish_reason;
    run->turn_tokens = m->completion_tokens;
}

static void on_encoded(struct fan *fan, uint32_t index, const struct msg_tokens *m)
{
    (void)index;
    ((struct response_run *)fan)->cut.n_tokens = m->n_tokens;
}

/* ---- How it ends ---- */

static void count(struct response_run *run)
{
    struct response_usage usage = response_usage(run);
    run->input_tokens = usage.input_tokens;
    run->cached_tokens = usage.cached_tokens;
    run->output_tokens = usage.output_tokens;
    run->reasoning_tokens = usage.reasoning_tokens;
    run->turn_ended = true;
}

static void on_finish(struct fan *fan)
{
    struct response_run *run = (struct response_run *)fan;
    struct err err = { 0 };
    if (run->cut.counting) {
        response_cut_counted(run);
        return;
    }
    count(run);
    bool whole = run->finish_reason == FINISH_STOP || run->finish_reason == FINISH_TOOL_CALLS;
    /* A client expects a message, even of nothing. */
    if (run->item.kind == RESPONSE_ITEM_NONE && run->n_output == 0 && run->n_calls == 0)
        response_item_begin(run, RESPONSE_ITEM_MESSAGE, (struct slice){ 0 });
    response_item_end(run, whole);
    for (uint32_t i = 0; i < run->n_calls; i++)
        if (run->calls[i].arguments.failed) run->failed = true;
    if (run->turn_text.failed) run->failed = true;
    if (run->failed) {
        (void)err_set(&err, ERR_NO_MEMORY, "There is no memory for the answer.");
        response_run_fail(run, &err, 0);
    } else if (!whole) {
        response_run_end(run, "incomplete");
    } else if (run->n_calls) {
        response_calls_begin(run);
    } else {
        response_run_end(run, "completed");
    }
}

static void on_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms)
{
    struct response_run *run = (struct response_run *)fan;
    struct err own = *err;
    if (err->code == ERR_CONTEXT_LENGTH && response_cut_begin(run, err)) return;
    response_place_error(&own);
    response_run_fail(run, &own, retry_after_ms);
}

static bool on_restart(struct fan *fan, uint32_t index)
{
    struct response_run *run = (struct response_run *)fan;
    (void)index;
    response_turn_forget(run);
    buf_reset(&run->turn_text);
    run->number = run->begun.number;
    run->output.len = run->begun.output_len;
    run->n_output = run->begun.n_output;
    run->n_client_calls = run->begun.n_client_calls;
    run->turn_tokens = run->turn_reasoning = 0;
    run->last_tool = -1;
    return true;
}

static void on_flush(struct fan *fan)
{
    struct response_run *run = (struct response_run *)fan;
    struct err err = { 0 };
    if (run->failed) {
        (void)err_set(&err, ERR_NO_MEMORY, "There is no memory for the answer.");
        fan_fail(fan, &err, 0);
        return;
    }
    if (!run->cut.counting) run->o.ops->flush(run->o.user);
}

static void on_close(struct fan *fan)
{
    (void)fan; /* Its owner frees it. */
}

const struct fan_ops response_turn_ops = {
    .token = on_token,
    .tool = on_tool,
    .done = on_done,
    .encoded = on_encoded,
    .restart = on_restart,
    .flush = on_flush,
    .finish = on_finish,
    .fail = on_fail,
    .close = on_close,
};
