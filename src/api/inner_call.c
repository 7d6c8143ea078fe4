#include "api/inner_call.h"

#include "api/endpoint.h"
#include "api/reply.h"
#include "base/seam.h"

#include <assert.h>

enum { INNER_BYTES_MAX = 64 << 20 }; /* What its endpoint keeps. */

struct inner_call {
    struct call call;
    struct arena arena;
    struct buf answer; /* of an endpoint that answers before it returns */
    char request_id[INNER_REQUEST_ID_MAX];
    int status;
    uint32_t retry_after_ms;
    bool running, streams;       /* endpoint_run has not returned; it began a stream */
    struct service_timer *timer; /* to end that stream */
    void (*end)(void *user, const struct inner_answer *answer);
    void *user;
};

static struct inner_call *of(struct call *call)
{
    return call->gateway;
}

static void free_call(struct inner_call *c)
{
    arena_release(&c->arena);
    buf_release(&c->answer);
    mem_free(c);
}

static void end(struct inner_call *c, struct slice body)
{
    struct inner_answer answer = { .status = c->status,
                                   .body = body,
                                   .request_id = c->request_id,
                                   .retry_after_ms = c->retry_after_ms,
                                   .stats = c->call.stats };
    c->end(c->user, &answer);
    free_call(c);
}

/* ---- What the endpoint does ---- */

static void op_header(struct call *call, const char *name, const char *value)
{
    uint64_t ms;
    if (strcmp(name, "retry-after-ms") != 0 || !slice_to_u64(&ms, slice_of(value))) return;
    of(call)->retry_after_ms = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

static void op_reply(struct call *call, int status, const char *content_type, struct slice body)
{
    struct inner_call *c = of(call);
    (void)content_type;
    assert(!c->status);
    c->status = status;
    if (!c->running) {
        end(c, body);
        return;
    }
    buf_add_slice(&c->answer, body); /* The call may be used until the endpoint returns. */
}

static void op_stream_send(struct call *call, struct slice events)
{
    (void)call;
    (void)events;
}

static void fail(struct inner_call *c, enum err_code code, const char *why)
{
    struct err err = { 0 };
    (void)err_param(&err, code, code == ERR_NO_MEMORY ? "" : "stream", "%s", why);
    c->status = 0;
    call_error(&c->call, &err, 0);
}

static void refuse_stream(struct inner_call *c)
{
    fail(c, ERR_UNSUPPORTED_VALUE,
         "Unsupported value: 'stream' must be false here: the answer is given as a whole.");
}

static void close_stream(void *user)
{
    struct inner_call *c = user;
    c->timer = NULL;
    if (c->call.on_close) c->call.on_close(&c->call);
    refuse_stream(c);
}

/* What is sent goes nowhere; the call is closed as soon as its endpoint does not use it. */
static void op_stream_begin(struct call *call)
{
    struct inner_call *c = of(call);
    struct service *service = call->service;
    c->streams = true;
    if (!c->running) c->timer = service->ops->timer(service, 0, close_stream, c);
}

static void op_stream_end(struct call *call)
{
    struct inner_call *c = of(call);
    c->status = 200;
    if (c->running) return;
    call->service->ops->timer_cancel(call->service, c->timer);
    refuse_stream(c);
}

static const struct call_ops ops = {
    .header = op_header,
    .reply = op_reply,
    .stream_begin = op_stream_begin,
    .stream_send = op_stream_send,
    .stream_end = op_stream_end,
};

/* ---- Life ---- */

static bool copy_principal(struct inner_call *c, const struct principal *p)
{
    struct principal *mine = &c->call.principal;
    mine->tenant = arena_slice(&c->arena, p->tenant);
    mine->project = arena_slice(&c->arena, p->project);
    mine->user = arena_slice(&c->arena, p->user);
    mine->key = arena_slice(&c->arena, p->key);
    return !c->arena.failed;
}

static struct inner_call *new_call(const struct inner_call_options *o)
{
    struct inner_call *c = mem_calloc(1, sizeof *c);
    if (!c) return NULL;
    arena_init(&c->arena, INNER_BYTES_MAX);
    buf_init(&c->answer, REPLY_BYTES_MAX);
    reply_id(c->request_id, "req_");
    c->end = o->end;
    c->user = o->user;
    c->call = (struct call){
        .ops = &ops,
        .backend = o->service->backend,
        .service = o->service,
        .request_id = c->request_id,
        .arena = &c->arena,
        .method = o->method,
        .path = o->path,
        .content_type = SLICE("application/json"),
        .body = o->body,
        .priority = o->priority,
        .has_seed = o->has_seed,
        .seed = o->seed,
        .books_itself = true,
        .gateway = c,
    };
    if (copy_principal(c, o->principal)) return c;
    free_call(c);
    return NULL;
}

/* After endpoint_run: the call goes on, or has been answered, or streams. */
static void settle(struct inner_call *c)
{
    if (c->streams) {
        if (!c->status && c->call.on_close) c->call.on_close(&c->call);
        refuse_stream(c);
        return;
    }
    if (!c->status) return;
    if (c->answer.failed)
        fail(c, ERR_NO_MEMORY, "There is no memory for the answer.");
    else
        end(c, buf_slice(&c->answer));
}

int inner_call_begin(struct inner_call **ret, const struct inner_call_options *options,
                     struct err *err)
{
    const struct endpoint *ep;
    struct err why = { 0 };
    struct inner_call *c = new_call(options);
    if (!c) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    *ret = c;
    c->running = true;
    if (endpoint_find(&ep, c->call.method, c->call.path, &why) < 0)
        call_error(&c->call, &why, 0);
    else
        endpoint_run(ep, &c->call);
    c->running = false;
    settle(c);
    return 0;
}

void inner_call_cancel(struct inner_call *c)
{
    if (!c) return;
    if (c->call.on_close) c->call.on_close(&c->call);
    c->call.service->ops->timer_cancel(c->call.service, c->timer);
    free_call(c);
}
