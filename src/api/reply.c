#include "api/reply.h"

#include "base/seam.h"
#include "base/utf8.h"

#include <math.h>
#include <stdio.h>

void reply_id(char ret[REPLY_ID_MAX], const char *prefix)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    enum { N_RANDOM = 28 };
    unsigned char dice[N_RANDOM];
    char word[N_RANDOM + 1];
    random_bytes_fill(dice, sizeof dice);
    /* The slight preference for some letters costs under a bit of the 140. */
    for (int i = 0; i < N_RANDOM; i++) word[i] = alphabet[dice[i] % (sizeof alphabet - 1)];
    word[N_RANDOM] = '\0';
    (void)snprintf(ret, REPLY_ID_MAX, "%s%s", prefix, word);
}

int reply_head_init(struct reply_head *ret, struct call *call, const struct backend_model *model,
                    const char *id_prefix, const char *object, struct err *err)
{
    *ret = (struct reply_head){
        .object = object,
        .model = arena_strdup(call->arena, model->id),
        .fingerprint = model->fingerprint ? arena_strdup(call->arena, model->fingerprint) : NULL,
        .created = (int64_t)(wall_ns() / 1000000000u),
    };
    reply_id(ret->id, id_prefix);
    return arena_check(call->arena, "the request", err);
}

void reply_begin(struct json_writer *w, const struct reply_head *head)
{
    json_object_begin(w);
    json_key(w, "id");
    json_str(w, head->id);
    json_key(w, "object");
    json_str(w, head->object);
    json_key(w, "created");
    json_int(w, head->created);
    json_key(w, "model");
    json_str(w, head->model);
    if (head->fingerprint) {
        json_key(w, "system_fingerprint");
        json_str(w, head->fingerprint);
    }
    if (head->service_tier) {
        json_key(w, "service_tier");
        json_str(w, head->service_tier);
    }
    json_key(w, "choices");
    json_array_begin(w);
}

void reply_write_usage(struct json_writer *w, const struct reply_usage *usage)
{
    json_key(w, "usage");
    json_object_begin(w);
    json_member_uint(w, "prompt_tokens", usage->prompt_tokens);
    json_member_uint(w, "completion_tokens", usage->completion_tokens);
    json_member_uint(w, "total_tokens", usage->prompt_tokens + usage->completion_tokens);
    json_key(w, "prompt_tokens_details");
    json_object_begin(w);
    json_member_uint(w, "cached_tokens", usage->cached_tokens);
    json_member_uint(w, "audio_tokens", 0);
    json_object_end(w);
    json_key(w, "completion_tokens_details");
    json_object_begin(w);
    json_member_uint(w, "reasoning_tokens", usage->reasoning_tokens);
    json_member_uint(w, "audio_tokens", 0);
    json_member_uint(w, "accepted_prediction_tokens", 0);
    json_member_uint(w, "rejected_prediction_tokens", 0);
    json_object_end(w);
    json_object_end(w);
}

void reply_write_deleted(struct json_writer *w, struct slice id, const char *object)
{
    json_object_begin(w);
    json_member_slice(w, "id", id);
    json_member_str(w, "object", object);
    json_member_bool(w, "deleted", true);
    json_object_end(w);
}

const char *reply_finish_reason(uint32_t finish_reason)
{
    static const char *const names[FINISH_REASONS] = {
        [FINISH_STOP] = "stop",
        [FINISH_LENGTH] = "length",
        [FINISH_TOOL_CALLS] = "tool_calls",
        [FINISH_CONTENT_FILTER] = "content_filter",
    };
    return finish_reason < FINISH_REASONS ? names[finish_reason] : "stop";
}

enum { TOKEN_SHOWN_MAX = 512 }; /* bytes of a token that is not UTF-8; real ones have a few */

static struct slice token_shown(char out[TOKEN_SHOWN_MAX], struct slice bytes)
{
    if (utf8_valid(bytes.ptr, bytes.len)) return bytes;
    size_t at = (size_t)snprintf(out, TOKEN_SHOWN_MAX, "bytes:");
    for (size_t i = 0; i < bytes.len && at + 5 < TOKEN_SHOWN_MAX; i++)
        at += (size_t)snprintf(out + at, TOKEN_SHOWN_MAX - at, "\\x%02x",
                               (unsigned char)bytes.ptr[i]);
    return (struct slice){ .ptr = out, .len = at };
}

void reply_write_token(struct json_writer *w, struct slice bytes)
{
    char text[TOKEN_SHOWN_MAX];
    json_slice(w, token_shown(text, bytes));
}

void reply_write_token_key(struct json_writer *w, struct slice bytes)
{
    char text[TOKEN_SHOWN_MAX];
    json_key_slice(w, token_shown(text, bytes));
}

void reply_write_logprob(struct json_writer *w, float logprob)
{
    static const float never = -9999.0f;
    json_float(w, isfinite(logprob) && logprob > never ? logprob : never);
}

static void write_entry(struct json_writer *w, struct slice bytes, float logprob)
{
    json_key(w, "token");
    reply_write_token(w, bytes);
    json_key(w, "logprob");
    reply_write_logprob(w, logprob);
    json_key(w, "bytes");
    json_array_begin(w);
    for (size_t i = 0; i < bytes.len; i++) json_uint(w, (unsigned char)bytes.ptr[i]);
    json_array_end(w);
}

void reply_write_chat_logprob(struct json_writer *w, const struct msg_logprob *entry)
{
    json_object_begin(w);
    write_entry(w, entry->bytes, entry->logprob);
    json_key(w, "top_logprobs");
    json_array_begin(w);
    for (uint32_t i = 0; i < entry->n_top; i++) {
        json_object_begin(w);
        write_entry(w, entry->top[i].bytes, entry->top[i].logprob);
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

/* ---- The life of an answer ---- */

struct reply_usage reply_usage(const struct reply *reply)
{
    const struct call_stats *stats = &reply->fan.call->stats;
    return (struct reply_usage){ .prompt_tokens = stats->prompt_tokens,
                                 .cached_tokens = stats->cached_tokens,
                                 .completion_tokens = stats->completion_tokens };
}

struct json_writer *reply_begin_event(struct reply *reply)
{
    struct json_writer *w = events_begin(&reply->events);
    reply_begin(w, &reply->head);
    return w;
}

void reply_end_event(struct reply *reply)
{
    struct json_writer *w = &reply->events.w;
    json_array_end(w);
    if (reply->wants_usage) {
        json_key(w, "usage");
        json_null_value(w);
    }
    json_object_end(w);
    events_end(&reply->events);
}

/* Takes the events out, frees the rest: to end the call ends the arena with the state in it. */
static struct events let_go(struct reply *reply)
{
    struct events events = reply->events;
    reply->events = (struct events){ 0 };
    reply->release(reply);
    return events;
}

void reply_finish_stream(struct reply *reply, const struct reply_usage *usage)
{
    struct err err = { 0 };
    if (events_settle(&reply->events, &err) < 0) {
        reply_fail(&reply->fan, &err, 0);
        return;
    }
    if (reply->wants_usage) {
        struct json_writer *w = reply_begin_event(reply);
        json_array_end(w);
        reply_write_usage(w, usage);
        json_object_end(w);
        events_end(&reply->events);
    }
    struct events events = let_go(reply);
    events_finish(&events);
}

void reply_finish(struct reply *reply, const struct buf *json)
{
    struct events events = let_go(reply);
    events_release(&events);
    call_json(events.call, json);
}

void reply_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms)
{
    struct events events = let_go((struct reply *)fan);
    events_fail(&events, err, retry_after_ms);
}

void reply_close(struct fan *fan)
{
    struct events events = let_go((struct reply *)fan);
    events_release(&events);
}

void reply_flush(struct fan *fan)
{
    struct reply *reply = (struct reply *)fan;
    struct err err = { 0 };
    if (reply->stream && events_flush(&reply->events, &err) < 0) fan_fail(fan, &err, 0);
}

static const struct field prompt_details_answer[] = {
    ANSWER("cached_tokens", INT, .help = "Of the prompt, found in the prefix cache."),
    ANSWER("audio_tokens", INT, .help = "Always 0."),
    FIELDS_END,
};

static const struct field completion_details_answer[] = {
    ANSWER("reasoning_tokens", INT, .help = "Those that the model thought before it answered."),
    ANSWER("audio_tokens", INT, .help = "Always 0."),
    ANSWER("accepted_prediction_tokens", INT, .help = "Always 0: predictions are not used."),
    ANSWER("rejected_prediction_tokens", INT, .help = "Always 0: predictions are not used."),
    FIELDS_END,
};

const struct field usage_answer[] = {
    ANSWER("prompt_tokens", INT, .help = "Tokens read, template included; once for all choices."),
    ANSWER("completion_tokens", INT, .help = "Tokens made, of all choices."),
    ANSWER("total_tokens", INT, .help = "The sum."),
    ANSWER("prompt_tokens_details", OBJECT, .fields = prompt_details_answer, .help = "Shares."),
    ANSWER("completion_tokens_details", OBJECT, .fields = completion_details_answer,
           .help = "Shares."),
    FIELDS_END,
};

static const char bytes_schema[] =
    "{\"type\":\"array\",\"items\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":255}}";

static const struct field top_logprob_answer[] = {
    ANSWER("token", STRING, .help = "Its text, or bytes:\\x.. when it is part of a character."),
    ANSWER("logprob", NUMBER, .help = "Natural logarithm of its probability; -9999: never."),
    ANSWER("bytes", JSON, .schema = bytes_schema, .help = "Its bytes."),
    FIELDS_END,
};

static const struct field logprob_answer[] = {
    ANSWER("token", STRING, .help = "Its text, or bytes:\\x.. when it is part of a character."),
    ANSWER("logprob", NUMBER, .help = "Natural logarithm of its probability; -9999: never."),
    ANSWER("bytes", JSON, .schema = bytes_schema, .help = "Its bytes."),
    ANSWER("top_logprobs", OBJECTS, .fields = top_logprob_answer, .help = "The likeliest."),
    FIELDS_END,
};

const struct field chat_logprobs_answer[] = {
    ANSWER("content", OBJECTS, .fields = logprob_answer, .help = "One entry per token."),
    ANSWER("refusal", JSON, .schema = "{\"type\":\"null\"}", .help = "Always null."),
    FIELDS_END,
};

const char *const finish_reasons_answer[] = { "stop", "length", "tool_calls", "content_filter",
                                              NULL };
