/* fake_events - what a worker says, from JSON: {"token": {"choice": 0, "text": "Hi"}}, with "h" for
 * the number of the submitted request (0 when left out); also {"flush":{}}, {"restart":{}} and,
 * for a client that goes away, {"close":{}}.
 */
#ifndef TIRO_TESTS_FAKE_EVENTS_H
#define TIRO_TESTS_FAKE_EVENTS_H

#include "unit/api/fake.h"

#include <math.h>

enum { FAKE_ENTRIES_MAX = 8 };

static struct slice fake_get_str(const json_t *o, const char *key)
{
    const json_t *s = json_object_get(o, key);
    return (struct slice){ .ptr = json_string_value(s), .len = json_string_length(s) };
}

static uint32_t fake_get_u32(const json_t *o, const char *key)
{
    return (uint32_t)json_integer_value(json_object_get(o, key));
}

/* "bytes", or "hex" for those that are not UTF-8. */
static struct slice fake_get_bytes(const json_t *o, char out[16])
{
    struct slice hex = fake_get_str(o, "hex");
    if (!hex.ptr) return fake_get_str(o, "bytes");
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        char digits[3] = { hex.ptr[i], hex.ptr[i + 1], '\0' };
        out[i / 2] = (char)strtol(digits, NULL, 16);
    }
    return (struct slice){ .ptr = out, .len = hex.len / 2 };
}

struct fake_entries {
    struct msg_logprob entries[FAKE_ENTRIES_MAX];
    struct msg_top_logprob tops[FAKE_ENTRIES_MAX][FAKE_ENTRIES_MAX];
    char bytes[FAKE_ENTRIES_MAX][16], top_bytes[FAKE_ENTRIES_MAX][FAKE_ENTRIES_MAX][16];
};

static uint32_t fake_entries(struct fake_entries *ret, const json_t *event)
{
    const json_t *list = json_object_get(event, "logprobs");
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n; i++) {
        const json_t *o = json_array_get(list, i);
        const json_t *tops = json_object_get(o, "top");
        const json_t *logprob = json_object_get(o, "logprob");
        ret->entries[i] = (struct msg_logprob){
            .bytes = fake_get_bytes(o, ret->bytes[i]),
            .logprob = logprob ? (float)json_number_value(logprob) : -(float)INFINITY,
            .none = json_is_true(json_object_get(o, "none")),
            .top = ret->tops[i],
            .n_top = (uint32_t)json_array_size(tops),
        };
        for (size_t j = 0; j < json_array_size(tops); j++) {
            const json_t *top = json_array_get(tops, j);
            ret->tops[i][j] = (struct msg_top_logprob){
                .bytes = fake_get_bytes(top, ret->top_bytes[i][j]),
                .logprob = (float)json_number_value(json_object_get(top, "logprob")),
            };
        }
    }
    return (uint32_t)n;
}

static void fake_event_token(struct backend_handle *handle, const json_t *body)
{
    struct fake_entries entries;
    uint32_t n = fake_entries(&entries, body);
    struct msg_token m = { .choice = fake_get_u32(body, "choice"),
                           .reasoning = json_is_true(json_object_get(body, "reasoning")),
                           .text = fake_get_str(body, "text"),
                           .n_tokens = fake_get_u32(body, "n_tokens"),
                           .logprobs = n ? entries.entries : NULL,
                           .n_logprobs = n };
    handle->events->token(handle->user, &m);
}

static void fake_event_score(struct backend_handle *handle, const json_t *body)
{
    struct fake_entries entries;
    uint32_t n = fake_entries(&entries, body);
    struct msg_score m = { .text = fake_get_str(body, "text"),
                           .logprobs = entries.entries,
                           .n_logprobs = n };
    handle->events->score(handle->user, &m);
}

static void fake_event_tool(struct backend_handle *handle, const json_t *body)
{
    struct msg_tool_delta m = {
        .choice = fake_get_u32(body, "choice"),
        .index = fake_get_u32(body, "index"),
        .call_id = fake_get_str(body, "call_id"),
        .name = fake_get_str(body, "name"),
        .arguments = fake_get_str(body, "arguments"),
    };
    if (handle->events->tool) handle->events->tool(handle->user, &m);
}

static void fake_event_encoded(struct backend_handle *handle, const json_t *body)
{
    struct msg_tokens m = { .n_tokens = fake_get_u32(body, "n") };
    handle->live = false;
    handle->events->encoded(handle->user, &m);
}

static void fake_event_done(struct backend_handle *handle, const json_t *body)
{
    static const char *const reasons[] = { "stop", "length", "tool_calls", "content_filter" };
    struct msg_done m = {
        .choice = fake_get_u32(body, "choice"),
        .prompt_tokens = fake_get_u32(body, "prompt"),
        .cached_tokens = fake_get_u32(body, "cached"),
        .completion_tokens = fake_get_u32(body, "completion"),
        .logprob = json_number_value(json_object_get(body, "logprob")),
        .stop = fake_get_str(body, "stop"),
        .final = json_is_true(json_object_get(body, "final")),
    };
    for (uint32_t i = 0; i < 4; i++)
        if (slice_is(fake_get_str(body, "reason"), reasons[i])) m.finish_reason = i;
    handle->live = !m.final;
    handle->events->done(handle->user, &m);
}

static void fake_event_embedding(struct backend_handle *handle, const json_t *body)
{
    float floats[FAKE_ENTRIES_MAX];
    const json_t *list = json_object_get(body, "floats");
    struct msg_embedding m = { .prompt_tokens = fake_get_u32(body, "prompt"),
                               .floats = floats,
                               .n_floats = (uint32_t)json_array_size(list) };
    for (uint32_t i = 0; i < m.n_floats; i++)
        floats[i] = (float)json_number_value(json_array_get(list, i));
    handle->live = false;
    handle->events->embedding(handle->user, &m);
}

static void fake_event_error(struct backend_handle *handle, const json_t *body)
{
    struct err err = { .code = (enum err_code)ERR_INTERNAL };
    struct slice name = fake_get_str(body, "code"), text = fake_get_str(body, "text");
    struct slice param = fake_get_str(body, "param");
    for (int code = 1; code < ERR_COUNT; code++)
        if (slice_is(name, err_name((enum err_code)code))) err.code = (enum err_code)code;
    (void)snprintf(err.text, sizeof err.text, "%.*s", SLICE_FMT(text));
    (void)snprintf(err.param, sizeof err.param, "%.*s", SLICE_FMT(param));
    handle->live = false;
    handle->events->error(handle->user, &err, fake_get_u32(body, "retry_ms"));
}

static void fake_event(struct fake *f, const json_t *event)
{
    const char *kind = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)event));
    const json_t *body = json_object_get(event, kind);
    struct slice k = slice_of(kind);
    if (slice_is(k, "close")) {
        f->over = true;
        if (f->call.on_close) f->call.on_close(&f->call);
        return;
    }
    struct backend_handle *handle = &f->handles[fake_get_u32(body, "h")];
    assert(handle->live && !f->over);
    if (slice_is(k, "counted")) {
        struct msg_counted m = { .prompt_tokens = fake_get_u32(body, "prompt"),
                                 .cached_tokens = fake_get_u32(body, "cached") };
        handle->events->counted(handle->user, &m);
    } else if (slice_is(k, "token")) {
        fake_event_token(handle, body);
    } else if (slice_is(k, "score")) {
        fake_event_score(handle, body);
    } else if (slice_is(k, "tool")) {
        fake_event_tool(handle, body);
    } else if (slice_is(k, "encoded")) {
        fake_event_encoded(handle, body);
    } else if (slice_is(k, "done")) {
        fake_event_done(handle, body);
    } else if (slice_is(k, "embedding")) {
        fake_event_embedding(handle, body);
    } else if (slice_is(k, "error")) {
        fake_event_error(handle, body);
    } else if (slice_is(k, "restart")) {
        buf_printf(&f->trace, "restart %d\n", handle->events->restart(handle->user));
    } else {
        assert(slice_is(k, "flush"));
        handle->events->flush(handle->user);
    }
}

#endif
