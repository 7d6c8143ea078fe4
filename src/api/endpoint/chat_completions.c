/* POST /v1/chat/completions: the next message of a conversation, whole or as a stream. */
#include "api/endpoint.h"
#include "api/fan.h"
#include "api/generation.h"
#include "api/messages.h"
#include "api/reply.h"
#include "base/seam.h"

struct chat_req {
    struct generation_req generation;
    struct field_objects messages;
    struct field_int max_completion_tokens, max_tokens, top_logprobs;
    struct field_bool logprobs, parallel_tool_calls;
    struct field_json tools, tool_choice, response_format, metadata, modalities, audio, prediction;
    struct field_json web_search_options, moderation, functions, function_call;
    struct field_json prompt_cache_options;
    struct field_json store;
    struct field_json reasoning_effort, verbosity;
    struct field_string safety_identifier, prompt_cache_key;
    struct field_enum service_tier, prompt_cache_retention;
};

static const char *const service_tiers[] = { "auto", "default", NULL };
static const char *const cache_retentions[] = { "in_memory", "24h", NULL };
enum { CACHE_RETENTION_DAY = 1 };

/* clang-format off */
static const struct field fields[] = {
    FIELD_OBJECTS(struct chat_req, messages, .required = true, .len_min = 1,
                  .len_max = MSG_MESSAGES_MAX, .fields = message_fields,
                  .size = sizeof(struct message_req), .help = "The conversation so far."),
    FIELD_INCLUDE(struct chat_req, generation, generation_fields),
    FIELD_INT(struct chat_req, max_completion_tokens, .range = { 1, INT32_MAX },
              .help = "The most tokens to make; without it, as many as the context holds."),
    FIELD_INT(struct chat_req, max_tokens, .range = { 1, INT32_MAX }, .deprecated = true,
              .help = "The older name of max_completion_tokens; only one of them may be given."),
    FIELD_BOOL(struct chat_req, logprobs, .def = "false",
               .help = "Return the log probability of each token."),
    FIELD_INT(struct chat_req, top_logprobs, .range = { 0, MSG_TOP_LOGPROBS_MAX }, .def = "0",
              .help = "How many of the likeliest tokens to return at each place; needs logprobs."),
    FIELD_JSON(struct chat_req, response_format, .types = FIELD_TYPE_OBJECT,
               .only = "[{\"type\":\"text\"}]",
               .instead = "Only {\"type\": \"text\"} is; none are held to a schema yet.",
               .schema = "{\"type\":\"object\",\"required\":[\"type\"],\"properties\":{\"type\":"
                         "{\"type\":\"string\",\"enum\":[\"text\"]}}}",
               .help = "The form of the answer; only text so far."),
    FIELD_JSON(struct chat_req, tools, .types = FIELD_TYPE_ARRAY, .len_max = MSG_TOOL_CALLS_MAX,
               .help = "Functions the model may call; refused unless the model has tools."),
    FIELD_JSON(struct chat_req, tool_choice, .types = FIELD_TYPE_STRING | FIELD_TYPE_OBJECT,
               .help = "Whether and what to call; only \"none\" and \"auto\" without tools."),
    FIELD_BOOL(struct chat_req, parallel_tool_calls, .ignored = true,
               .help = "Several calls at once; means nothing without tools."),
    FIELD_ENUM(struct chat_req, service_tier, .names = service_tiers, .def = "\"auto\"",
               .help = "This server has one tier; the answer says default."),
    FIELD_JSON(struct chat_req, store, .types = FIELD_TYPE_BOOL, .only = "[false]",
               .instead = "Answers are not kept.", .help = "Keep the answer; only false."),
    FIELD_JSON(struct chat_req, metadata, .types = FIELD_TYPE_OBJECT, .ignored = true,
               .schema = "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}",
               .help = "Your labels for a stored answer. Accepted; nothing is stored."),
    FIELD_STRING(struct chat_req, safety_identifier, .len_max = 64, .ignored = true,
                 .help = "Your hashed name for the end user. Accepted; nothing is done with it."),
    FIELD_STRING(struct chat_req, prompt_cache_key, .len_max = 256, .ignored = true,
                 .help = "Accepted: prefixes are cached by their content anyway."),
    FIELD_ENUM(struct chat_req, prompt_cache_retention, .names = cache_retentions,
               .deprecated = true,
               .help = "24h: keep this prompt in the cache until it was not used for a day, as far "
                       "as pinned_percent has room. Otherwise the cache keeps what fits."),
    FIELD_JSON(struct chat_req, prompt_cache_options, .types = FIELD_TYPE_OBJECT, .ignored = true,
               .help = "Accepted: the cache keeps what fits."),
    FIELD_JSON(struct chat_req, modalities, .types = FIELD_TYPE_ARRAY, .only = "[[\"text\"]]",
               .instead = "Only [\"text\"] is.", .help = "Kinds of output; only text."),
    FIELD_JSON(struct chat_req, audio, .types = FIELD_TYPE_OBJECT, .only = "[]",
               .instead = "Models here do not speak.", .help = "Spoken output."),
    FIELD_JSON(struct chat_req, prediction, .types = FIELD_TYPE_OBJECT, .only = "[]",
               .instead = "Leave it out.", .help = "Text the answer will mostly repeat."),
    FIELD_JSON(struct chat_req, reasoning_effort, .types = FIELD_TYPE_STRING, .only = "[\"none\"]",
               .instead = "Models here do not reason apart from their answer.",
               .help = "Effort of reasoning models."),
    FIELD_JSON(struct chat_req, verbosity, .types = FIELD_TYPE_STRING, .only = "[\"medium\"]",
               .instead = "Ask for it in a message.", .help = "Length of the answer."),
    FIELD_JSON(struct chat_req, web_search_options, .types = FIELD_TYPE_OBJECT, .only = "[]",
               .instead = "This server does not search.", .help = "Search the web first."),
    FIELD_JSON(struct chat_req, moderation, .types = FIELD_TYPE_OBJECT, .only = "[]",
               .instead = "This server does not moderate.", .help = "Moderate prompt and answer."),
    FIELD_JSON(struct chat_req, functions, .types = FIELD_TYPE_ARRAY, .only = "[]",
               .deprecated = true, .instead = "Use tools.", .help = "Replaced by tools."),
    FIELD_JSON(struct chat_req, function_call, .types = FIELD_TYPE_STRING | FIELD_TYPE_OBJECT,
               .only = "[\"none\"]", .deprecated = true, .instead = "Use tool_choice.",
               .help = "Replaced by tool_choice."),
    FIELDS_END,
};
/* clang-format on */

struct chat_choice {
    struct buf text, logprobs; /* of an answer in one piece */
    bool begun;
    uint32_t finish_reason;
};

struct chat_state {
    struct fan fan; /* first: see api/fan.h */
    struct reply_head head;
    struct events events;
    struct chat_choice *choices; /* n of them */
    struct msg_request *request; /* until the handler returns */
    uint32_t n;
    bool stream, wants_usage, wants_logprobs;
    uint64_t completion_tokens;
};

static struct json_writer *chunk_begin(struct chat_state *s)
{
    struct json_writer *w = events_begin(&s->events);
    reply_begin(w, &s->head);
    json_key(w, "service_tier");
    json_str(w, "default");
    json_key(w, "choices");
    json_array_begin(w);
    return w;
}

static void chunk_end(struct chat_state *s, struct json_writer *w)
{
    json_array_end(w);
    if (s->wants_usage) {
        json_key(w, "usage");
        json_null_value(w);
    }
    json_object_end(w);
    events_end(&s->events);
}

static void write_logprobs(struct json_writer *w, const struct msg_logprob *entries, uint32_t n)
{
    json_key(w, "logprobs");
    if (!entries) {
        json_null_value(w);
        return;
    }
    json_object_begin(w);
    json_key(w, "content");
    json_array_begin(w);
    for (uint32_t i = 0; i < n; i++) reply_write_chat_logprob(w, &entries[i]);
    json_array_end(w);
    json_key(w, "refusal");
    json_null_value(w);
    json_object_end(w);
}

/* The first chunk of a choice says who speaks. */
static void begin_choice(struct chat_state *s, uint32_t index)
{
    if (s->choices[index].begun) return;
    s->choices[index].begun = true;
    struct json_writer *w = chunk_begin(s);
    json_object_begin(w);
    json_key(w, "index");
    json_uint(w, index);
    json_key(w, "delta");
    json_raw(w, SLICE("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}"));
    json_key(w, "logprobs");
    json_null_value(w);
    json_key(w, "finish_reason");
    json_null_value(w);
    json_object_end(w);
    chunk_end(s, w);
}

static void stream_token(struct chat_state *s, const struct msg_token *m)
{
    begin_choice(s, m->choice);
    struct json_writer *w = chunk_begin(s);
    json_object_begin(w);
    json_key(w, "index");
    json_uint(w, m->choice);
    json_key(w, "delta");
    json_object_begin(w);
    json_key(w, "content");
    json_slice(w, m->text);
    json_object_end(w);
    write_logprobs(w, m->n_logprobs ? m->logprobs : NULL, m->n_logprobs);
    json_key(w, "finish_reason");
    json_null_value(w);
    json_object_end(w);
    chunk_end(s, w);
}

static void on_token(struct fan *fan, uint32_t index, const struct msg_token *m)
{
    struct chat_state *s = (struct chat_state *)fan;
    (void)index; /* A chat is one worker request. */
    if (m->choice >= s->n || (m->text.len == 0 && m->n_logprobs == 0)) return;
    if (s->stream) {
        stream_token(s, m);
        return;
    }
    struct chat_choice *choice = &s->choices[m->choice];
    buf_add_slice(&choice->text, m->text);
    for (uint32_t i = 0; i < m->n_logprobs; i++) {
        struct json_writer w;
        if (choice->logprobs.len) buf_add_char(&choice->logprobs, ',');
        json_writer_init(&w, &choice->logprobs);
        reply_write_chat_logprob(&w, &m->logprobs[i]);
    }
}

static void on_done(struct fan *fan, uint32_t index, const struct msg_done *m)
{
    struct chat_state *s = (struct chat_state *)fan;
    (void)index;
    if (m->choice >= s->n) return;
    s->choices[m->choice].finish_reason = m->finish_reason;
    s->completion_tokens += m->completion_tokens;
    if (!s->stream) return;
    begin_choice(s, m->choice);
    struct json_writer *w = chunk_begin(s);
    json_object_begin(w);
    json_key(w, "index");
    json_uint(w, m->choice);
    json_key(w, "delta");
    json_object_begin(w);
    json_object_end(w);
    json_key(w, "logprobs");
    json_null_value(w);
    json_key(w, "finish_reason");
    json_str(w, reply_finish_reason(m->finish_reason));
    json_object_end(w);
    chunk_end(s, w);
}

static void release(struct chat_state *s)
{
    events_release(&s->events);
    for (uint32_t i = 0; i < s->n; i++) {
        buf_release(&s->choices[i].text);
        buf_release(&s->choices[i].logprobs);
    }
}

static struct reply_usage usage_of(struct chat_state *s)
{
    struct reply_usage usage = { .prompt_tokens = fan_prompt_tokens(&s->fan),
                                 .cached_tokens = fan_cached_tokens(&s->fan),
                                 .completion_tokens = s->completion_tokens };
    s->fan.call->stats.prompt_tokens = (uint32_t)usage.prompt_tokens;
    s->fan.call->stats.cached_tokens = (uint32_t)usage.cached_tokens;
    return usage;
}

static void write_choice(struct json_writer *w, const struct chat_state *s, uint32_t index)
{
    const struct chat_choice *choice = &s->choices[index];
    json_object_begin(w);
    json_key(w, "index");
    json_uint(w, index);
    json_key(w, "message");
    json_object_begin(w);
    json_key(w, "role");
    json_str(w, "assistant");
    json_key(w, "content");
    json_slice(w, buf_slice(&choice->text));
    json_key(w, "refusal");
    json_null_value(w);
    json_key(w, "annotations");
    json_array_begin(w);
    json_array_end(w);
    json_object_end(w);
    json_key(w, "logprobs");
    if (s->wants_logprobs) {
        json_object_begin(w);
        json_key(w, "content");
        json_array_begin(w);
        if (choice->logprobs.len) json_raw(w, buf_slice(&choice->logprobs));
        json_array_end(w);
        json_key(w, "refusal");
        json_null_value(w);
        json_object_end(w);
    } else {
        json_null_value(w);
    }
    json_key(w, "finish_reason");
    json_str(w, reply_finish_reason(choice->finish_reason));
    json_object_end(w);
}

static void answer(struct chat_state *s, const struct reply_usage *usage)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    reply_begin(&w, &s->head);
    json_key(&w, "service_tier");
    json_str(&w, "default");
    json_key(&w, "choices");
    json_array_begin(&w);
    for (uint32_t i = 0; i < s->n; i++) {
        write_choice(&w, s, i);
        if (s->choices[i].text.failed || s->choices[i].logprobs.failed) out.failed = true;
    }
    json_array_end(&w);
    reply_write_usage(&w, usage);
    json_object_end(&w);
    struct call *call = s->fan.call;
    release(s);
    call_json(call, &out);
    buf_release(&out);
}

static void on_finish(struct fan *fan)
{
    struct chat_state *s = (struct chat_state *)fan;
    struct reply_usage usage = usage_of(s);
    if (!s->stream) {
        answer(s, &usage);
        return;
    }
    if (s->wants_usage) {
        struct json_writer *w = chunk_begin(s);
        json_array_end(w);
        reply_write_usage(w, &usage);
        json_object_end(w);
        events_end(&s->events);
    }
    events_finish(&s->events);
}

static void on_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms)
{
    struct chat_state *s = (struct chat_state *)fan;
    struct events events = s->events;
    s->events = (struct events){ 0 };
    release(s);
    events_fail(&events, err, retry_after_ms);
}

static void on_close(struct fan *fan)
{
    release((struct chat_state *)fan);
}

static void on_flush(struct fan *fan)
{
    struct chat_state *s = (struct chat_state *)fan;
    struct err err = { 0 };
    if (s->stream && events_flush(&s->events, &err) < 0) fan_fail(fan, &err, 0);
}

static bool on_restart(struct fan *fan, uint32_t index)
{
    struct chat_state *s = (struct chat_state *)fan;
    (void)index;
    if (s->events.begun) return false;
    buf_reset(&s->events.out);
    s->completion_tokens = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        buf_reset(&s->choices[i].text);
        buf_reset(&s->choices[i].logprobs);
        s->choices[i].begun = false;
    }
    return true;
}

static int on_request(struct fan *fan, uint32_t index, struct msg_request *ret, struct err *err)
{
    (void)index;
    (void)err;
    *ret = *((struct chat_state *)fan)->request;
    return 0;
}

static const struct fan_ops ops = {
    .request = on_request,
    .token = on_token,
    .done = on_done,
    .restart = on_restart,
    .flush = on_flush,
    .finish = on_finish,
    .fail = on_fail,
    .close = on_close,
};

static int fill_lengths(struct msg_request *ret, const struct chat_req *req,
                        const struct backend_model *model, struct err *err)
{
    if (req->max_tokens.given && req->max_completion_tokens.given)
        return err_param(err, ERR_INVALID_VALUE, "max_tokens",
                         "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not "
                         "supported.");
    const struct field_int *max = req->max_tokens.given ? &req->max_tokens
                                                        : &req->max_completion_tokens;
    TRY(generation_check_max(max, req->max_tokens.given ? "max_tokens" : "max_completion_tokens",
                             model, err));
    ret->has_max_tokens = max->given;
    ret->max_tokens = (uint32_t)max->value;
    if (req->top_logprobs.given && req->top_logprobs.value > 0 && !req->logprobs.value)
        return err_param(err, ERR_INVALID_VALUE, "top_logprobs",
                         "Invalid value for 'top_logprobs': 'top_logprobs' is only allowed when "
                         "'logprobs' is enabled.");
    ret->logprobs = req->logprobs.value;
    ret->top_logprobs = (uint32_t)req->top_logprobs.value;
    return 0;
}

static int check_tools(const struct chat_req *req, const struct backend_model *model,
                       struct err *err)
{
    if (json_array_size(req->tools.value) > 0)
        return err_param(
            err, ERR_UNSUPPORTED_PARAMETER, "tools",
            "Unsupported parameter: 'tools' is not supported with this model. '%s' has "
            "no tools.",
            model->id);
    const char *choice = json_string_value(req->tool_choice.value);
    bool harmless = choice && (strcmp(choice, "none") == 0 || strcmp(choice, "auto") == 0);
    if (req->tool_choice.given && !harmless)
        return err_param(err, ERR_UNSUPPORTED_PARAMETER, "tool_choice",
                         "Invalid value for 'tool_choice': 'tool_choice' is only allowed when "
                         "'tools' are specified.");
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct chat_req *req = request;
    const struct generation_req *generation = &req->generation;
    const struct backend_model *model;
    struct msg_request message = { .kind = REQUEST_CHAT, .sampling = MSG_SAMPLING_DEFAULT };
    TRY(generation_model(&model, call, generation->model.value, CAP_CHAT, "chat", err));
    TRY(check_tools(req, model, err));
    TRY(messages_fill(&message, &req->messages, model, call->scratch, err));
    TRY(generation_fill(&message, generation, model, call, call->scratch, err));
    TRY(fill_lengths(&message, req, model, err));
    message.pin = req->prompt_cache_retention.value == CACHE_RETENTION_DAY;

    struct chat_state *s = ARENA_NEW(call->arena, struct chat_state);
    struct chat_choice *choices = ARENA_NEWS(call->arena, message.n, struct chat_choice);
    if (!s || !choices) return arena_check(call->arena, "the request", err);
    s->n = message.n;
    s->choices = choices;
    s->request = &message;
    s->stream = generation->stream.value;
    s->wants_usage = s->stream && generation_wants_usage(generation);
    s->wants_logprobs = message.logprobs;
    TRY(reply_head_init(&s->head, call, model, "chatcmpl-",
                        s->stream ? "chat.completion.chunk" : "chat.completion", err));
    events_init(&s->events, call);
    for (uint32_t i = 0; i < s->n; i++) {
        buf_init(&choices[i].text, REPLY_BYTES_MAX / 2);
        buf_init(&choices[i].logprobs, REPLY_BYTES_MAX / 2);
    }
    int result = fan_begin(&s->fan, &ops, call, model->id, 1, err);
    s->request = NULL;
    return result;
}

static const char *const roles_answer[] = { "assistant", NULL };

static const struct field message_answer[] = {
    ANSWER("role", ENUM, .names = roles_answer, .help = "Always assistant."),
    ANSWER("content", STRING, .nullable = true, .help = "The text."),
    ANSWER("refusal", STRING, .nullable = true, .help = "Always null."),
    ANSWER("annotations", JSON, .schema = "{\"type\":\"array\",\"items\":{}}",
           .help = "Always empty."),
    FIELDS_END,
};

static const struct field choice_answer[] = {
    ANSWER("index", INT, .help = "Of the choice, 0 to n - 1."),
    ANSWER("message", OBJECT, .fields = message_answer, .help = "The answer."),
    ANSWER("logprobs", OBJECT, .nullable = true, .fields = chat_logprobs_answer,
           .help = "When asked for."),
    ANSWER("finish_reason", ENUM, .names = finish_reasons_answer, .help = "Why it ended."),
    FIELDS_END,
};

static const struct field response[] = {
    ANSWER("id", STRING, .help = "chatcmpl- and a random word."),
    ANSWER("object", STRING, .help = "chat.completion"),
    ANSWER("created", INT, .help = "Unix seconds."),
    ANSWER("model", STRING, .help = "The model's id."),
    ANSWER_MAYBE("system_fingerprint", STRING,
                 .help = "Changes with the model file or the server."),
    ANSWER("service_tier", STRING, .help = "default"),
    ANSWER("choices", OBJECTS, .fields = choice_answer, .help = "n of them."),
    ANSWER("usage", OBJECT, .fields = usage_answer, .help = "Token counts."),
    FIELDS_END,
};

static const struct field delta_answer[] = {
    ANSWER_MAYBE("role", ENUM, .names = roles_answer, .help = "In a choice's first event."),
    ANSWER_MAYBE("content", STRING, .nullable = true, .help = "The next piece of text."),
    ANSWER_MAYBE("refusal", STRING, .nullable = true, .help = "Null, in the first event."),
    FIELDS_END,
};

static const struct field chunk_choice_answer[] = {
    ANSWER("index", INT, .help = "Which choice goes on; those of n come interleaved."),
    ANSWER("delta", OBJECT, .fields = delta_answer, .help = "What is new."),
    ANSWER("logprobs", OBJECT, .nullable = true, .fields = chat_logprobs_answer,
           .help = "Of the new tokens, when asked for."),
    ANSWER("finish_reason", ENUM, .nullable = true, .names = finish_reasons_answer,
           .help = "In a choice's last event."),
    FIELDS_END,
};

static const struct field response_stream[] = {
    ANSWER("id", STRING, .help = "The same in every event."),
    ANSWER("object", STRING, .help = "chat.completion.chunk"),
    ANSWER("created", INT, .help = "Unix seconds; the same in every event."),
    ANSWER("model", STRING, .help = "The model's id."),
    ANSWER_MAYBE("system_fingerprint", STRING,
                 .help = "Changes with the model file or the server."),
    ANSWER("service_tier", STRING, .help = "default"),
    ANSWER("choices", OBJECTS, .fields = chunk_choice_answer,
           .help = "One; none in the event with the usage."),
    ANSWER_MAYBE("usage", OBJECT, .nullable = true, .fields = usage_answer,
                 .help = "With include_usage: null until the last event."),
    FIELDS_END,
};

const struct endpoint endpoint_chat_completions = {
    .method = "POST",
    .path = "/v1/chat/completions",
    .azure = "chat/completions",
    .fields = fields,
    .size = sizeof(struct chat_req),
    .handle = handle,
    .name = "ChatCompletion",
    .tag = "Chat",
    .summary = "The next message of a conversation, whole or as a stream of events.",
    .response = response,
    .response_stream = response_stream,
};
