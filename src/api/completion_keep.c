#include "api/completion_keep.h"

#include "api/metadata.h"
#include "api/service.h"
#include "base/seam.h"

#include <assert.h>

enum { KEEP_BYTES_MAX = 64 << 20 };

void completion_keep_close(struct completion_keep *keep)
{
    if (!keep) return;
    arena_release(&keep->arena);
    buf_release(&keep->body);
    mem_free(keep);
}

/* ---- The request's messages, as GET .../messages shows them ---- */

static void write_message(struct json_writer *w, const json_t *message, const char *id)
{
    json_t *all = (json_t *)(uintptr_t)message; /* Only read. */
    const json_t *content = json_object_get(message, "content");
    json_object_begin(w);
    json_key(w, "id");
    json_str(w, id);
    json_key(w, "content");
    if (json_is_string(content))
        json_value(w, content);
    else
        json_null_value(w);
    json_key(w, "content_parts");
    if (json_is_array(content))
        json_value(w, content);
    else
        json_null_value(w);
    if (!json_object_get(message, "refusal")) {
        json_key(w, "refusal");
        json_null_value(w);
    }
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        const char *key = json_object_iter_key(it);
        const json_t *value = json_object_iter_value(it);
        bool shown = !json_is_null(value) || strcmp(key, "refusal") == 0;
        if (!shown || strcmp(key, "content") == 0) continue;
        json_key(w, key);
        json_value(w, value);
    }
    json_object_end(w);
}

static int take_message(struct item_row *ret, const json_t *message, const char *id,
                        struct arena *arena, struct err *err)
{
    struct buf text;
    struct json_writer w;
    buf_init(&text, FIELD_TEXT_MAX);
    json_writer_init(&w, &text);
    write_message(&w, message, id);
    ret->id = slice_of(id);
    ret->type = SLICE("message");
    return field_keep_text(&ret->body, &text, arena, err);
}

static int take_messages(struct completion_keep *keep, const json_t *messages, struct err *err)
{
    struct arena *arena = &keep->arena;
    keep->n_messages = json_array_size(messages);
    keep->messages = ARENA_NEWS(arena, keep->n_messages, struct item_row);
    if (!keep->messages) return arena_check(arena, "the request", err);
    for (size_t i = 0; i < keep->n_messages; i++) {
        const char *id = arena_printf(arena, "%s-%zu", keep->id, i);
        if (!id) return arena_check(arena, "the request", err);
        TRY(take_message(&keep->messages[i], json_array_get(messages, i), id, arena, err));
    }
    return 0;
}

static int take_principal(struct principal *mine, const struct principal *p, struct arena *arena,
                          struct err *err)
{
    mine->tenant = arena_slice(arena, p->tenant);
    mine->project = arena_slice(arena, p->project);
    mine->user = arena_slice(arena, p->user);
    mine->key = arena_slice(arena, p->key);
    return arena_check(arena, "the request", err);
}

static int take_request(struct completion_keep *keep, const json_t *metadata, struct err *err)
{
    json_t *body;
    struct call *call = keep->call;
    TRY(take_principal(&keep->principal, &call->principal, &keep->arena, err));
    TRY(metadata_fill(&keep->row.metadata, metadata, "metadata", &keep->arena, err));
    TRY(json_read(&body, call->body, &json_limits_request, "the body", err));
    int rc = take_messages(keep, json_object_get(body, "messages"), err);
    json_decref(body);
    return rc;
}

int completion_keep_open(struct completion_keep **ret, struct call *call, const json_t *metadata,
                         struct err *err)
{
    struct completion_keep *keep = mem_calloc(1, sizeof *keep);
    if (!keep) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    arena_init(&keep->arena, KEEP_BYTES_MAX);
    buf_init(&keep->body, REPLY_BYTES_MAX);
    keep->call = call;
    reply_id(keep->id, "chatcmpl-");
    int rc = take_request(keep, metadata, err);
    if (rc < 0)
        completion_keep_close(keep);
    else
        *ret = keep;
    return rc;
}

/* ---- The end ---- */

static int run(struct store_job *job, struct db *db, struct err *err)
{
    struct completion_keep *keep = (struct completion_keep *)job;
    const struct principal *owner = &keep->principal;
    struct items_list messages = completion_messages(keep->row.id);
    TRY(completion_add(db, owner, &keep->row, err));
    TRY(items_add(db, owner, &messages, keep->messages, keep->n_messages, err));
    return keep->books ? ledger_add(db, owner, &keep->ledger, err) : 0;
}

static void done(struct store_job *job, int rc, const struct err *err)
{
    struct completion_keep *keep = (struct completion_keep *)job;
    if (keep->call && rc < 0 && keep->books)
        keep->call->books_itself = false; /* It has not: that is the gateway's again. */
    if (keep->call) keep->done(keep->user, rc < 0 ? err : NULL);
    completion_keep_close(keep);
}

static void fill_ledger(struct completion_keep *keep)
{
    struct call *call = keep->call;
    const struct call_stats *stats = &call->stats;
    keep->ledger = (struct ledger_row){
        .id = arena_slice(&keep->arena, slice_of(call->request_id)),
        .endpoint = SLICE("/v1/chat/completions"),
        .model = keep->row.model,
        .created_at = (int64_t)(wall_ns() / 1000000000u),
        .status = 200,
        .prompt_tokens = stats->prompt_tokens,
        .cached_tokens = stats->cached_tokens,
        .completion_tokens = stats->completion_tokens,
        .core_us = stats->core_us,
    };
    keep->books = !call->books_itself; /* Else whoever made the call does. */
    call->books_itself = true;
}

static bool is_whole(const struct completion_keep *keep)
{
    return !keep->body.failed && !keep->arena.failed;
}

void completion_keep_begin(struct completion_keep *keep, int64_t created,
                           void (*on_done)(void *user, const struct err *err), void *user)
{
    struct err err = { 0 };
    struct call *call = keep->call;
    keep->done = on_done;
    keep->user = user;
    keep->row.id = slice_of(keep->id);
    keep->row.created_at = created;
    keep->row.model = arena_slice(&keep->arena, slice_of(call->stats.model));
    keep->row.body = buf_slice(&keep->body);
    fill_ledger(keep);
    keep->job.run = run;
    keep->job.done = done;
    int rc = !call->service->store ? err_set(&err, ERR_SHUTTING_DOWN, "The store is closed.")
             : !is_whole(keep) ? err_set(&err, ERR_NO_MEMORY, "There is no memory for the answer.")
                               : 0;
    if (rc == 0)
        store_submit(call->service->store, &keep->job);
    else
        done(&keep->job, rc, &err);
}

void completion_keep_forget(struct completion_keep *keep)
{
    keep->call = NULL;
}
