#include "api/live.h"

#include "api/response_body.h"
#include "api/response_history.h"
#include "base/json.h"
#include "store/conversation_table.h"
#include "store/items.h"
#include "store/ledger.h"
#include "store/response_table.h"

#include <stdio.h>

struct live *live_of_job(struct store_job *job)
{
    return (struct live *)((char *)job - offsetof(struct live, job));
}

/* ---- Before it begins ---- */

static void take_row(struct live *live, const struct response_row *row)
{
    live->request = row->request;
    live->model = row->model;
    live->previous_id = row->previous_id;
    live->conversation_id = row->conversation_id;
    live->created_at = row->created_at;
    live->seed = row->seed;
    if (!live->replay) return;
    live->body = row->body;
    live->n_events = row->n_events;
    (void)snprintf(live->status, sizeof live->status, "%.*s", SLICE_FMT(row->status)); /* Short. */
}

/* Of the first time: later the request holds their texts. */
static int find_files(struct live *live, struct db *db, struct err *err)
{
    bool before = prompt_files_any(live->history);
    if (!before && !live->shows_files && !live->indirect) return 0;
    TRY(prompt_files_init(&live->files, &live->work, err));
    json_t *root;
    TRY(json_read(&root, live->request, &json_limits_file, "the request", err));
    int rc = prompt_files_collect(&live->files, json_object_get(root, "input"), "input", err);
    json_decref(root);
    TRY(rc);
    TRY(prompt_files_collect(&live->files, live->history, NULL, err));
    return prompt_files_find(&live->files, db, &live->principal, err);
}

int live_store_load(struct store_job *job, struct db *db, struct err *err)
{
    struct live *live = live_of_job(job);
    const struct response_source source = { db, &live->principal, &live->key, &live->work };
    struct response_row row = { .history_items = UINT64_MAX };
    struct response_history history;
    bool again = live->on_disk;
    arena_reset_to(&live->work, live->fresh);
    json_decref(live->history);
    live->history = NULL;
    live->request = live->asked;
    live->files.n = 0;
    if (again) {
        TRY(response_find(&row, db, &live->principal, live->id, &live->work, err));
        take_row(live, &row);
    } else if (live->indirect) {
        TRY(response_input_resolve(&live->request, &source, live->asked, err));
    }
    TRY(response_history_read(&history, &source, live->previous_id, live->conversation_id,
                              row.history_items, err));
    live->history = history.items;
    live->history_items = history.n;
    live->history_sum = history.sum;
    if (!again) return find_files(live, db, err);
    if (history.n == row.history_items && history.sum == row.history_sum) return 0;
    return err_set(err, ERR_NOT_FOUND,
                   "What the response '%.*s' is based on has been deleted since, so that it cannot "
                   "be made again.",
                   SLICE_FMT(live->id));
}

/* ---- As it begins ---- */

int live_store_add(struct store_job *job, struct db *db, struct err *err)
{
    const struct live *live = live_of_job(job);
    const struct response_row row = {
        .id = live->id,
        .status = live->background ? SLICE("queued") : SLICE("in_progress"),
        .model = live->model,
        .request = live->request,
        .previous_id = live->previous_id,
        .conversation_id = live->conversation_id,
        .body = live->first,
        .created_at = live->created_at,
        .seed = live->seed,
        .background = live->background,
        .history_items = live->history_items,
        .history_sum = live->history_sum,
    };
    TRY(response_add(db, &live->principal, &row, err));
    int rc = items_append(db, &live->principal, &(struct items_list){ live->id, ITEMS_INPUT },
                          live->input, err);
    if (rc != -ERR_EXISTS) return rc;
    return err_param(err, ERR_INVALID_VALUE, "input",
                     "Two items of the input have the same id. Remove duplicate items from your "
                     "input and try again.");
}

/* ---- As it ended ---- */

/* Of a response that ended without its run. */
static int make_body(struct live *live, struct db *db, struct err *err)
{
    struct response_row row;
    const char *error = live->failure.code ? live->failure.text : NULL;
    int rc = response_find(&row, db, &live->principal, live->id, &live->work, err);
    if (rc == -ERR_NOT_FOUND) { /* Deleted meanwhile: nobody reads it. */
        live->body = SLICE("{\"output\":[]}");
        return 0;
    }
    TRY(rc);
    live->model = row.model;
    live->created_at = row.created_at;
    return response_body_with_status(&live->body, row.body, live->status, error, &live->work, err);
}

/* Of one that was cancelled: what there was by then. */
static int make_output(struct live *live, struct err *err)
{
    struct slice text;
    TRY(response_body_output(&text, live->body, &live->work, err));
    return json_read(&live->output, text, &json_limits_file, "the output", err);
}

/* Those of `items` whose ids are not in the conversation yet: a reference may stand for one. */
static int append_new(struct live *live, struct db *db, const json_t *items, struct err *err)
{
    const struct items_list list = conversation_items(live->conversation_id);
    json_t *fresh = json_array();
    int rc = fresh ? 0 : err_set(err, ERR_NO_MEMORY, "There is no memory for the response.");
    for (size_t i = 0; rc == 0 && i < json_array_size(items); i++) {
        json_t *item = json_array_get(items, i);
        const json_t *id = json_object_get(item, "id");
        struct slice text, name = { json_string_value(id), json_string_length(id) };
        int found = items_find(&text, db, &live->principal, &list, name, &live->work, NULL);
        if (found == -ERR_NOT_FOUND)
            rc = json_array_append(fresh, item) < 0
                     ? err_set(err, ERR_NO_MEMORY, "There is no memory for the response.")
                     : 0;
        else if (found < 0)
            rc = err_set(err, (enum err_code) - found, "the conversation's items cannot be read");
    }
    if (rc == 0) rc = conversation_append(db, &live->principal, live->conversation_id, fresh, err);
    json_decref(fresh);
    /* A conversation that was deleted meanwhile, or is full, takes nothing. */
    return rc == -ERR_NOT_FOUND || rc == -ERR_LIMIT ? 0 : rc;
}

static int add_items(struct live *live, struct db *db, struct err *err)
{
    const struct items_list list = { live->id, ITEMS_OUTPUT };
    TRY(items_append(db, &live->principal, &list, live->output, err));
    if (!live->conversation_id.ptr || !live->input) return 0;
    TRY(append_new(live, db, live->input, err));
    return append_new(live, db, live->output, err);
}

static int status_of(const struct live *live)
{
    if (strcmp(live->status, "cancelled") == 0) return err_http_status(ERR_CANCELLED);
    return strcmp(live->status, "failed") == 0 ? err_http_status(ERR_INTERNAL) : 200;
}

static int book(const struct live *live, struct db *db, struct err *err)
{
    if (!live->model.ptr) return 0; /* Deleted before its turn came. */
    const struct ledger_row row = {
        .id = live->id,
        .endpoint = SLICE("/v1/responses"),
        .model = live->model,
        .created_at = live->created_at,
        .status = status_of(live),
        .prompt_tokens = live->stats.prompt_tokens,
        .cached_tokens = live->stats.cached_tokens,
        .completion_tokens = live->stats.completion_tokens,
        .core_us = live->stats.core_us,
    };
    return ledger_add(db, &live->principal, &row, err);
}

int live_store_remove(struct store_job *job, struct db *db, struct err *err)
{
    const struct live *live = live_of_job(job);
    return response_delete(db, &live->principal, live->id, err);
}

int live_store_finish(struct store_job *job, struct db *db, struct err *err)
{
    struct live *live = live_of_job(job);
    if (!live->body.ptr) TRY(make_body(live, db, err));
    if (!live->output) TRY(make_output(live, err));
    const struct response_row row = { .id = live->id,
                                      .status = slice_of(live->status),
                                      .body = live->body,
                                      .n_events = live->n_events };
    int changed = response_finish(db, &live->principal, &row, err);
    if (changed < 0) return changed;
    if (changed > 0) TRY(add_items(live, db, err)); /* Else it was deleted meanwhile. */
    return book(live, db, err);
}
