/* fake - a call and a backend without HTTP or workers, that write down what happens.
 *
 * Everything an endpoint does appears as a line in `trace`: submit, cancel, header, reply, begin,
 * event, end. What the worker says comes from fake_events.h.
 */
#ifndef TIRO_TESTS_FAKE_H
#define TIRO_TESTS_FAKE_H

#include "api/backend.h"
#include "api/endpoint.h"
#include "base/json.h"
#include "base/seam.h"

#include <assert.h>
#include <stdlib.h>

enum { FAKE_HANDLES_MAX = 64, FAKE_TRACE_MAX = 1 << 20 };

struct backend_handle {
    const struct backend_events *events;
    void *user;
    bool live;
};

struct fake {
    struct backend backend; /* first */
    struct call call;
    struct arena arena;
    struct buf trace;
    struct backend_handle handles[FAKE_HANDLES_MAX];
    size_t n_handles;
    bool over; /* the call has been answered, or closed */
};

static const struct backend_model fake_models[] = {
    { .id = "fresh", .owned_by = "tiro", .created = 1690000000, .state = BACKEND_MODEL_IDLE },
    { .id = "fim",
      .created = 1690000001,
      .fingerprint = "fp_f1",
      .state = BACKEND_MODEL_READY,
      .capabilities = CAP_CHAT | CAP_COMPLETION | CAP_FIM | CAP_LOGPROBS,
      .n_ctx = 4096,
      .n_vocab = 151936,
      .arch = "qwen2" },
    { .id = "org/model:tag",
      .owned_by = "org",
      .created = 1690000002,
      .state = BACKEND_MODEL_FAILED,
      .capabilities = CAP_COMPLETION,
      .problem = "the file is cut" },
    { .id = "small",
      .created = 1690000003,
      .fingerprint = "fp_5a",
      .state = BACKEND_MODEL_READY,
      .capabilities = CAP_CHAT | CAP_COMPLETION | CAP_LOGPROBS,
      .n_ctx = 2048,
      .n_vocab = 49152,
      .n_embd = 576,
      .arch = "llama",
      .bytes = 98000000,
      .is_default = true },
    { .id = "vectors",
      .created = 1690000004,
      .state = BACKEND_MODEL_READY,
      .capabilities = CAP_EMBEDDINGS,
      .n_ctx = 512,
      .n_vocab = 30522,
      .n_embd = 4,
      .arch = "bert" },
};

static struct fake *fake_of(struct backend *backend)
{
    return (struct fake *)backend;
}

static void fake_str(struct json_writer *w, const char *key, struct slice s)
{
    if (s.len == 0) return;
    json_key(w, key);
    json_slice(w, s);
}

static void fake_num(struct json_writer *w, const char *key, double value, double usual)
{
    if (value == usual) return;
    json_key(w, key);
    json_double(w, value);
}

static void fake_write_messages(struct json_writer *w, const struct msg_request *m)
{
    if (m->n_messages == 0) return;
    json_key(w, "messages");
    json_array_begin(w);
    for (uint32_t i = 0; i < m->n_messages; i++) {
        const struct msg_chat *chat = &m->messages[i];
        json_object_begin(w);
        fake_str(w, "role", chat->role);
        fake_str(w, "name", chat->name);
        json_key(w, "parts");
        json_array_begin(w);
        for (uint32_t j = 0; j < chat->n_parts; j++) {
            if (chat->parts[j].kind != PART_TEXT) json_uint(w, chat->parts[j].kind);
            json_slice(w, chat->parts[j].text);
        }
        json_array_end(w);
        fake_num(w, "tool_calls", chat->n_tool_calls, 0);
        json_object_end(w);
    }
    json_array_end(w);
}

static void fake_write_sampling(struct json_writer *w, const struct msg_sampling *s)
{
    fake_num(w, "temperature", s->temperature, 1);
    fake_num(w, "top_p", s->top_p, 1);
    fake_num(w, "top_k", s->top_k, 0);
    fake_num(w, "min_p", s->min_p, 0);
    fake_num(w, "typical_p", s->typical_p, 1);
    fake_num(w, "repetition_penalty", s->repetition_penalty, 1);
    fake_num(w, "frequency_penalty", s->frequency_penalty, 0);
    fake_num(w, "presence_penalty", s->presence_penalty, 0);
    if (s->has_seed) {
        json_key(w, "seed");
        json_uint(w, s->seed);
    }
    for (uint32_t i = 0; i < s->n_logit_bias; i++) {
        char key[32];
        (void)snprintf(key, sizeof key, "bias_%u", s->logit_bias[i].token);
        fake_num(w, key, (double)s->logit_bias[i].bias, -1000);
    }
}

/* What differs from a request of zeros. */
static void fake_write_request(struct json_writer *w, const struct msg_request *m)
{
    static const char *const kinds[] = { "chat", "prompt", "embed", "tokenize", "score" };
    json_object_begin(w);
    json_key(w, "kind");
    json_str(w, kinds[m->kind]);
    fake_str(w, "tenant", m->principal.tenant);
    fake_write_messages(w, m);
    if (m->kind != REQUEST_CHAT && m->n_tokens == 0) {
        json_key(w, "prompt");
        json_slice(w, m->prompt);
    }
    if (m->n_tokens) {
        json_key(w, "tokens");
        json_array_begin(w);
        for (uint32_t i = 0; i < m->n_tokens; i++) json_uint(w, m->tokens[i]);
        json_array_end(w);
    }
    if (m->has_suffix) {
        json_key(w, "suffix");
        json_slice(w, m->suffix);
    }
    fake_num(w, "echo", m->echo, 0);
    fake_num(w, "n", m->n, 1);
    fake_num(w, "best_of", m->best_of, 0);
    fake_write_sampling(w, &m->sampling);
    fake_num(w, "max_tokens", m->has_max_tokens ? m->max_tokens : -1.0, -1);
    for (uint32_t i = 0; i < m->n_stop; i++) fake_str(w, "stop", m->stop[i]);
    fake_num(w, "logprobs", m->logprobs ? m->top_logprobs : -1.0, -1);
    fake_num(w, "dimensions", m->dimensions, 0);
    json_object_end(w);
}

static size_t fake_backend_models(struct backend *backend, const struct backend_model **ret)
{
    (void)backend;
    *ret = fake_models;
    return sizeof fake_models / sizeof *fake_models;
}

static int fake_submit(struct backend *backend, struct backend_handle **ret, const char *id,
                       const struct msg_request *request, const struct backend_events *events,
                       void *user, struct err *err)
{
    struct fake *f = fake_of(backend);
    if (strcmp(id, "org/model:tag") == 0) return err_set(err, ERR_NOT_READY, "the file is cut");
    assert(f->n_handles < FAKE_HANDLES_MAX);
    struct backend_handle *handle = &f->handles[f->n_handles];
    *handle = (struct backend_handle){ .events = events, .user = user, .live = true };
    buf_printf(&f->trace, "submit %zu %s ", f->n_handles++, id);
    struct json_writer w;
    json_writer_init(&w, &f->trace);
    fake_write_request(&w, request);
    buf_add_char(&f->trace, '\n');
    *ret = handle;
    return 0;
}

static void fake_cancel(struct backend *backend, struct backend_handle *handle)
{
    struct fake *f = fake_of(backend);
    assert(handle->live);
    handle->live = false;
    buf_printf(&f->trace, "cancel %td\n", handle - f->handles);
}

static const struct backend_ops fake_backend_ops = {
    .models = fake_backend_models,
    .submit = fake_submit,
    .cancel = fake_cancel,
};

static void fake_header(struct call *call, const char *name, const char *value)
{
    struct fake *f = call->gateway;
    assert(!f->over);
    buf_printf(&f->trace, "header %s: %s\n", name, value);
}

static void fake_reply(struct call *call, int status, const char *content_type, struct slice body)
{
    struct fake *f = call->gateway;
    assert(!f->over);
    f->over = true;
    (void)content_type;
    buf_printf(&f->trace, "reply %d ", status);
    buf_add_slice(&f->trace, body);
    buf_add_char(&f->trace, '\n');
}

static void fake_stream_begin(struct call *call)
{
    struct fake *f = call->gateway;
    assert(!f->over);
    buf_add_str(&f->trace, "begin\n");
}

/* One line for each event. */
static void fake_stream_send(struct call *call, struct slice events)
{
    struct fake *f = call->gateway;
    assert(!f->over && slice_ends(events, SLICE("\n\n")));
    while (events.len) {
        size_t end = slice_find(events, SLICE("\n\n"));
        buf_add_str(&f->trace, "event ");
        buf_add(&f->trace, events.ptr, end);
        buf_add_char(&f->trace, '\n');
        events.ptr += end + 2;
        events.len -= end + 2;
    }
}

static void fake_stream_end(struct call *call)
{
    struct fake *f = call->gateway;
    assert(!f->over);
    f->over = true;
    buf_add_str(&f->trace, "end\n");
}

static const struct call_ops fake_call_ops = {
    .header = fake_header,
    .reply = fake_reply,
    .stream_begin = fake_stream_begin,
    .stream_send = fake_stream_send,
    .stream_end = fake_stream_end,
};

static void fake_init(struct fake *f)
{
    *f = (struct fake){ .backend = { .ops = &fake_backend_ops } };
    arena_init(&f->arena, 16 << 20);
    buf_init(&f->trace, FAKE_TRACE_MAX);
}

static void fake_release(struct fake *f)
{
    if (!f->over && f->call.on_close) f->call.on_close(&f->call);
    arena_release(&f->arena);
    buf_release(&f->trace);
}

static void fake_request(struct fake *f, const char *method, const char *path, struct slice body)
{
    const struct endpoint *ep;
    struct err err = { 0 };
    f->call = (struct call){
        .ops = &fake_call_ops,
        .backend = &f->backend,
        .principal = { .tenant = SLICE("t1") },
        .request_id = "req_1",
        .arena = &f->arena,
        .method = slice_of(method),
        .path = slice_of(path),
        .content_type = SLICE("application/json; charset=utf-8"),
        .body = body,
        .gateway = f,
    };
    if (endpoint_find(&ep, f->call.method, f->call.path, &err) < 0)
        call_error(&f->call, &err, 0);
    else
        endpoint_run(ep, &f->call);
}

#endif
