/* POST /v1/responses: the model's answer to a list of items, whole or as a stream of events. */
#include "api/endpoint.h"
#include "api/reply.h"
#include "api/response_answer.h"
#include "api/response_request.h"
#include "api/response_run.h"
#include "api/response_stream.h"
#include "base/seam.h"

struct responses_state {
    struct call *call;
    struct response_run *run;
    struct response_stream out;
    bool streams;
};

static void on_event(void *user, uint64_t number, const char *type, struct slice json)
{
    struct responses_state *s = user;
    if (s->streams) response_stream_event(&s->out, number, type, json);
}

/* Takes the stream out: to end the call ends the arena with the state in it. */
static struct response_stream let_go(struct responses_state *s)
{
    s->call->on_close = NULL;
    return s->out;
}

static void on_flush(void *user)
{
    struct responses_state *s = user;
    struct err err = { 0 };
    if (!s->streams || response_stream_flush(&s->out, &err) == 0) return;
    response_run_drop(s->run);
    struct response_stream out = let_go(s);
    response_stream_fail(&out, &err, 0);
}

static void keep_stats(struct call *call, const struct call_stats *stats)
{
    struct call_stats own = *stats;
    own.model = call->stats.model; /* The run's goes with it. */
    own.streamed = call->stats.streamed;
    call->stats = own;
}

static void on_end(void *user, const struct response_result *result)
{
    struct responses_state *s = user;
    struct call *call = s->call;
    bool streams = s->streams;
    struct response_stream out = let_go(s);
    keep_stats(call, &result->stats);
    if (streams && out.events.begun) {
        response_stream_end(&out);
    } else if (result->error) {
        response_stream_release(&out);
        call_error(call, result->error, result->retry_after_ms);
    } else if (streams) {
        response_stream_end(&out);
    } else {
        response_stream_release(&out);
        call->ops->reply(call, 200, "application/json", result->body);
    }
}

static const struct response_run_ops ops = {
    .event = on_event,
    .flush = on_flush,
    .end = on_end,
};

static void on_close(struct call *call)
{
    struct responses_state *s = call->state;
    response_run_drop(s->run);
    response_stream_release(&s->out);
}

/* Nothing is stored yet. */
static int refuse(const struct response_req *req, struct err *err)
{
    if (req->background.value)
        return err_param(err, ERR_UNSUPPORTED_VALUE, "background",
                         "Unsupported value: 'background' does not support true on this server.");
    if (req->prompt.conversation.given)
        return err_param(err, ERR_UNSUPPORTED_PARAMETER, "conversation",
                         "Unsupported parameter: 'conversation' is not supported by this server.");
    if (!req->prompt.previous_response_id.given) return 0;
    struct slice id = req->prompt.previous_response_id.value;
    return err_param(err, ERR_NOT_FOUND, "previous_response_id",
                     "Previous response with id '%.*s' not found.", SLICE_FMT(id));
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct response_req *req = request;
    struct responses_state *s = ARENA_NEW(call->arena, struct responses_state);
    char id[REPLY_ID_MAX];
    const struct backend_model *model;
    TRY(refuse(req, err));
    TRY(generation_model(&model, call, req->generation.model.value, CAP_CHAT, "chat", err));
    if (!s) return arena_check(call->arena, "the request", err);
    reply_id(id, "resp_");
    *s = (struct responses_state){ .call = call, .streams = req->generation.stream.value };
    struct response_run_options options = {
        .service = call->service,
        .principal = &call->principal,
        .request = call->body,
        .id = slice_of(id),
        .created_at = (int64_t)(wall_ns() / 1000000000u),
        .priority = call->priority,
        .ops = &ops,
        .user = s,
    };
    random_bytes_fill(&options.seed, sizeof options.seed);
    response_stream_init(&s->out, call);
    int rc = response_run_begin(&s->run, &options, err);
    if (rc < 0) {
        response_stream_release(&s->out);
        return rc;
    }
    call->state = s;
    call->on_close = on_close;
    return 0;
}

const struct endpoint endpoint_responses = {
    .method = "POST",
    .path = "/v1/responses",
    .azure = "responses",
    .fields = response_request_fields,
    .size = sizeof(struct response_req),
    .dialect = DIALECT_RESPONSES,
    .handle = handle,
    .name = "Response",
    .tag = "Responses",
    .summary = "The model's answer to a list of items, whole or as a stream of events.",
    .response = response_answer_fields,
    .response_stream = response_event_fields,
};
