/* reply - the pieces that answers share: ids, the head of every body, usage, events, logprobs. */
#ifndef TIRO_API_REPLY_H
#define TIRO_API_REPLY_H

#include "api/backend.h"
#include "api/field.h"
#include "base/json.h"

enum {
    REPLY_ID_MAX = 48,
    REPLY_BYTES_MAX = 64 << 20, /* one JSON answer */
    EVENTS_BYTES_MAX = 4 << 20, /* what one batch of worker events may write to one stream */
};

/* `prefix` and 28 random letters and digits. */
void reply_id(char ret[REPLY_ID_MAX], const char *prefix);

/* What every body and event of one answer begins with. */
struct reply_head {
    char id[REPLY_ID_MAX];
    const char *object, *model, *fingerprint; /* fingerprint may be NULL */
    int64_t created;
};
/* A fresh id and the time; strings are copied into the call's arena. */
int reply_head_init(struct reply_head *ret, struct call *call, const struct backend_model *model,
                    const char *id_prefix, const char *object, struct err *err) MUST_USE;
/* Opens an object with id, object, created, model, system_fingerprint. */
void reply_begin(struct json_writer *w, const struct reply_head *head);

struct reply_usage {
    uint64_t prompt_tokens, cached_tokens, completion_tokens;
};
/* "usage": {...} */
void reply_write_usage(struct json_writer *w, const struct reply_usage *usage);

const char *reply_finish_reason(uint32_t finish_reason);

/* "token" as a string: its bytes, or "bytes:\xe2\x82" when they are not UTF-8 by themselves. */
void reply_write_token(struct json_writer *w, struct slice bytes);
void reply_write_token_key(struct json_writer *w, struct slice bytes);
/* JSON has no infinity: what cannot happen is -9999, as at OpenAI. */
void reply_write_logprob(struct json_writer *w, float logprob);
/* One entry of chat's logprobs.content. */
void reply_write_chat_logprob(struct json_writer *w, const struct msg_logprob *entry);

/* How the documents describe these pieces. */
extern const struct field usage_answer[], chat_logprobs_answer[];
extern const char *const finish_reasons_answer[];

/* Server-sent events, gathered until flush. */
struct events {
    struct call *call;
    struct buf out;
    struct json_writer w;
    bool begun; /* something has reached the client */
};
void events_init(struct events *events, struct call *call);
void events_release(struct events *events);
/* "data: " and a writer for one JSON value, until events_end. */
struct json_writer *events_begin(struct events *events);
void events_end(struct events *events);
/* -ERR_NO_MEMORY when something did not fit: then the stream must be failed. */
int events_flush(struct events *events, struct err *err) MUST_USE;
/* The error as an event, if the stream has begun, else as a plain answer; ends the call. */
void events_fail(struct events *events, const struct err *err, uint32_t retry_after_ms);
/* "data: [DONE]"; ends the call. */
void events_finish(struct events *events);

#endif
