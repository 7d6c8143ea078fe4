/* GET /v1/tiro/evaluations/{evaluation_id}/items: its questions and what came of them. */
#include "api/evaluations.h"
#include "api/reply.h"

enum { LIMIT_MAX = 100 };

static const char *const states[] = { "waiting", "answered", "done", NULL };

struct items_req {
    struct field_int limit, after;
    struct field_enum state;
};

static const struct field query[] = {
    FIELD_INT(struct items_req, limit, .range = { 1, LIMIT_MAX }, .def = "50",
              .help = "The most of a page."),
    FIELD_INT(struct items_req, after, .range = { 0, EVAL_ITEMS_MAX }, .def = "0",
              .help = "The number of the last of the page before."),
    FIELD_ENUM(struct items_req, state, .names = states, .help = "Only these."),
    FIELDS_END,
};

struct items {
    struct evaluations_call call;
    struct evaluation_item_listing listing;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct items *items = (struct items *)stored;
    struct evaluation_row row;
    struct json_writer w;
    struct buf out;
    TRY(evaluation_find(&row, db, &stored->principal, items->call.id, &stored->arena, err));
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    int rc = evaluation_items_list(&w, db, items->call.id, &items->listing, err);
    if (rc == 0) return field_keep_text(&items->call.answer, &out, &stored->arena, err);
    buf_release(&out);
    return rc;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct items_req *req = request;
    struct items *items = evaluations_call_new(call, sizeof *items, err);
    if (!items) return -ERR_NO_MEMORY;
    items->listing = (struct evaluation_item_listing){
        .after = req->after.value,
        .state = req->state.given ? req->state.value : -1,
        .limit = (int)req->limit.value,
    };
    return evaluations_call_begin(&items->call, run, err);
}

static const struct field response[] = {
    ANSWER("object", STRING, .help = "list"),
    ANSWER("data", OBJECTS, .fields = evaluations_item_fields, .help = "By their numbers."),
    ANSWER("has_more", BOOL, .help = "Whether there is a next page."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_evaluation_items = {
    .method = "GET",
    .path = "/v1/tiro/evaluations/{evaluation_id}/items",
    .query = query,
    .size = sizeof(struct items_req),
    .handle = handle,
    .name = "EvaluationItemList",
    .tag = "Evaluations",
    .summary = "An exam's questions and what came of them.",
    .response = response,
};
