/* reply - what answers share: ids, the head of every body, usage, logprobs; and the life of one
 * that is generated, whole or as a stream. */
#ifndef TIRO_API_REPLY_H
#define TIRO_API_REPLY_H

#include "api/events.h"
#include "api/fan.h"
#include "api/field.h"
#include "base/json.h"

enum {
    REPLY_ID_MAX = 48,
    REPLY_BYTES_MAX = 64 << 20, /* one JSON answer */
};

/* `prefix` and 28 random letters and digits. */
void reply_id(char ret[REPLY_ID_MAX], const char *prefix);

/* What every body and event of one answer begins with. */
struct reply_head {
    char id[REPLY_ID_MAX];
    const char *object, *model;
    const char *fingerprint, *service_tier; /* NULL: left out */
    int64_t created;
};
/* A fresh id and the time; strings are copied into the call's arena. */
int reply_head_init(struct reply_head *ret, struct call *call, const struct backend_model *model,
                    const char *id_prefix, const char *object, struct err *err) MUST_USE;
/* Opens an object with id, object, created, model ..., and in it the array of choices. */
void reply_begin(struct json_writer *w, const struct reply_head *head);

struct reply_usage {
    uint64_t prompt_tokens, cached_tokens, completion_tokens;
    uint64_t reasoning_tokens; /* of the completion tokens */
};
/* "usage": {...} */
void reply_write_usage(struct json_writer *w, const struct reply_usage *usage);

/* {"id","object","deleted":true} */
void reply_write_deleted(struct json_writer *w, struct slice id, const char *object);

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

/* A generated answer. An endpoint's state begins with it. */
struct reply {
    struct fan fan; /* first: see api/fan.h */
    struct reply_head head;
    struct events events; /* of a stream */
    bool stream;
    bool wants_usage; /* a stream with include_usage */
    /* Frees what the endpoint's state holds beside this. */
    void (*release)(struct reply *reply);
};
/* What was used so far, as the ledger gets it; reasoning_tokens is the endpoint's to add. */
struct reply_usage reply_usage(const struct reply *reply);
/* The event with the usage, if it was asked for, and the end of the stream; the client gets both
 * when the ledger has its row. */
void reply_finish_stream(struct reply *reply, const struct reply_usage *usage);
/* The whole answer; `json` stays the caller's. */
void reply_finish(struct reply *reply, const struct buf *json);
/* One event of a stream, with a writer inside its choices. */
struct json_writer *reply_begin_event(struct reply *reply);
void reply_end_event(struct reply *reply);
/* For fan_ops. */
void reply_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms);
void reply_close(struct fan *fan);
void reply_flush(struct fan *fan);

#endif
