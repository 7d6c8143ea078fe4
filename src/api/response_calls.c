/* Between turns: the tools that the server runs itself, one after the other, each with its item and
 * events; then the next turn, which is told of the calls and their results. */
#include "api/response_state.h"

#include "base/seam.h"

#include <stdio.h>

static void next(struct response_run *run);

static bool may_call(const struct response_run *run)
{
    bool spent = run->has_max_tool_calls && run->n_calls_made >= run->max_tool_calls;
    return !spent && run->n_turns < RESPONSE_TURNS_MAX;
}

/* ---- The item ---- */

/* `members`: of the result; NULL: as it began. */
static void write_item(struct json_writer *w, const struct response_call *call, const char *status,
                       const json_t *members)
{
    const struct server_tool *tool = call->server->tool;
    json_t *all = (json_t *)(uintptr_t)members; /* Only read. */
    json_object_begin(w);
    json_key(w, "id");
    json_str(w, call->item_id);
    json_key(w, "type");
    json_str(w, tool->item_type);
    json_key(w, "status");
    json_str(w, status);
    if (!members) json_raw(w, slice_of(tool->begun));
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        const char *key = json_object_iter_key(it);
        bool extra = tool->extra && strcmp(key, tool->extra) == 0;
        json_key(w, key);
        if (extra && !call->server->wants_extra)
            json_null_value(w);
        else
            json_value(w, json_object_iter_value(it));
    }
    json_object_end(w);
}

static void tell_item(struct response_run *run, const struct response_call *call, const char *type,
                      const char *status, const json_t *members)
{
    struct json_writer *w = response_event_begin(run, type);
    json_key(w, "output_index");
    json_uint(w, run->n_output);
    json_key(w, "item");
    write_item(w, call, status, members);
    response_event_end(run, type);
}

static void tell_phase(struct response_run *run, const struct response_call *call,
                       const char *phase)
{
    char type[96];
    (void)snprintf(type, sizeof type, "response.%.40s.%.30s", call->server->tool->item_type, phase);
    (void)response_event_begin(run, type);
    response_event_place(run, call->item_id);
    response_event_end(run, type);
}

/* ---- Running ---- */

static int keep_sources(struct response_run *run, const struct server_tool *tool,
                        const json_t *sources)
{
    if (!sources || !tool->annotate) return 0;
    json_t *copy = json_pack("{s:s, s:O}", "tool", tool->type, "sources", sources);
    return json_array_append_new(run->sources, copy);
}

static void tool_done(struct response_run *run, const struct server_tool_result *result,
                      const struct err *err)
{
    struct response_call *call = &run->calls[run->at_call++];
    struct json_writer w;
    const char *status = result ? "completed" : "failed";
    const json_t *members = result ? result->item : NULL;
    call->text = arena_slice(&run->scratch, result ? result->text : slice_of(err->text));
    if (run->scratch.failed) run->failed = true;
    if (result && keep_sources(run, call->server->tool, result->sources) < 0) run->failed = true;
    if (result) tell_phase(run, call, "completed");
    tell_item(run, call, "response.output_item.done", status, members);
    response_output_begin(run, &w);
    write_item(&w, call, status, members);
    run->n_output++;
}

static void on_done(void *user, const struct server_tool_result *result, const struct err *err)
{
    struct response_run *run = user;
    run->running = NULL;
    tool_done(run, result, err);
    next(run);
}

/* False: it failed at once. */
static bool run_tool(struct response_run *run, struct response_call *call)
{
    const struct server_tool *tool = call->server->tool;
    const struct server_tool_options options = {
        .service = run->o.service,
        .principal = &run->call.principal,
        .config = call->server->config,
        .arguments = buf_slice(&call->arguments),
        .priority = run->o.priority,
        .replay = run->o.replay,
        .n_before = run->n_calls_made,
        .done = on_done,
        .user = run,
    };
    struct err err = { 0 };
    response_id(call->item_id, tool->id_prefix, run->o.id, RESPONSE_ID_OUTPUT, run->n_output);
    response_id(call->call_id, "call_", run->o.id, RESPONSE_ID_CALL, run->n_output);
    run->n_calls_made++;
    tell_item(run, call, "response.output_item.added", "in_progress", NULL);
    for (size_t i = 0; tool->phases[i]; i++) tell_phase(run, call, tool->phases[i]);
    if (tool->begin(&run->running, &options, &err) == 0) return true;
    run->running = NULL;
    tool_done(run, NULL, &err);
    return false;
}

void response_calls_cancel(struct response_run *run)
{
    if (run->running) run->calls[run->at_call].server->tool->cancel(run->running);
    run->running = NULL;
}

/* ---- The next turn ---- */

/* What was said and called in this turn, and what came of it. */
static int tell_results(struct response_run *run, struct err *err)
{
    struct arena *arena = &run->scratch;
    struct msg_request *m = &run->request;
    uint32_t n = 0, old = m->n_messages;
    struct msg_chat *all = ARENA_NEWS(arena, old + 1 + run->n_calls, struct msg_chat);
    struct msg_tool_call *calls = ARENA_NEWS(arena, run->n_calls, struct msg_tool_call);
    struct msg_part *parts = ARENA_NEWS(arena, run->n_calls + 1, struct msg_part);
    struct slice said = arena_slice(arena, buf_slice(&run->turn_text));
    TRY(arena_check(arena, "the request", err));
    memcpy(all, m->messages, old * sizeof *all);
    for (uint32_t i = 0; i < run->n_calls; i++) {
        struct response_call *call = &run->calls[i];
        if (call->ignored) continue;
        calls[n].id = arena_slice(arena, slice_of(call->call_id));
        calls[n].name = slice_of(call->server->tool->name);
        calls[n].arguments = arena_slice(arena, buf_slice(&call->arguments));
        parts[n].text = call->text;
        all[old + 1 + n] = (struct msg_chat){
            .role = SLICE("tool"), .tool_call_id = calls[n].id, .parts = &parts[n], .n_parts = 1
        };
        n++;
    }
    parts[run->n_calls].text = said;
    all[old] = (struct msg_chat){ .role = SLICE("assistant"), .tool_calls = calls };
    all[old].n_tool_calls = n;
    all[old].parts = &parts[run->n_calls];
    all[old].n_parts = said.len > 0;
    m->messages = all;
    m->n_messages = old + 1 + n;
    return arena_check(arena, "the request", err);
}

/* From now on the server's tools may be called, or no longer; none has to. */
static void allow(struct response_run *run)
{
    struct msg_request *m = &run->request;
    m->tool_choice = TOOL_CHOICE_AUTO;
    m->tool_names = NULL;
    m->n_tool_names = 0;
    if (may_call(run)) return;
    m->tool_names = run->tools.names;
    m->n_tool_names = run->tools.n_names;
    if (m->n_tool_names == 0) m->tool_choice = TOOL_CHOICE_NONE;
}

static int turn(struct response_run *run, struct err *err)
{
    struct msg_request *m = &run->request;
    TRY(tell_results(run, err));
    allow(run);
    if (run->has_max_tokens) m->max_tokens = run->max_tokens - (uint32_t)run->output_tokens;
    response_turn_forget(run);
    run->cut = (struct response_cut){ 0 }; /* It may be too long once more. */
    return response_turn_begin(run, err);
}

/* After the last call of the turn. */
static void go_on(struct response_run *run)
{
    struct err err = { 0 };
    bool client_calls = run->begun.n_client_calls != run->n_client_calls;
    if (run->failed) {
        (void)err_set(&err, ERR_NO_MEMORY, "There is no memory for the answer.");
        response_run_fail(run, &err, 0);
    } else if (client_calls) {
        response_run_end(run, "completed"); /* The client's results come first. */
    } else if (run->has_max_tokens && run->output_tokens >= run->max_tokens) {
        run->finish_reason = FINISH_LENGTH;
        response_run_end(run, "incomplete");
    } else if (turn(run, &err) < 0) {
        response_run_fail(run, &err, 0);
    }
}

static void next(struct response_run *run)
{
    while (run->at_call < run->n_calls && !run->failed) {
        struct response_call *call = &run->calls[run->at_call];
        call->ignored = !may_call(run);
        if (call->ignored) {
            run->at_call++;
        } else if (run_tool(run, call)) {
            run->o.ops->flush(run->o.user); /* Last: it may cancel. on_done goes on. */
            return;
        }
    }
    go_on(run);
}

void response_calls_begin(struct response_run *run)
{
    run->n_turns++;
    run->at_call = 0;
    next(run);
}

int response_calls_annotate(struct response_run *run, struct err *err)
{
    struct response_item *item = &run->item;
    if (item->kind != RESPONSE_ITEM_MESSAGE) return 0;
    for (size_t i = 0; i < json_array_size(run->sources); i++) {
        const json_t *entry = json_array_get(run->sources, i);
        const char *type = json_string_value(json_object_get(entry, "tool"));
        const struct server_tool *tool = server_tool_of_type(slice_of(type));
        if (!item->annotations) item->annotations = json_array();
        if (!item->annotations) return err_set(err, ERR_NO_MEMORY, "no memory for citations");
        TRY(tool->annotate(item->annotations, buf_slice(&item->text),
                           json_object_get(entry, "sources"), err));
    }
    return 0;
}
