#include "api/call.h"

#include "base/buf.h"
#include "base/json.h"

#include <stdio.h>
#include <string.h>

enum {
    ERROR_BODY_MAX = 8192,       /* an error's text and param, escaped */
    RETRY_AFTER_MS_MAX = 120000, /* official clients do not retry at all after a longer one */
};

/* {"error":{"message","type","param","code"}}, all four always there. */
static void write_openai(struct json_writer *w, const struct err *err)
{
    json_object_begin(w);
    json_key(w, "error");
    json_object_begin(w);
    json_key(w, "message");
    json_str(w, err->text);
    json_key(w, "type");
    json_str(w, err_api_type(err->code));
    json_key(w, "param");
    json_str(w, err->param[0] ? err->param : NULL);
    json_key(w, "code");
    json_str(w, err_api_code(err->code));
    json_object_end(w);
    json_object_end(w);
}

static const char *anthropic_type(enum err_code code)
{
    switch (err_http_status(code)) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 408: return "timeout_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 503: return "overloaded_error";
    default: return err_is_callers(code) ? "invalid_request_error" : "api_error";
    }
}

/* "messages[0].role: why": there is no other field for the place. */
static void write_place_and_text(struct json_writer *w, const struct err *err)
{
    char text[ERR_PARAM_MAX + ERR_TEXT_MAX];
    bool named = !err->param[0] || strstr(err->text, err->param);
    int n = snprintf(text, sizeof text, "%s%s%s", named ? "" : err->param, named ? "" : ": ",
                     err->text); /* May lose two bytes of the longest. */
    json_slice(w, (struct slice){ text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1 });
}

/* {"type":"error","error":{"type","message"},"request_id"} */
static void write_anthropic(struct json_writer *w, const struct call *call, const struct err *err)
{
    json_object_begin(w);
    json_key(w, "type");
    json_str(w, "error");
    json_key(w, "error");
    json_object_begin(w);
    json_key(w, "type");
    json_str(w, anthropic_type(err->code));
    json_key(w, "message");
    write_place_and_text(w, err);
    json_object_end(w);
    json_key(w, "request_id");
    json_str(w, call->request_id);
    json_object_end(w);
}

/* An event: {"type":"error","code","message","param","sequence_number"} */
static void write_responses_event(struct json_writer *w, const struct call *call,
                                  const struct err *err)
{
    json_object_begin(w);
    json_key(w, "type");
    json_str(w, "error");
    json_key(w, "code");
    json_str(w, err_api_code(err->code));
    json_key(w, "message");
    json_str(w, err->text);
    json_key(w, "param");
    json_str(w, err->param[0] ? err->param : NULL);
    json_key(w, "sequence_number");
    json_uint(w, call->sequence);
    json_object_end(w);
}

static void write_error(struct buf *out, const struct call *call, const struct err *err)
{
    struct json_writer w;
    json_writer_init(&w, out);
    if (call->dialect == DIALECT_ANTHROPIC)
        write_anthropic(&w, call, err);
    else
        write_openai(&w, err);
}

/* For when there is no memory to write anything. */
static const char *no_memory(const struct call *call, bool streams)
{
    if (call->dialect == DIALECT_RESPONSES && streams)
        return "{\"type\":\"error\",\"code\":\"out_of_memory\",\"message\":\"out of memory\","
               "\"param\":null,\"sequence_number\":0}";
    return call->dialect == DIALECT_ANTHROPIC
               ? "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                 "\"message\":\"out of memory\"}}"
               : "{\"error\":{\"message\":\"out of memory\",\"type\":\"server_error\","
                 "\"param\":null,\"code\":\"out_of_memory\"}}";
}

static void add_retry_after(struct call *call, uint32_t retry_after_ms)
{
    uint32_t ms = retry_after_ms < 1000 ? 1000 : retry_after_ms;
    if (ms > RETRY_AFTER_MS_MAX) ms = RETRY_AFTER_MS_MAX;
    char text[16];
    (void)snprintf(text, sizeof text, "%u", (ms + 999) / 1000);
    call->ops->header(call, "retry-after", text);
    (void)snprintf(text, sizeof text, "%u", ms);
    call->ops->header(call, "retry-after-ms", text);
}

void call_error(struct call *call, const struct err *err, uint32_t retry_after_ms)
{
    int status = err_http_status(err->code);
    struct buf body;
    if (status == 429 || status == 503) add_retry_after(call, retry_after_ms);
    buf_init(&body, ERROR_BODY_MAX);
    write_error(&body, call, err);
    struct slice text = buf_slice(&body);
    if (body.failed) {
        status = err_http_status(ERR_NO_MEMORY);
        text = slice_of(no_memory(call, false));
    }
    call->ops->reply(call, status, "application/json", text);
    buf_release(&body);
}

void call_settle(struct call *call)
{
    if (call->ops->settle) call->ops->settle(call);
}

void call_send_error(struct call *call, const struct err *err)
{
    char last[256];
    const char *head = call->dialect == DIALECT_OPENAI ? "data: " : "event: error\ndata: ";
    struct buf event;
    struct json_writer w;
    buf_init(&event, ERROR_BODY_MAX);
    buf_add_str(&event, head);
    json_writer_init(&w, &event);
    if (call->dialect == DIALECT_RESPONSES)
        write_responses_event(&w, call, err);
    else
        write_error(&event, call, err);
    buf_add_str(&event, "\n\n");
    struct slice text = buf_slice(&event);
    if (event.failed) {
        (void)snprintf(last, sizeof last, "%s%s\n\n", head, no_memory(call, true)); /* Short. */
        text = slice_of(last);
    }
    call->stats.error_status = err_http_status(err->code);
    call_settle(call);
    call->ops->stream_send(call, text);
    buf_release(&event);
}

void call_json(struct call *call, const struct buf *json)
{
    struct err err = { 0 };
    if (!json->failed) {
        call->ops->reply(call, 200, "application/json", buf_slice(json));
        return;
    }
    /* Not ERR_LIMIT: that would blame the client. */
    (void)err_set(&err, ERR_NO_MEMORY, "There is no memory for the answer.");
    call_error(call, &err, 0);
}
