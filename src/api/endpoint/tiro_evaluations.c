/* GET /v1/tiro/evaluations: the exams that models sat here. */
#include "api/evaluations.h"
#include "api/reply.h"

enum { LIMIT_MAX = 100, MODEL_MAX = 256 };

struct list_req {
    struct field_int limit;
    struct field_string after, model;
};

static const struct field query[] = {
    FIELD_INT(struct list_req, limit, .range = { 1, LIMIT_MAX }, .def = "20",
              .help = "The most of a page."),
    FIELD_STRING(struct list_req, after, .len_max = EVALUATIONS_ID_MAX,
                 .help = "The last of the page before."),
    FIELD_STRING(struct list_req, model, .len_max = MODEL_MAX, .help = "Only of this model."),
    FIELDS_END,
};

struct list {
    struct evaluations_call call;
    struct evaluation_listing listing;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct list *list = (struct list *)stored;
    struct json_writer w;
    struct buf out;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    int rc = evaluation_list(&w, db, &stored->principal, &list->listing, err);
    if (rc == 0) return field_keep_text(&list->call.answer, &out, &stored->arena, err);
    buf_release(&out);
    return rc;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct list_req *req = request;
    struct list *list = evaluations_call_new(call, sizeof *list, err);
    if (!list) return -ERR_NO_MEMORY;
    struct arena *arena = &list->call.stored.arena;
    list->listing.limit = (int)req->limit.value;
    if (req->after.given) list->listing.after = arena_slice(arena, req->after.value);
    if (req->model.given) list->listing.model = arena_slice(arena, req->model.value);
    return evaluations_call_begin(&list->call, run, err);
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = evaluations_answer_fields, .help = "The newest first."),
    ANSWER("has_more", BOOL, .help = "Whether there is a next page."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_evaluations = {
    .method = "GET",
    .path = "/v1/tiro/evaluations",
    .query = query,
    .size = sizeof(struct list_req),
    .handle = handle,
    .name = "EvaluationList",
    .tag = "Evaluations",
    .summary = "The exams that models sat here, with their reports.",
    .response = response,
};
