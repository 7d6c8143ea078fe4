#include "api/fan.h"

#include "base/seam.h"

#include <assert.h>

static void cancel_all(struct fan *fan)
{
    struct backend *backend = fan->call->backend;
    for (uint32_t i = 0; i < fan->n_begun; i++) {
        struct backend_handle *handle = fan->items[i].handle;
        fan->items[i].handle = NULL;
        if (handle) backend->ops->cancel(backend, handle);
    }
}

void fan_fail(struct fan *fan, const struct err *err, uint32_t retry_after_ms)
{
    cancel_all(fan);
    fan->ops->fail(fan, err, retry_after_ms);
}

static int submit_next(struct fan *fan, struct err *err);

/* After this the fan may be over. */
static void item_ended(struct fan_item *item)
{
    struct fan *fan = item->fan;
    item->handle = NULL;
    fan->n_ended++;
    struct err err = { 0 };
    if (fan->n_ended == fan->n)
        fan->ops->finish(fan);
    else if (fan->n_begun < fan->n && submit_next(fan, &err) < 0)
        fan_fail(fan, &err, 0);
}

/* ---- What is used ---- */

static void note_prompt(struct fan_item *item, uint32_t prompt, uint32_t cached)
{
    struct call_stats *stats = &item->fan->call->stats;
    stats->prompt_tokens += prompt - item->prompt_tokens;
    stats->cached_tokens += cached - item->cached_tokens;
    item->prompt_tokens = prompt;
    item->cached_tokens = cached;
}

static void note_completion(struct fan_item *item, uint32_t choice, uint32_t n_tokens)
{
    if (choice >= item->n_choices) return; /* A worker that counts wrong. */
    item->fan->call->stats.completion_tokens += n_tokens - item->completion_tokens[choice];
    item->completion_tokens[choice] = n_tokens;
}

static void note_cores(struct fan_item *item, uint64_t core_us)
{
    item->fan->call->stats.core_us += core_us - item->core_us;
    item->core_us = core_us;
}

/* The request goes to another worker: its tokens are counted anew. The lost one's cores have worked
 * all the same. */
static void forget_tokens(struct fan_item *item)
{
    note_prompt(item, 0, 0);
    for (uint32_t i = 0; i < item->n_choices; i++) note_completion(item, i, 0);
    item->core_us = 0;
}

/* ---- What comes ---- */

static void on_counted(void *user, const struct msg_counted *m)
{
    note_prompt(user, m->prompt_tokens, m->cached_tokens);
}

static void on_score(void *user, const struct msg_score *m)
{
    struct fan_item *item = user;
    if (item->fan->ops->score) item->fan->ops->score(item->fan, item->index, m);
}

static void note_first_token(const struct fan *fan)
{
    struct call_stats *stats = &fan->call->stats;
    if (!stats->first_token_ns) stats->first_token_ns = now_ns();
}

static void on_token(void *user, const struct msg_token *m)
{
    struct fan_item *item = user;
    note_first_token(item->fan);
    note_completion(item, m->choice, m->n_tokens);
    note_cores(item, m->core_us);
    if (item->fan->ops->token) item->fan->ops->token(item->fan, item->index, m);
}

static void on_tool(void *user, const struct msg_tool_delta *m)
{
    struct fan_item *item = user;
    note_first_token(item->fan);
    note_completion(item, m->choice, m->n_tokens);
    note_cores(item, m->core_us);
    if (item->fan->ops->tool) item->fan->ops->tool(item->fan, item->index, m);
}

static void on_encoded(void *user, const struct msg_tokens *m)
{
    struct fan_item *item = user;
    if (item->fan->ops->encoded) item->fan->ops->encoded(item->fan, item->index, m);
    item_ended(item);
}

static void on_done(void *user, const struct msg_done *m)
{
    struct fan_item *item = user;
    struct fan *fan = item->fan;
    note_prompt(item, m->prompt_tokens, m->cached_tokens);
    note_completion(item, m->choice, m->completion_tokens);
    note_cores(item, m->core_us);
    if (fan->ops->done) fan->ops->done(fan, item->index, m);
    if (m->final) item_ended(item);
}

static void on_embedding(void *user, const struct msg_embedding *m)
{
    struct fan_item *item = user;
    struct fan *fan = item->fan;
    struct err err = { 0 };
    note_prompt(item, m->prompt_tokens, 0);
    note_cores(item, m->core_us);
    int result = fan->ops->embedding
                     ? fan->ops->embedding(fan, item->index, m, &err)
                     : err_set(&err, ERR_PROTOCOL, "an embedding was not asked for");
    if (result == 0) {
        item_ended(item);
        return;
    }
    item->handle = NULL;
    fan_fail(fan, &err, 0);
}

static void on_error(void *user, const struct err *err, uint32_t retry_after_ms)
{
    struct fan_item *item = user;
    item->handle = NULL; /* It ended with this event. */
    fan_fail(item->fan, err, retry_after_ms);
}

static bool on_restart(void *user)
{
    struct fan_item *item = user;
    if (!item->fan->ops->restart(item->fan, item->index)) return false;
    forget_tokens(item);
    return true;
}

static void on_flush(void *user)
{
    struct fan_item *item = user;
    if (item->fan->ops->flush) item->fan->ops->flush(item->fan);
}

static const struct backend_events events = {
    .counted = on_counted,
    .score = on_score,
    .token = on_token,
    .tool = on_tool,
    .done = on_done,
    .encoded = on_encoded,
    .embedding = on_embedding,
    .error = on_error,
    .restart = on_restart,
    .flush = on_flush,
};

static int submit_next(struct fan *fan, struct err *err)
{
    struct fan_item *item = &fan->items[fan->n_begun];
    struct msg_request request = { .sampling = MSG_SAMPLING_DEFAULT };
    struct backend *backend = fan->call->backend;
    const struct msg_request *m = fan->only ? fan->only : &request;
    if (!fan->only) TRY(fan->ops->request(fan, item->index, &request, err));
    item->n_choices = m->best_of ? m->best_of : m->n;
    assert(item->n_choices <= FAN_CHOICES_MAX);
    TRY(backend->ops->submit(backend, &item->handle, fan->model, m, &events, item, err));
    fan->n_begun++;
    return 0;
}

static void on_close(struct call *call)
{
    struct fan *fan = call->state;
    cancel_all(fan);
    fan->ops->close(fan);
}

static int begin(struct fan *fan, const struct fan_ops *ops, struct call *call, const char *model,
                 uint32_t n, const struct msg_request *only, struct err *err)
{
    assert(n > 0 && !fan->items);
    struct fan_item *items = ARENA_NEWS(call->arena, n, struct fan_item);
    char *name = arena_strdup(call->arena, model);
    if (!items || !name) return arena_check(call->arena, "the request", err);
    *fan = (struct fan){
        .ops = ops, .call = call, .model = name, .items = items, .n = n, .only = only
    };
    for (uint32_t i = 0; i < n; i++) items[i] = (struct fan_item){ .fan = fan, .index = i };
    while (fan->n_begun < n && fan->n_begun < FAN_WINDOW) {
        int result = submit_next(fan, err);
        if (result == 0) continue;
        cancel_all(fan);
        return result;
    }
    fan->only = NULL;
    call->state = fan;
    call->on_close = on_close;
    return 0;
}

int fan_begin(struct fan *fan, const struct fan_ops *ops, struct call *call, const char *model,
              uint32_t n, struct err *err)
{
    return begin(fan, ops, call, model, n, NULL, err);
}

int fan_begin_one(struct fan *fan, const struct fan_ops *ops, struct call *call, const char *model,
                  const struct msg_request *request, struct err *err)
{
    return begin(fan, ops, call, model, 1, request, err);
}

uint64_t fan_prompt_tokens(const struct fan *fan)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < fan->n_begun; i++) sum += fan->items[i].prompt_tokens;
    return sum;
}

uint64_t fan_cached_tokens(const struct fan *fan)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < fan->n_begun; i++) sum += fan->items[i].cached_tokens;
    return sum;
}
