/* What is told of a response: its events, in the published order. */
#include "api/response_state.h"

#include "base/seam.h"

#include <assert.h>
#include <stdio.h>

struct json_writer *response_event_begin(struct response_run *run, const char *type)
{
    struct json_writer *w = &run->w;
    buf_reset(&run->event);
    json_writer_init(w, &run->event);
    json_object_begin(w);
    json_key(w, "type");
    json_str(w, type);
    json_key(w, "sequence_number");
    json_uint(w, run->number);
    return w;
}

void response_event_end(struct response_run *run, const char *type)
{
    uint64_t number = run->number++;
    json_object_end(&run->w);
    if (run->event.failed) run->failed = true;
    /* Those before have been given; behind a hole there are none. */
    if (run->failed || number < run->o.events_from) return;
    run->o.events_from = number + 1;
    run->o.ops->event(run->o.user, number, type, buf_slice(&run->event));
}

void response_tell_state(struct response_run *run, const char *type, const char *status,
                         const struct err *error)
{
    struct json_writer *w = response_event_begin(run, type);
    json_key(w, "response");
    response_object_write(w, run, status, error);
    response_event_end(run, type);
}

void response_event_place(struct response_run *run, const char *item_id)
{
    struct json_writer *w = &run->w;
    json_key(w, "item_id");
    json_str(w, item_id);
    json_key(w, "output_index");
    json_uint(w, run->n_output);
}

/* ---- Items ---- */

/* What each kind is called in events; messages and thoughts have parts. */
static const struct item_words {
    const char *id_prefix, *delta, *done, *text;
    bool has_part;
} words[] = {
    [RESPONSE_ITEM_REASONING] = { "rs_", "response.reasoning_text.delta",
                                  "response.reasoning_text.done", "text", true },
    [RESPONSE_ITEM_MESSAGE] = { "msg_", "response.output_text.delta", "response.output_text.done",
                                "text", true },
    [RESPONSE_ITEM_FUNCTION] = { "fc_", "response.function_call_arguments.delta",
                                 "response.function_call_arguments.done", "arguments", false },
    [RESPONSE_ITEM_CUSTOM] = { "ctc_", "response.custom_tool_call_input.delta",
                               "response.custom_tool_call_input.done", "input", false },
};

/* An event about the item, up to what is its own. */
static struct json_writer *item_event(struct response_run *run, const char *type)
{
    struct json_writer *w = response_event_begin(run, type);
    response_event_place(run, run->item.id);
    if (words[run->item.kind].has_part) {
        json_key(w, "content_index");
        json_uint(w, 0);
    }
    return w;
}

static void tell_item(struct response_run *run, const char *type, const char *status, bool empty)
{
    struct json_writer *w = response_event_begin(run, type);
    json_key(w, "output_index");
    json_uint(w, run->n_output);
    json_key(w, "item");
    response_item_write(w, run, status, empty);
    response_event_end(run, type);
}

static void tell_part(struct response_run *run, const char *type, bool empty)
{
    struct json_writer *w = item_event(run, type);
    json_key(w, "part");
    response_part_write(w, &run->item, empty);
    response_event_end(run, type);
}

void response_item_begin(struct response_run *run, enum response_item_kind kind, struct slice name)
{
    struct response_item *item = &run->item;
    assert(item->kind == RESPONSE_ITEM_NONE && kind != RESPONSE_ITEM_NONE);
    *item = (struct response_item){ .kind = kind, .name = name };
    response_id(item->id, words[kind].id_prefix, run->o.id, RESPONSE_ID_OUTPUT, run->n_output);
    response_id(item->call_id, "call_", run->o.id, RESPONSE_ID_CALL, run->n_output);
    buf_init(&item->text, RESPONSE_BYTES_MAX);
    buf_init(&item->logprobs, RESPONSE_BYTES_MAX);
    tell_item(run, "response.output_item.added", "in_progress", true);
    if (words[kind].has_part) tell_part(run, "response.content_part.added", true);
}

/* With the bytes of each token in the item, without them in the events: as published. */
static void write_logprobs(struct json_writer *w, const struct msg_logprob *entries, uint32_t n)
{
    json_key(w, "logprobs");
    json_array_begin(w);
    for (uint32_t i = 0; i < n; i++) reply_write_chat_logprob(w, &entries[i]);
    json_array_end(w);
}

static void keep_logprobs(struct response_item *item, const struct msg_logprob *entries, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct json_writer w;
        if (item->logprobs.len) buf_add_char(&item->logprobs, ',');
        json_writer_init(&w, &item->logprobs);
        reply_write_chat_logprob(&w, &entries[i]);
    }
}

void response_item_text(struct response_run *run, struct slice text,
                        const struct msg_logprob *logprobs, uint32_t n_logprobs)
{
    struct response_item *item = &run->item;
    const char *type = words[item->kind].delta;
    buf_add_slice(&item->text, text);
    keep_logprobs(item, logprobs, n_logprobs);
    struct json_writer *w = item_event(run, type);
    json_key(w, "delta");
    json_slice(w, text);
    if (item->kind == RESPONSE_ITEM_MESSAGE) write_logprobs(w, logprobs, n_logprobs);
    response_event_end(run, type);
}

static void tell_text(struct response_run *run)
{
    const struct response_item *item = &run->item;
    const char *type = words[item->kind].done;
    struct json_writer *w = item_event(run, type);
    json_key(w, words[item->kind].text);
    json_slice(w, buf_slice(&item->text));
    if (item->kind == RESPONSE_ITEM_MESSAGE) {
        json_key(w, "logprobs");
        json_array_begin(w);
        if (item->logprobs.len) json_raw(w, buf_slice(&item->logprobs));
        json_array_end(w);
    }
    if (item->kind == RESPONSE_ITEM_FUNCTION) {
        json_key(w, "name");
        json_slice(w, item->name);
    }
    response_event_end(run, type);
}

static void tell_annotations(struct response_run *run)
{
    static const char type[] = "response.output_text.annotation.added";
    for (size_t i = 0; i < json_array_size(run->item.annotations); i++) {
        struct json_writer *w = item_event(run, type);
        json_key(w, "annotation_index");
        json_uint(w, i);
        json_key(w, "annotation");
        json_value(w, json_array_get(run->item.annotations, i));
        response_event_end(run, type);
    }
}

void response_output_begin(struct response_run *run, struct json_writer *w)
{
    if (run->n_output) buf_add_char(&run->output, ',');
    json_writer_init(w, &run->output);
}

void response_item_end(struct response_run *run, bool whole)
{
    struct response_item *item = &run->item;
    struct json_writer w;
    struct err err;
    const char *status = whole ? "completed" : "incomplete";
    if (item->kind == RESPONSE_ITEM_NONE) return;
    if (response_calls_annotate(run, &err) < 0) run->failed = true;
    if (item->text.failed || item->logprobs.failed) run->failed = true;
    tell_annotations(run);
    tell_text(run);
    if (words[item->kind].has_part) tell_part(run, "response.content_part.done", false);
    tell_item(run, "response.output_item.done", status, false);
    response_output_begin(run, &w);
    response_item_write(&w, run, status, false);
    run->n_output++;
    response_item_forget(run);
}

void response_item_forget(struct response_run *run)
{
    buf_release(&run->item.text);
    buf_release(&run->item.logprobs);
    json_decref(run->item.annotations);
    run->item = (struct response_item){ 0 };
}
