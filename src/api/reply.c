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
    if (!head->fingerprint) return;
    json_key(w, "system_fingerprint");
    json_str(w, head->fingerprint);
}

static void write_count(struct json_writer *w, const char *name, uint64_t count)
{
    json_key(w, name);
    json_uint(w, count);
}

void reply_write_usage(struct json_writer *w, const struct reply_usage *usage)
{
    json_key(w, "usage");
    json_object_begin(w);
    write_count(w, "prompt_tokens", usage->prompt_tokens);
    write_count(w, "completion_tokens", usage->completion_tokens);
    write_count(w, "total_tokens", usage->prompt_tokens + usage->completion_tokens);
    json_key(w, "prompt_tokens_details");
    json_object_begin(w);
    write_count(w, "cached_tokens", usage->cached_tokens);
    write_count(w, "audio_tokens", 0);
    json_object_end(w);
    json_key(w, "completion_tokens_details");
    json_object_begin(w);
    write_count(w, "reasoning_tokens", 0);
    write_count(w, "audio_tokens", 0);
    write_count(w, "accepted_prediction_tokens", 0);
    write_count(w, "rejected_prediction_tokens", 0);
    json_object_end(w);
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

void events_init(struct events *events, struct call *call)
{
    *events = (struct events){ .call = call };
    buf_init(&events->out, EVENTS_BYTES_MAX);
}

void events_release(struct events *events)
{
    buf_release(&events->out);
}

struct json_writer *events_begin(struct events *events)
{
    buf_add_slice(&events->out, SLICE("data: "));
    json_writer_init(&events->w, &events->out);
    return &events->w;
}

void events_end(struct events *events)
{
    buf_add_slice(&events->out, SLICE("\n\n"));
}

static void send(struct events *events)
{
    if (events->out.len == 0) return;
    if (!events->begun) {
        events->begun = true;
        events->call->stats.streamed = true;
        events->call->ops->stream_begin(events->call);
    }
    events->call->ops->stream_send(events->call, buf_slice(&events->out));
    buf_reset(&events->out);
}

int events_flush(struct events *events, struct err *err)
{
    if (events->out.failed)
        return err_set(err, ERR_NO_MEMORY, "There is no memory for the answer.");
    send(events);
    return 0;
}

void events_fail(struct events *events, const struct err *err, uint32_t retry_after_ms)
{
    struct call *call = events->call;
    if (!events->begun) {
        events_release(events);
        call_error(call, err, retry_after_ms);
        return;
    }
    /* What was gathered is whole events, unless memory ran out in the middle of one. */
    if (events->out.failed) buf_reset(&events->out);
    struct buf last;
    buf_init(&last, EVENTS_BYTES_MAX);
    buf_add_slice(&last, SLICE("data: "));
    error_write_json(&last, err);
    buf_add_slice(&last, SLICE("\n\n"));
    send(events);
    struct slice text = buf_slice(&last);
    if (last.failed)
        text = SLICE("data: {\"error\":{\"message\":\"out of memory\",\"type\":\"server_error\","
                     "\"param\":null,\"code\":\"out_of_memory\"}}\n\n");
    call->ops->stream_send(call, text);
    buf_release(&last);
    events_release(events);
    call->ops->stream_end(call);
}

void events_finish(struct events *events)
{
    struct call *call = events->call;
    struct err err = { 0 };
    buf_add_slice(&events->out, SLICE("data: [DONE]\n\n"));
    if (events_flush(events, &err) < 0) {
        events_fail(events, &err, 0);
        return;
    }
    events_release(events);
    call->ops->stream_end(call);
}

static const struct field prompt_details_answer[] = {
    ANSWER("cached_tokens", INT, .help = "Of the prompt, found in the prefix cache."),
    ANSWER("audio_tokens", INT, .help = "Always 0."),
    FIELDS_END,
};

static const struct field completion_details_answer[] = {
    ANSWER("reasoning_tokens", INT, .help = "Always 0."),
    ANSWER("audio_tokens", INT, .help = "Always 0."),
    ANSWER("accepted_prediction_tokens", INT, .help = "Always 0."),
    ANSWER("rejected_prediction_tokens", INT, .help = "Always 0."),
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
