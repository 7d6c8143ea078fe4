/* POST /v1/completions: text after a raw prompt, or between a prompt and a suffix.
 *
 * Several prompts make one worker request each; choice index = prompt * n + choice. With best_of,
 * more choices run than are returned: those with the highest log probability per token.
 */
#include "api/endpoint.h"
#include "api/fan.h"
#include "api/generation.h"
#include "api/input.h"
#include "api/legacy_logprobs.h"
#include "api/reply.h"

#include <stdlib.h>

enum { PROMPTS_MAX = 512, LOGPROBS_MAX = 5 };

struct text_req {
    struct generation_req generation;
    struct field_json prompt;
    struct field_string suffix;
    struct field_int max_tokens, best_of, logprobs, echo_from;
    struct field_bool echo;
};

/* clang-format off */
static const struct field fields[] = {
    FIELD_JSON(struct text_req, prompt, .required = true, .schema = input_schema,
               .types = FIELD_TYPE_STRING | FIELD_TYPE_ARRAY,
               .help = "Raw text (the model's control tokens are recognised in it), token ids, or "
                       "a list of either: up to 512 prompts."),
    FIELD_INCLUDE(struct text_req, generation, generation_fields),
    FIELD_STRING(struct text_req, suffix,
                 .help = "Text that follows the gap to fill; for models that fill the middle."),
    FIELD_INT(struct text_req, max_tokens, .range = { 0, INT32_MAX }, .def = "16",
              .help = "The most tokens to make."),
    FIELD_BOOL(struct text_req, echo, .def = "false",
               .help = "Return the prompt before the text; with logprobs, its tokens' too."),
    FIELD_INT(struct text_req, echo_from, .range = { 0, INT32_MAX }, .extension = true, .def = "0",
              .help = "With echo: leave out so many characters of the prompt, or tokens where it "
                      "is tokens. What is left out may come from the cache, also with logprobs: "
                      "so the ways a text may go on are compared for the price of one."),
    FIELD_INT(struct text_req, logprobs, .range = { 0, LOGPROBS_MAX },
              .help = "Return each token's log probability and those of this many likeliest."),
    FIELD_INT(struct text_req, best_of, .range = { 1, CHOICES_MAX },
              .help = "Make this many and return the n best; not with stream. Without it: n."),
    FIELDS_END,
};
/* clang-format on */

struct text_choice {
    struct buf text;
    struct legacy_logprobs logprobs;
    double logprob; /* cumulative */
    uint32_t completion_tokens, finish_reason;
};

struct text_state {
    struct reply reply; /* first */
    struct input *prompts;
    struct text_choice *choices; /* n_prompts * best_of */
    struct msg_request request;  /* without its prompt */
    uint32_t n, best_of;
    uint32_t echo_from; /* characters, or tokens */
};

static struct text_choice *choice_at(struct text_state *s, uint32_t prompt, uint32_t choice)
{
    return &s->choices[(size_t)prompt * s->best_of + choice];
}

static void write_logprobs(struct text_state *s, struct json_writer *w, struct text_choice *choice,
                           bool none)
{
    json_key(w, "logprobs");
    if (!s->request.logprobs || none)
        json_null_value(w);
    else
        legacy_logprobs_write(&choice->logprobs, w);
}

/* One event of one choice; finish_reason NULL: it goes on. */
static void write_event(struct text_state *s, uint32_t prompt, uint32_t index, struct slice text,
                        const char *finish_reason)
{
    struct json_writer *w = reply_begin_event(&s->reply);
    json_object_begin(w);
    json_key(w, "text");
    json_slice(w, text);
    json_key(w, "index");
    json_uint(w, (uint64_t)prompt * s->n + index);
    struct text_choice *choice = choice_at(s, prompt, index);
    write_logprobs(s, w, choice, choice->logprobs.n == 0);
    json_key(w, "finish_reason");
    json_str(w, finish_reason);
    json_object_end(w);
    reply_end_event(&s->reply);
}

static void add_piece(struct text_state *s, uint32_t prompt, uint32_t index, struct slice text,
                      const struct msg_logprob *logprobs, uint32_t n_logprobs)
{
    struct text_choice *choice = choice_at(s, prompt, index);
    for (uint32_t i = 0; i < n_logprobs && s->request.logprobs; i++)
        legacy_logprobs_add(&choice->logprobs, &logprobs[i]);
    if (!s->reply.stream)
        buf_add_slice(&choice->text, text);
    else if (text.len || choice->logprobs.n)
        write_event(s, prompt, index, text, NULL);
}

static void on_score(struct fan *fan, uint32_t prompt, const struct msg_score *m)
{
    struct text_state *s = (struct text_state *)fan;
    for (uint32_t i = 0; i < s->best_of; i++)
        add_piece(s, prompt, i, m->text, m->logprobs, m->n_logprobs);
}

static void on_token(struct fan *fan, uint32_t prompt, const struct msg_token *m)
{
    struct text_state *s = (struct text_state *)fan;
    if (m->choice < s->best_of)
        add_piece(s, prompt, m->choice, m->text, m->logprobs, m->n_logprobs);
}

static void on_done(struct fan *fan, uint32_t prompt, const struct msg_done *m)
{
    struct text_state *s = (struct text_state *)fan;
    if (m->choice >= s->best_of) return;
    struct text_choice *choice = choice_at(s, prompt, m->choice);
    choice->finish_reason = m->finish_reason;
    choice->completion_tokens = m->completion_tokens;
    choice->logprob = m->logprob;
    if (s->reply.stream)
        write_event(s, prompt, m->choice, (struct slice){ 0 },
                    reply_finish_reason(m->finish_reason));
}

static void release(struct reply *reply)
{
    struct text_state *s = (struct text_state *)reply;
    for (size_t i = 0; i < (size_t)reply->fan.n * s->best_of; i++) {
        buf_release(&s->choices[i].text);
        legacy_logprobs_release(&s->choices[i].logprobs);
    }
}

static double per_token(const struct text_choice *choice)
{
    return choice->completion_tokens ? choice->logprob / choice->completion_tokens
                                     : choice->logprob;
}

/* The choices of one prompt in the order they are returned: as they are, or the likeliest first. */
static void rank(uint32_t order[CHOICES_MAX], const struct text_state *s,
                 const struct text_choice *choices)
{
    for (uint32_t i = 0; i < s->best_of; i++) {
        uint32_t at = i;
        bool sort = s->best_of > s->n;
        while (sort && at > 0 && per_token(&choices[order[at - 1]]) < per_token(&choices[i])) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
    }
}

static bool write_choice(struct text_state *s, struct json_writer *w, struct text_choice *choice,
                         uint64_t index)
{
    bool ok = !choice->text.failed && !legacy_logprobs_failed(&choice->logprobs);
    json_object_begin(w);
    json_key(w, "text");
    json_slice(w, buf_slice(&choice->text));
    json_key(w, "index");
    json_uint(w, index);
    write_logprobs(s, w, choice, false);
    json_key(w, "finish_reason");
    json_str(w, reply_finish_reason(choice->finish_reason));
    json_object_end(w);
    return ok;
}

static void answer(struct text_state *s, const struct reply_usage *usage)
{
    struct buf out;
    struct json_writer w;
    bool ok = true;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    reply_begin(&w, &s->reply.head);
    for (uint32_t p = 0; p < s->reply.fan.n; p++) {
        uint32_t order[CHOICES_MAX];
        rank(order, s, choice_at(s, p, 0));
        for (uint32_t i = 0; i < s->n; i++)
            ok &= write_choice(s, &w, choice_at(s, p, order[i]), (uint64_t)p * s->n + i);
    }
    json_array_end(&w);
    reply_write_usage(&w, usage);
    json_object_end(&w);
    out.failed |= !ok;
    reply_finish(&s->reply, &out);
    buf_release(&out);
}

static void on_finish(struct fan *fan)
{
    struct text_state *s = (struct text_state *)fan;
    struct reply_usage usage = reply_usage(&s->reply);
    if (s->reply.stream)
        reply_finish_stream(&s->reply, &usage);
    else
        answer(s, &usage);
}

static bool on_restart(struct fan *fan, uint32_t prompt)
{
    struct text_state *s = (struct text_state *)fan;
    /* What is gathered and not yet sent may belong to other prompts too. */
    struct events *events = &s->reply.events;
    if (events->begun || (events->out.len && fan->n > 1)) return false;
    buf_reset(&events->out);
    for (uint32_t i = 0; i < s->best_of; i++) {
        struct text_choice *choice = choice_at(s, prompt, i);
        buf_reset(&choice->text);
        legacy_logprobs_reset(&choice->logprobs);
        choice->completion_tokens = 0;
    }
    return true;
}

/* The byte at which that character begins. */
static uint32_t byte_of(struct slice text, uint32_t character)
{
    size_t i = 0;
    for (uint32_t n = 0; i < text.len; i++) {
        bool begins = ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
        if (begins && n++ == character) break;
    }
    return (uint32_t)i;
}

static int on_request(struct fan *fan, uint32_t prompt, struct msg_request *ret, struct err *err)
{
    struct text_state *s = (struct text_state *)fan;
    (void)err;
    *ret = s->request;
    ret->prompt = s->prompts[prompt].text;
    ret->tokens = s->prompts[prompt].tokens;
    ret->n_tokens = s->prompts[prompt].n_tokens;
    ret->echo_from = ret->n_tokens ? s->echo_from : byte_of(ret->prompt, s->echo_from);
    return 0;
}

static const struct fan_ops ops = {
    .request = on_request,
    .score = on_score,
    .token = on_token,
    .done = on_done,
    .restart = on_restart,
    .flush = reply_flush,
    .finish = on_finish,
    .fail = reply_fail,
    .close = reply_close,
};

static int check_choices(const struct text_req *req, const struct backend_model *model,
                         struct err *err)
{
    const struct generation_req *generation = &req->generation;
    TRY(generation_check_max(&req->max_tokens, "max_tokens", model, err));
    if (!req->best_of.given) return 0;
    if (req->best_of.value < generation->n.value)
        return err_param(
            err, ERR_INVALID_VALUE, "best_of",
            "You requested that the server return more choices than it will generate "
            "(HINT: you must set 'best_of' (currently %lld) to be at least 'n' "
            "(currently %lld), or omit either parameter if you don't specifically want "
            "to use them.)",
            (long long)req->best_of.value, (long long)generation->n.value);
    if (generation->stream.value && req->best_of.value > generation->n.value)
        return err_param(err, ERR_INVALID_VALUE, "best_of",
                         "Invalid value for 'best_of': a stream cannot return the best of several "
                         "choices. Leave out 'stream', or make 'best_of' equal to 'n'.");
    return 0;
}

/* What the fan still needs after the handler has returned is copied into the call's arena. */
static int fill(struct text_state *s, const struct text_req *req, const struct backend_model *model,
                struct call *call, struct err *err)
{
    const struct input_rules rules = { .name = "prompt", .n_max = PROMPTS_MAX, .empty_text = true };
    struct msg_request *m = &s->request;
    uint32_t n_prompts = 0;
    TRY(input_read(&s->prompts, &n_prompts, req->prompt.value, &rules, model, call, err));
    s->reply.fan.n = n_prompts;
    bool keep = n_prompts > FAN_WINDOW;
    struct arena *arena = keep ? call->arena : call->scratch;
    *m = (struct msg_request){ .kind = REQUEST_PROMPT, .sampling = MSG_SAMPLING_DEFAULT };
    TRY(generation_fill(m, &req->generation, model, call, arena, err));
    s->n = m->n;
    s->best_of = req->best_of.given ? (uint32_t)req->best_of.value : s->n;
    m->best_of = s->best_of;
    s->echo_from = req->echo.value ? (uint32_t)req->echo_from.value : 0;
    m->has_max_tokens = true;
    m->max_tokens = (uint32_t)req->max_tokens.value;
    m->echo = req->echo.value;
    m->logprobs = req->logprobs.given;
    m->top_logprobs = (uint32_t)req->logprobs.value;
    m->has_suffix = req->suffix.given;
    m->suffix = keep ? arena_slice(arena, req->suffix.value) : req->suffix.value;
    if (!keep) return 0;
    struct slice *stop = ARENA_NEWS(arena, m->n_stop + 1, struct slice);
    if (!stop) return arena_check(arena, "the request", err);
    for (uint32_t i = 0; i < m->n_stop; i++) stop[i] = arena_slice(arena, m->stop[i]);
    m->stop = stop;
    return arena_check(arena, "the request", err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct text_req *req = request;
    const struct backend_model *model;
    TRY(generation_model(&model, call, req->generation.model.value, CAP_COMPLETION, "complete text",
                         err));
    TRY(check_choices(req, model, err));
    if (req->suffix.given && model->capabilities && !(model->capabilities & CAP_FIM))
        return err_param(err, ERR_UNSUPPORTED_PARAMETER, "suffix",
                         "Unsupported parameter: 'suffix' is not supported with this model. '%s' "
                         "cannot fill the middle.",
                         model->id);
    struct text_state *s = ARENA_NEW(call->arena, struct text_state);
    if (!s) return arena_check(call->arena, "the request", err);
    TRY(fill(s, req, model, call, err));
    size_t n_choices = (size_t)s->reply.fan.n * s->best_of;
    s->choices = ARENA_NEWS(call->arena, n_choices, struct text_choice);
    if (!s->choices) return arena_check(call->arena, "the request", err);
    s->reply.stream = req->generation.stream.value;
    s->reply.wants_usage = s->reply.stream && generation_wants_usage(&req->generation);
    s->reply.release = release;
    TRY(reply_head_init(&s->reply.head, call, model, "cmpl-", "text_completion", err));
    events_init(&s->reply.events, call);
    for (size_t i = 0; i < n_choices; i++) {
        buf_init(&s->choices[i].text, REPLY_BYTES_MAX / 2);
        legacy_logprobs_init(&s->choices[i].logprobs, REPLY_BYTES_MAX / 2);
    }
    return fan_begin(&s->reply.fan, &ops, call, model->id, s->reply.fan.n, err);
}

static const char tokens_schema[] = "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}";
static const char numbers_schema[] =
    "{\"type\":\"array\",\"items\":{\"type\":[\"number\",\"null\"]}}";
static const char tops_schema[] = "{\"type\":\"array\",\"items\":{\"type\":[\"object\",\"null\"],"
                                  "\"additionalProperties\":{\"type\":\"number\"}}}";
static const char offsets_schema[] = "{\"type\":\"array\",\"items\":{\"type\":\"integer\"}}";

static const struct field logprobs_answer[] = {
    ANSWER("tokens", JSON, .schema = tokens_schema, .help = "Each token's text."),
    ANSWER("token_logprobs", JSON, .schema = numbers_schema,
           .help = "Each one's log probability; null for the first of a prompt."),
    ANSWER(
        "top_logprobs", JSON, .schema = tops_schema,
        .help =
            "The likeliest at each place, and the token itself; null for the first of a prompt."),
    ANSWER("text_offset", JSON, .schema = offsets_schema,
           .help = "Where each begins in the returned text, in characters."),
    FIELDS_END,
};

static const struct field choice_answer[] = {
    ANSWER("text", STRING, .help = "The text, or what is new of it."),
    ANSWER("index", INT, .help = "Number of the prompt times n, plus the choice."),
    ANSWER("logprobs", OBJECT, .nullable = true, .fields = logprobs_answer,
           .help = "When asked for."),
    ANSWER("finish_reason", ENUM, .nullable = true, .names = finish_reasons_answer,
           .help = "Why it ended; null in a stream until it does."),
    FIELDS_END,
};

static const struct field response[] = {
    ANSWER("id", STRING, .help = "cmpl- and a random word."),
    ANSWER("object", STRING, .help = "text_completion"),
    ANSWER("created", INT, .help = "Unix seconds."),
    ANSWER("model", STRING, .help = "The model's id."),
    ANSWER_MAYBE("system_fingerprint", STRING,
                 .help = "Changes with the model file or the server."),
    ANSWER("choices", OBJECTS, .fields = choice_answer, .help = "n for each prompt."),
    ANSWER_MAYBE(
        "usage", OBJECT, .nullable = true, .fields = usage_answer,
        .help = "Token counts; in a stream with include_usage: null until the last event."),
    FIELDS_END,
};

const struct endpoint endpoint_completions = {
    .method = "POST",
    .path = "/v1/completions",
    .azure = "completions",
    .fields = fields,
    .size = sizeof(struct text_req),
    .handle = handle,
    .name = "Completion",
    .tag = "Completions",
    .summary = "Text after a raw prompt, or between a prompt and a suffix.",
    .response = response,
    .response_stream = response,
};
