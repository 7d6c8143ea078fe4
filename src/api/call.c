#include "api/call.h"

#include "base/buf.h"
#include "base/json.h"

#include <stdio.h>

enum {
    ERROR_BODY_MAX = 8192,       /* an error's text and param, escaped */
    RETRY_AFTER_MS_MAX = 120000, /* official clients do not retry at all after a longer one */
};

void error_write_json(struct buf *out, const struct err *err)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_key(&w, "error");
    json_object_begin(&w);
    json_key(&w, "message");
    json_str(&w, err->text);
    json_key(&w, "type");
    json_str(&w, err_api_type(err->code));
    json_key(&w, "param");
    json_str(&w, err->param[0] ? err->param : NULL);
    json_key(&w, "code");
    json_str(&w, err_api_code(err->code));
    json_object_end(&w);
    json_object_end(&w);
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
    if (status == 429 || status == 503) add_retry_after(call, retry_after_ms);
    struct buf body;
    buf_init(&body, ERROR_BODY_MAX);
    error_write_json(&body, err);
    struct slice text = buf_slice(&body);
    if (body.failed) {
        status = err_http_status(ERR_NO_MEMORY);
        text = SLICE("{\"error\":{\"message\":\"out of memory\",\"type\":\"server_error\","
                     "\"param\":null,\"code\":\"out_of_memory\"}}");
    }
    call->ops->reply(call, status, "application/json", text);
    buf_release(&body);
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
