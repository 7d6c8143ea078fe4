/* fake - a call and a backend without HTTP or workers, that write down what happens.
 *
 * Everything an endpoint does appears as a line in `trace`: submit, cancel, header, reply, begin,
 * event, end. What the worker says comes from fake_events.h.
 */
#ifndef TIRO_TESTS_FAKE_H
#define TIRO_TESTS_FAKE_H

#include "unit/api/fake_request.h"

#include "api/backend.h"
#include "api/endpoint.h"
#include "api/service.h"
#include "base/json.h"
#include "base/seam.h"

#include <assert.h>
#include <stdlib.h>

enum { FAKE_HANDLES_MAX = 512, FAKE_TRACE_MAX = 2 << 20 };

struct backend_handle {
    const struct backend_events *events;
    void *user;
    bool live;
};

struct fake {
    struct backend backend; /* first */
    struct service own;     /* without a store */
    struct call call;
    struct arena arena;
    struct buf trace;
    struct backend_handle handles[FAKE_HANDLES_MAX];
    size_t n_handles;
    bool over; /* the call has been answered, or closed */
    /* Set after fake_init, where wanted (fake_store.h). */
    struct service *service;
    struct caller caller;
    struct principal principal;
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
      .n_parameters = 134515008,
      .quantisation = "Q4_1",
      .sha256 = "b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1",
      .prefill_tokens_per_s = 620.5,
      .decode_tokens_per_s = 88,
      .is_default = true },
    { .id = "thinker",
      .created = 1690000005,
      .fingerprint = "fp_7b",
      .state = BACKEND_MODEL_READY,
      .capabilities = CAP_CHAT | CAP_COMPLETION | CAP_LOGPROBS | CAP_TOOLS | CAP_THINKING,
      .n_ctx = 4096,
      .n_vocab = 151936,
      .arch = "qwen3" },
    { .id = "tools",
      .created = 1690000006,
      .fingerprint = "fp_70",
      .state = BACKEND_MODEL_READY,
      .capabilities = CAP_CHAT | CAP_COMPLETION | CAP_LOGPROBS | CAP_TOOLS,
      .n_ctx = 4096,
      .n_vocab = 151936,
      .arch = "qwen2" },
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

static int fake_remove(struct backend *backend, struct slice id, struct err *err)
{
    struct fake *f = fake_of(backend);
    if (slice_find(id, SLICE(":")) == id.len)
        return err_set(err, ERR_PERMISSION, "`%.*s` is no adapter", SLICE_FMT(id));
    buf_printf(&f->trace, "remove %.*s\n", SLICE_FMT(id));
    return 0;
}

static const struct backend_ops fake_backend_ops = {
    .models = fake_backend_models,
    .submit = fake_submit,
    .cancel = fake_cancel,
    .remove = fake_remove,
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

static void fake_reply_file(struct call *call, const char *content_type, int fd, uint64_t bytes)
{
    (void)bytes;
    (void)seams.close(fd);
    fake_reply(call, 200, content_type, SLICE("(a file)"));
}

static void fake_stream_begin(struct call *call)
{
    struct fake *f = call->gateway;
    assert(!f->over);
    buf_add_str(&f->trace, "begin\n");
}

/* One line for each event; Anthropic's, of two lines, with a space between. */
static void fake_stream_send(struct call *call, struct slice events)
{
    struct fake *f = call->gateway;
    assert(!f->over && slice_ends(events, SLICE("\n\n")));
    while (events.len) {
        size_t end = slice_find(events, SLICE("\n\n"));
        buf_add_str(&f->trace, "event ");
        for (size_t i = 0; i < end; i++)
            buf_add_char(&f->trace, events.ptr[i] == '\n' ? ' ' : events.ptr[i]);
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

static void fake_settle(struct call *call)
{
    struct fake *f = call->gateway;
    assert(!f->over);
    buf_add_str(&f->trace, "settle\n");
}

static const struct call_ops fake_call_ops = {
    .header = fake_header,
    .reply = fake_reply,
    .reply_file = fake_reply_file,
    .stream_begin = fake_stream_begin,
    .stream_send = fake_stream_send,
    .stream_end = fake_stream_end,
    .settle = fake_settle,
};

static void fake_init(struct fake *f)
{
    *f = (struct fake){ .backend = { .ops = &fake_backend_ops },
                        .principal = { .tenant = SLICE("t1") },
                        .caller = { .by = CALLER_LOCAL, .owner = true } };
    f->own.backend = &f->backend;
    f->service = &f->own;
    arena_init(&f->arena, 16 << 20);
    buf_init(&f->trace, FAKE_TRACE_MAX);
}

static inline void fake_release(struct fake *f)
{
    if (!f->over && f->call.on_close) f->call.on_close(&f->call);
    arena_release(&f->arena);
    buf_release(&f->trace);
}

__attribute__((unused)) static void fake_request(struct fake *f, const char *method,
                                                 const char *path, struct slice body)
{
    const struct endpoint *ep;
    struct err err = { 0 };
    size_t query = strcspn(path, "?");
    f->call = (struct call){
        .ops = &fake_call_ops,
        .backend = &f->backend,
        .service = f->service,
        .principal = f->principal,
        .caller = f->caller,
        .request_id = "req_1",
        .arena = &f->arena,
        .method = slice_of(method),
        .path = { path, query },
        .query = path[query] ? slice_of(path + query + 1) : (struct slice){ 0 },
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
