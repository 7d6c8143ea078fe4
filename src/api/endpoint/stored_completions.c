/* GET /v1/chat/completions: the answers that were kept, by model and metadata. */
#include "api/endpoint.h"
#include "api/list_answer.h"
#include "api/metadata.h"
#include "api/stored.h"
#include "store/completion_table.h"

struct list_completions_req {
    struct list_req list;
    struct field_string model;
    struct field_json metadata;
};

struct list_completions {
    struct stored stored; /* first */
    struct listing page;
    struct completion_filter filter;
    struct completion_label labels[COMPLETION_LABELS_MAX];
    struct slice body;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct list_completions *l = (struct list_completions *)stored;
    struct db_rows rows;
    TRY(completion_page(&rows, db, &stored->principal, &l->filter, &l->page, err));
    return list_answer_from_rows(&l->body, &rows, l->page.limit, &stored->arena, err);
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    struct list_completions *l = (struct list_completions *)stored;
    stored->call->ops->reply(stored->call, 200, "application/json", l->body);
    return 0;
}

static void take_labels(struct list_completions *l, const json_t *metadata)
{
    json_t *all = (json_t *)(uintptr_t)metadata; /* Only read. */
    struct arena *arena = &l->stored.arena;
    for (void *it = json_object_iter(all); it; it = json_object_iter_next(all, it)) {
        const json_t *value = json_object_iter_value(it);
        struct slice content = { json_string_value(value), json_string_length(value) };
        l->labels[l->filter.n_labels++] = (struct completion_label){
            .label = arena_slice(arena, slice_of(json_object_iter_key(it))),
            .content = arena_slice(arena, content),
        };
    }
    l->filter.labels = l->labels;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct list_completions_req *req = request;
    TRY(metadata_check(req->metadata.value, "metadata", err));
    struct list_completions *l = stored_new(call, sizeof *l, err);
    if (!l) return -ERR_NO_MEMORY;
    list_req_fill(&l->page, &req->list, &l->stored.arena);
    if (req->model.given) l->filter.model = arena_slice(&l->stored.arena, req->model.value);
    take_labels(l, req->metadata.value);
    return stored_begin(&l->stored, run, answer, err);
}

static const struct field query[] = {
    FIELD_INCLUDE(struct list_completions_req, list, list_fields_ascending),
    FIELD_STRING(struct list_completions_req, model, .len_max = MSG_NAME_MAX,
                 .help = "Only those of this model."),
    FIELD_JSON(struct list_completions_req, metadata, .types = FIELD_TYPE_OBJECT,
               .schema = metadata_schema,
               .help = "Only those with all of these labels: metadata[topic]=weather."),
    FIELDS_END,
};

const struct endpoint endpoint_stored_completions = {
    .method = "GET",
    .path = "/v1/chat/completions",
    .query = query,
    .size = sizeof(struct list_completions_req),
    .handle = handle,
    .name = "StoredCompletions",
    .tag = "Chat",
    .summary = "The answers that were kept (store: true), by pages.",
    .response = list_answer_fields,
};
