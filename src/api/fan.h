/* fan - one HTTP request that becomes several worker requests (a list of prompts, of inputs).
 *
 * At most FAN_WINDOW run at once, so that one client's list leaves the queue to others. The first
 * failure cancels the rest; the client's going away cancels all. A chat is a fan of one.
 *
 * What the items have used so far stands in call->stats at any time: that is what the answer's
 * usage tells and what the ledger gets, whether the answer becomes whole or not.
 *
 * The endpoint's state begins with its struct fan and lies in the call's arena. After `finish`,
 * `fail` or `close` the fan is over; finish and fail answer the call and release what they hold.
 */
#ifndef TIRO_API_FAN_H
#define TIRO_API_FAN_H

#include "api/backend.h"

enum {
    FAN_WINDOW = 16,
    FAN_CHOICES_MAX = 8, /* of one item */
};

struct fan;

struct fan_ops {
    /* The message of item `index`; what it points to is needed until this fan's submit returned.
     * Not asked of a fan of one. */
    int (*request)(struct fan *fan, uint32_t index, struct msg_request *ret, struct err *err);
    void (*score)(struct fan *fan, uint32_t index, const struct msg_score *m);
    void (*token)(struct fan *fan, uint32_t index, const struct msg_token *m);
    void (*tool)(struct fan *fan, uint32_t index, const struct msg_tool_delta *m);
    void (*done)(struct fan *fan, uint32_t index, const struct msg_done *m);
    void (*encoded)(struct fan *fan, uint32_t index, const struct msg_tokens *m);
    /* A negative return fails the fan. */
    int (*embedding)(struct fan *fan, uint32_t index, const struct msg_embedding *m,
                     struct err *err);
    /* True when nothing was sent yet; the item's events so far are forgotten then. */
    bool (*restart)(struct fan *fan, uint32_t index);
    void (*flush)(struct fan *fan);
    void (*finish)(struct fan *fan);
    void (*fail)(struct fan *fan, const struct err *err, uint32_t retry_after_ms);
    void (*close)(struct fan *fan); /* the client is gone: release only */
};

struct fan_item {
    struct fan *fan;
    struct backend_handle *handle; /* NULL: not begun, or ended */
    uint32_t index, prompt_tokens, cached_tokens;
    uint32_t n_choices, completion_tokens[FAN_CHOICES_MAX]; /* so far, of each choice */
    uint64_t core_us;
};

struct fan {
    const struct fan_ops *ops;
    struct call *call;
    const char *model; /* in the call's arena */
    struct fan_item *items;
    uint32_t n, n_begun, n_ended;
    const struct msg_request *only; /* of a fan of one, until it has begun */
};

/* Submits the first items. On failure nothing runs and nothing was answered. */
int fan_begin(struct fan *fan, const struct fan_ops *ops, struct call *call, const char *model,
              uint32_t n, struct err *err) MUST_USE;
/* A fan of one: of this request, which is needed until this returns. */
int fan_begin_one(struct fan *fan, const struct fan_ops *ops, struct call *call, const char *model,
                  const struct msg_request *request, struct err *err) MUST_USE;
/* Cancels all and fails the fan; not from inside request, nor after it is over. */
void fan_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms);
/* Tokens of all prompts so far. */
uint64_t fan_prompt_tokens(const struct fan *fan);
uint64_t fan_cached_tokens(const struct fan *fan);

#endif
