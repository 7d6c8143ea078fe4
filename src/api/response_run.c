#include "api/response_run.h"

#include "api/prompt_files.h"
#include "api/response_state.h"
#include "base/seam.h"

#include <assert.h>
#include <stdio.h>

/* ---- Beginning ---- */

static int copy_options(struct response_run *run, const struct response_run_options *o,
                        struct err *err)
{
    const struct principal *p = o->principal;
    run->o = *o;
    run->o.id = arena_slice(&run->arena, o->id);
    run->o.request = (struct slice){ 0 }; /* The document stands for it. */
    run->call = (struct call){
        .backend = o->service->backend,
        .service = o->service,
        .arena = &run->arena,
        .scratch = &run->scratch,
        .dialect = DIALECT_RESPONSES,
        .priority = o->priority,
        .principal = { .tenant = arena_slice(&run->arena, p->tenant),
                       .project = arena_slice(&run->arena, p->project),
                       .user = arena_slice(&run->arena, p->user),
                       .key = arena_slice(&run->arena, p->key) },
    };
    run->o.principal = &run->call.principal;
    run->history = json_incref((json_t *)(uintptr_t)o->history);
    return arena_check(&run->arena, "the request", err);
}

static int read_request(struct response_run *run, struct response_req **ret, struct slice text,
                        struct err *err)
{
    /* With the texts of its files it may be longer than it came. */
    TRY(json_read(&run->document, text, &json_limits_file, "the body", err));
    if (!json_is_object(run->document))
        return err_set(err, ERR_INVALID_TYPE, "The request is not a JSON object.");
    run->files = json_incref(json_object_get(run->document, PROMPT_FILES_MEMBER));
    (void)json_object_del(run->document, PROMPT_FILES_MEMBER); /* Mostly there is none. */
    struct response_req *req = ARENA_NEW(&run->scratch, struct response_req);
    if (!req) return arena_check(&run->scratch, "the request", err);
    TRY(fields_parse(req, response_request_fields, run->document, "", &run->scratch, err));
    *ret = req;
    return 0;
}

static int fill_messages(struct response_run *run, const struct response_req *req,
                         const struct backend_model *model, struct err *err)
{
    const struct response_prompt_req *prompt = &req->prompt;
    const struct response_messages from = {
        .instructions = prompt->instructions.value,
        .has_instructions = prompt->instructions.given,
        .history = run->history,
        .input = run->input,
        .files = run->files,
        .tools = &run->tools,
        .model = model,
    };
    return response_messages_fill(&run->request, &from, &run->scratch, err);
}

static int check_object(const struct response_run *run, struct err *err)
{
    if (run->request.grammar_kind != GRAMMAR_JSON_OBJECT ||
        !slice_is(run->request.grammar_param, "text.format") || messages_say_json(&run->request))
        return 0;
    /* As OpenAI has it: a model that is not told writes an object of nothing in particular. */
    return err_param(err, ERR_INVALID_VALUE, "input",
                     "Response input messages must contain the word 'json' in some form to use "
                     "'text.format' of type 'json_object'.");
}

static void keep_limits(struct response_run *run, const struct response_req *req)
{
    run->background = run->queued = req->background.value;
    run->cuts = req->prompt.truncation.value == TRUNCATION_AUTO;
    run->has_max_tool_calls = req->max_tool_calls.given;
    run->max_tool_calls = (uint32_t)req->max_tool_calls.value;
    run->has_max_tokens = run->request.has_max_tokens;
    run->max_tokens = run->request.max_tokens;
    for (uint32_t i = 0; i < run->tools.n_server; i++) {
        struct response_server_tool *server = &run->tools.server[i];
        server->wants_extra = server->tool->include &&
                              response_request_includes(req, server->tool->include);
    }
}

static int prepare(struct response_run *run, const struct response_run_options *o, struct err *err)
{
    struct response_req *req = NULL;
    const struct backend_model *model;
    struct msg_request *m = &run->request;
    TRY(copy_options(run, o, err));
    TRY(read_request(run, &req, o->request, err));
    TRY(generation_model(&model, &run->call, req->generation.model.value, CAP_CHAT, "chat", err));
    run->model = run->call.stats.model;
    *m = (struct msg_request){ .kind = REQUEST_CHAT, .sampling = MSG_SAMPLING_DEFAULT };
    TRY(response_tools_fill(m, &run->tools, &req->prompt, model, &run->call, err));
    TRY(response_items_read(&run->input, req->prompt.input.value, err));
    TRY(response_items_resolve(run->input, run->history, run->o.stored, err));
    TRY(fill_messages(run, req, model, err));
    TRY(response_request_fill(m, req, model, &run->call, err));
    TRY(check_object(run, err));
    if (!m->sampling.has_seed) m->sampling.seed = run->o.seed;
    m->sampling.has_seed = true;
    m->priority = run->o.priority;
    keep_limits(run, req);
    TRY(response_echo(&run->echo, run, req, err));
    run->sources = json_array();
    return run->sources ? 0 : err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
}

static void forget_request(struct response_run *run)
{
    arena_release(&run->scratch);
    json_decref(run->document);
    json_decref(run->history);
    json_decref(run->files);
    run->document = run->history = run->files = NULL;
}

static void release(struct response_run *run)
{
    forget_request(run);
    response_turn_release(run);
    json_decref(run->input);
    json_decref(run->sources);
    buf_release(&run->event);
    buf_release(&run->output);
    arena_release(&run->arena);
    mem_free(run);
}

static struct response_run *new_run(void)
{
    struct response_run *run = mem_calloc(1, sizeof *run);
    if (!run) return NULL;
    arena_init(&run->arena, RESPONSE_REQUEST_MAX);
    arena_init(&run->scratch, RESPONSE_REQUEST_MAX);
    buf_init(&run->event, RESPONSE_BYTES_MAX);
    buf_init(&run->output, RESPONSE_BYTES_MAX);
    buf_init(&run->turn_text, RESPONSE_BYTES_MAX);
    return run;
}

static void announce(struct response_run *run)
{
    response_tell_state(run, "response.created", NULL, NULL);
    if (run->queued) response_tell_state(run, "response.queued", NULL, NULL);
    run->queued = false;
    response_tell_state(run, "response.in_progress", NULL, NULL);
    run->begun.number = run->number;
}

int response_run_begin(struct response_run **ret, const struct response_run_options *options,
                       struct err *err)
{
    struct response_run *run = new_run();
    if (!run) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    int rc = prepare(run, options, err);
    if (rc == 0) rc = response_turn_begin(run, err);
    if (rc < 0) {
        release(run);
        return rc;
    }
    /* Later turns, and one that is cut, are made of the request again. */
    if (run->tools.n_server == 0 && !run->cuts) forget_request(run);
    *ret = run;
    announce(run);
    return 0;
}

/* ---- Ending ---- */

static void end(struct response_run *run, const char *status, const struct err *error,
                uint32_t retry_after_ms)
{
    struct buf body;
    struct json_writer w;
    struct err err;
    json_t *output = NULL;
    static const struct json_limits limits = { RESPONSE_BYTES_MAX, 64, 1 << 20 };
    buf_init(&body, RESPONSE_BYTES_MAX);
    json_writer_init(&w, &body);
    response_object_write(&w, run, status, error);
    json_t *object = NULL;
    if (!body.failed && !run->output.failed &&
        json_read(&object, buf_slice(&body), &limits, "the response", &err) == 0)
        output = json_object_get(object, "output");
    const struct response_result result = {
        .status = status,
        .body = output ? buf_slice(&body) : (struct slice){ 0 },
        .output = output,
        .stats = response_run_stats(run),
        .error = error,
        .retry_after_ms = retry_after_ms,
    };
    run->o.ops->end(run->o.user, &result);
    buf_release(&body);
    json_decref(object);
    release(run);
}

void response_run_end(struct response_run *run, const char *status)
{
    bool completed = strcmp(status, "completed") == 0;
    struct err err = { 0 };
    response_tell_state(run, completed ? "response.completed" : "response.incomplete", status,
                        NULL);
    if (!run->failed) {
        end(run, status, NULL, 0);
        return;
    }
    (void)err_set(&err, ERR_NO_MEMORY, "There is no memory for the answer.");
    end(run, "failed", &err, 0);
}

void response_run_fail(struct response_run *run, const struct err *err, uint32_t retry_after_ms)
{
    const struct err own = *err; /* It may lie in the run. */
    response_tell_state(run, "response.failed", "failed", &own);
    end(run, "failed", &own, retry_after_ms);
}

static int write_body(struct slice *ret, const struct response_run *run, const char *status,
                      struct arena *arena, struct err *err)
{
    struct buf body;
    struct json_writer w;
    buf_init(&body, RESPONSE_BYTES_MAX);
    json_writer_init(&w, &body);
    response_object_write(&w, run, status, NULL);
    return field_keep_text(ret, &body, arena, err);
}

void response_run_drop(struct response_run *run)
{
    if (run->call.on_close) run->call.on_close(&run->call); /* Cancels what the fan has asked. */
    response_calls_cancel(run);
    release(run);
}

int response_run_cancel(struct response_run *run, struct slice *ret_body, struct arena *arena,
                        struct err *err)
{
    int rc = write_body(ret_body, run, "cancelled", arena, err);
    response_run_drop(run);
    return rc;
}

struct call_stats response_run_stats(const struct response_run *run)
{
    struct response_usage usage = response_usage(run);
    struct call_stats stats = run->call.stats;
    stats.prompt_tokens = (uint32_t)usage.input_tokens;
    stats.cached_tokens = (uint32_t)usage.cached_tokens;
    stats.completion_tokens = (uint32_t)usage.output_tokens;
    stats.reasoning_tokens = (uint32_t)usage.reasoning_tokens;
    return stats;
}

int response_run_body(struct slice *ret, const struct response_run *run, struct arena *arena,
                      struct err *err)
{
    return write_body(ret, run, NULL, arena, err);
}

int response_run_input(json_t **ret, const struct response_run *run, struct err *err)
{
    return response_items_shown(ret, run->input, run->o.id, err);
}
