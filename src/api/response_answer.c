/* The Response object: what it repeats of the request, and how it stands. All keys are always
 * there, null when there is nothing to say, as on OpenAI's wire. */
#include "api/response_state.h"

#include "base/seam.h"

#include <stdio.h>

/* ---- What it repeats of the request ---- */

static void write_or_null(struct json_writer *w, const char *key, const struct field_string *s)
{
    json_key(w, key);
    if (s->given)
        json_slice(w, s->value);
    else
        json_null_value(w);
}

static void write_count_or_null(struct json_writer *w, const char *key, const struct field_int *n)
{
    json_key(w, key);
    if (n->given)
        json_int(w, n->value);
    else
        json_null_value(w);
}

static void write_format(struct json_writer *w, const struct response_format_flat_req *format)
{
    static const char *const types[] = { "text", "json_object", "json_schema" };
    json_object_begin(w);
    json_key(w, "type");
    json_str(w, types[format ? format->type.value : 0]);
    if (format && format->schema.given) {
        json_key(w, "name");
        json_slice(w, format->name.value);
        if (format->description.given) write_or_null(w, "description", &format->description);
        json_key(w, "schema");
        json_value(w, format->schema.value);
        json_key(w, "strict");
        json_bool(w, format->strict.value);
    }
    json_object_end(w);
}

static void write_text(struct json_writer *w, const struct response_text_req *text)
{
    json_key(w, "text");
    json_object_begin(w);
    json_key(w, "format");
    write_format(w, text ? text->format.value : NULL);
    json_key(w, "verbosity");
    json_str(w, "medium");
    json_object_end(w);
}

static void write_reasoning(struct json_writer *w, const struct response_reasoning_req *reasoning)
{
    bool given = reasoning && reasoning->effort.given;
    json_key(w, "reasoning");
    json_object_begin(w);
    json_key(w, "effort");
    json_str(w, given ? response_efforts[reasoning->effort.value] : NULL);
    json_key(w, "summary");
    json_null_value(w); /* There is none. */
    json_object_end(w);
}

/* As sent; what is published as required but may be left out is there. */
static void write_tool(struct json_writer *w, const json_t *tool)
{
    json_t *all = (json_t *)(uintptr_t)tool; /* Only read. */
    const char *type = json_string_value(json_object_get(tool, "type"));
    bool function = type && strcmp(type, "function") == 0;
    json_object_begin(w);
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        const char *key = json_object_iter_key(it);
        if (strcmp(key, "strict") == 0 && json_is_null(json_object_iter_value(it))) continue;
        json_key(w, key);
        json_value(w, json_object_iter_value(it));
    }
    if (function && !json_object_get(tool, "parameters")) {
        json_key(w, "parameters");
        json_null_value(w);
    }
    if (function && !json_is_boolean(json_object_get(tool, "strict"))) {
        json_key(w, "strict");
        json_bool(w, false);
    }
    json_object_end(w);
}

static void write_tools(struct json_writer *w, const struct response_prompt_req *prompt)
{
    json_key(w, "tools");
    json_array_begin(w);
    for (size_t i = 0; i < json_array_size(prompt->tools.value); i++)
        write_tool(w, json_array_get(prompt->tools.value, i));
    json_array_end(w);
    json_key(w, "tool_choice");
    if (prompt->tool_choice.given)
        json_value(w, prompt->tool_choice.value);
    else
        json_str(w, "auto");
    json_key(w, "parallel_tool_calls");
    json_bool(w, prompt->parallel_tool_calls.value);
}

static void write_conversation(struct json_writer *w, const json_t *conversation)
{
    const json_t *id = json_is_object(conversation) ? json_object_get(conversation, "id")
                                                    : conversation;
    json_key(w, "conversation");
    if (!json_is_string(id)) {
        json_null_value(w);
        return;
    }
    json_object_begin(w);
    json_key(w, "id");
    json_value(w, id);
    json_object_end(w);
}

static void write_labels(struct json_writer *w, const struct response_req *req)
{
    static const char *const retentions[] = { "in_memory", "24h" };
    json_key(w, "metadata");
    if (req->metadata.given) {
        json_value(w, req->metadata.value);
    } else {
        json_object_begin(w);
        json_object_end(w);
    }
    write_or_null(w, "safety_identifier", &req->safety_identifier);
    write_or_null(w, "prompt_cache_key", &req->prompt_cache_key);
    json_key(w, "prompt_cache_retention");
    json_str(w, req->prompt_cache_retention.given ? retentions[req->prompt_cache_retention.value]
                                                  : NULL);
    json_key(w, "service_tier");
    json_str(w, "default");
    write_or_null(w, "user", &req->generation.user);
}

static void write_echo(struct json_writer *w, const struct response_run *run,
                       const struct response_req *req)
{
    const struct response_prompt_req *prompt = &req->prompt;
    json_key(w, "background");
    json_bool(w, run->background);
    write_conversation(w, prompt->conversation.value);
    write_or_null(w, "instructions", &prompt->instructions);
    write_count_or_null(w, "max_output_tokens", &req->max_output_tokens);
    write_count_or_null(w, "max_tool_calls", &req->max_tool_calls);
    json_key(w, "model");
    json_str(w, run->model);
    write_or_null(w, "previous_response_id", &prompt->previous_response_id);
    write_reasoning(w, prompt->reasoning.value);
    json_key(w, "store");
    json_bool(w, run->o.stored);
    json_key(w, "temperature");
    json_double(w, req->generation.temperature.value);
    write_text(w, prompt->text.value);
    write_tools(w, prompt);
    json_key(w, "top_logprobs");
    json_int(w, req->top_logprobs.value);
    json_key(w, "top_p");
    json_double(w, req->generation.top_p.value);
    json_key(w, "truncation");
    json_str(w, prompt->truncation.value == TRUNCATION_AUTO ? "auto" : "disabled");
    write_labels(w, req);
}

int response_echo(struct slice *ret, const struct response_run *run, const struct response_req *req,
                  struct err *err)
{
    struct buf text;
    struct json_writer w;
    struct arena *arena = (struct arena *)(uintptr_t)&run->arena;
    buf_init(&text, FIELD_TEXT_MAX);
    json_writer_init(&w, &text);
    json_object_begin(&w);
    write_echo(&w, run, req);
    json_object_end(&w);
    TRY(field_keep_text(ret, &text, arena, err));
    *ret = (struct slice){ ret->ptr + 1, ret->len - 2 }; /* The members. */
    return 0;
}

/* ---- Items ---- */

static void write_type(struct json_writer *w, const char *type)
{
    json_key(w, "type");
    json_str(w, type);
}

void response_part_write(struct json_writer *w, const struct response_item *item, bool empty)
{
    bool thoughts = item->kind == RESPONSE_ITEM_REASONING;
    json_object_begin(w);
    write_type(w, thoughts ? "reasoning_text" : "output_text");
    json_member_slice(w, "text", empty ? (struct slice){ 0 } : buf_slice(&item->text));
    if (!thoughts) {
        json_key(w, "annotations");
        json_array_begin(w);
        for (size_t i = 0; !empty && i < json_array_size(item->annotations); i++)
            json_value(w, json_array_get(item->annotations, i));
        json_array_end(w);
        json_key(w, "logprobs");
        json_array_begin(w);
        if (!empty && item->logprobs.len) json_raw(w, buf_slice(&item->logprobs));
        json_array_end(w);
    }
    json_object_end(w);
}

static void write_content(struct json_writer *w, const struct response_item *item, bool empty)
{
    json_key(w, "content");
    json_array_begin(w);
    if (!empty) response_part_write(w, item, false);
    json_array_end(w);
}

static void write_called(struct json_writer *w, const struct response_item *item, bool empty)
{
    bool custom = item->kind == RESPONSE_ITEM_CUSTOM;
    json_key(w, "call_id");
    json_str(w, item->call_id);
    json_member_slice(w, "name", item->name);
    json_member_slice(w, custom ? "input" : "arguments",
                      empty ? (struct slice){ 0 } : buf_slice(&item->text));
}

void response_item_write(struct json_writer *w, const struct response_run *run, const char *status,
                         bool empty)
{
    static const char *const types[] = { NULL, "reasoning", "message", "function_call",
                                         "custom_tool_call" };
    const struct response_item *item = &run->item;
    json_object_begin(w);
    json_key(w, "id");
    json_str(w, item->id);
    write_type(w, types[item->kind]);
    json_key(w, "status");
    json_str(w, status);
    switch (item->kind) {
    case RESPONSE_ITEM_REASONING:
        json_key(w, "summary");
        json_array_begin(w);
        json_array_end(w);
        write_content(w, item, empty);
        json_key(w, "encrypted_content");
        json_null_value(w);
        break;
    case RESPONSE_ITEM_MESSAGE:
        json_key(w, "role");
        json_str(w, "assistant");
        write_content(w, item, empty);
        break;
    case RESPONSE_ITEM_FUNCTION:
    case RESPONSE_ITEM_CUSTOM: write_called(w, item, empty); break;
    case RESPONSE_ITEM_NONE: break;
    }
    json_object_end(w);
}

/* ---- The object ---- */

static void write_usage(struct json_writer *w, const struct response_run *run, bool ended)
{
    struct response_usage usage = response_usage(run);
    json_key(w, "usage");
    if (!ended) {
        json_null_value(w);
        return;
    }
    json_object_begin(w);
    json_member_uint(w, "input_tokens", usage.input_tokens);
    json_key(w, "input_tokens_details");
    json_object_begin(w);
    json_member_uint(w, "cached_tokens", usage.cached_tokens);
    json_member_uint(w, "cache_write_tokens", 0);
    json_object_end(w);
    json_member_uint(w, "output_tokens", usage.output_tokens);
    json_key(w, "output_tokens_details");
    json_object_begin(w);
    json_member_uint(w, "reasoning_tokens", usage.reasoning_tokens);
    json_object_end(w);
    json_member_uint(w, "total_tokens", usage.input_tokens + usage.output_tokens);
    json_object_end(w);
}

/* The codes are a published list. */
static const char *error_code(const struct err *err)
{
    if (err->code == ERR_RATE_LIMIT) return "rate_limit_exceeded";
    return err_is_callers(err->code) ? "invalid_prompt" : "server_error";
}

static void write_error(struct json_writer *w, const struct err *err)
{
    json_key(w, "error");
    if (!err) {
        json_null_value(w);
        return;
    }
    json_object_begin(w);
    json_key(w, "code");
    json_str(w, error_code(err));
    json_key(w, "message");
    json_str(w, err->text);
    json_object_end(w);
}

static void write_output(struct json_writer *w, const struct response_run *run, bool ended)
{
    json_key(w, "output");
    json_array_begin(w);
    if (run->output.len) json_raw(w, buf_slice(&run->output));
    if (run->item.kind) response_item_write(w, run, ended ? "incomplete" : "in_progress", false);
    json_array_end(w);
}

void response_object_write(struct json_writer *w, const struct response_run *run,
                           const char *status, const struct err *error)
{
    bool ended = status != NULL;
    json_object_begin(w);
    json_key(w, "id");
    json_slice(w, run->o.id);
    json_key(w, "object");
    json_str(w, "response");
    json_key(w, "created_at");
    json_int(w, run->o.created_at);
    json_key(w, "status");
    json_str(w, ended ? status : run->queued ? "queued" : "in_progress");
    json_key(w, "completed_at");
    if (ended && strcmp(status, "completed") == 0)
        json_uint(w, wall_ns() / 1000000000u);
    else
        json_null_value(w);
    write_error(w, error);
    json_key(w, "incomplete_details");
    if (ended && strcmp(status, "incomplete") == 0) {
        json_object_begin(w);
        json_key(w, "reason");
        json_str(w, run->finish_reason == FINISH_CONTENT_FILTER ? "content_filter"
                                                                : "max_output_tokens");
        json_object_end(w);
    } else {
        json_null_value(w);
    }
    write_output(w, run, ended);
    json_raw(w, run->echo);
    write_usage(w, run, ended);
    json_object_end(w);
}
