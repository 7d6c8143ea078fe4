/* GET /v1/tiro/usage: the ledger's sums as one table. */
#include "api/endpoint.h"
#include "api/stored.h"
#include "api/usage_report.h"
#include "base/seam.h"

struct usage_table_req {
    struct field_int start_time, end_time;
    struct field_strings by;
};

static const struct field fields[] = {
    FIELD_INT(struct usage_table_req, start_time, .range = { 0, 1e11 }, .def = "0",
              .help = "Unix seconds; by day, from the beginning of that day in UTC."),
    FIELD_INT(struct usage_table_req, end_time, .range = { 0, 1e11 },
              .help = "Unix seconds, exclusive; now, if absent."),
    FIELD_STRINGS(struct usage_table_req, by, .len_max = 8, .item_len_max = 32,
                  .help = "What to sum by: day, model, key, endpoint, user, project."),
    FIELDS_END,
};

struct table {
    struct stored stored; /* first */
    struct usage_query q;
    struct slice body;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct table *t = (struct table *)stored;
    struct usage_query q = t->q;
    struct buf out;
    buf_init(&out, USAGE_REPORT_BYTES_MAX);
    int rc = usage_report_write(&out, db, &stored->principal, &q, err);
    if (rc == 0) return field_keep_text(&t->body, &out, &stored->arena, err);
    buf_release(&out);
    return rc;
}

static int answer(struct stored *stored, struct err *err)
{
    struct table *t = (struct table *)stored;
    (void)err;
    stored->call->ops->reply(stored->call, 200, "application/json", t->body);
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct usage_table_req *req = request;
    struct usage_query q = { .start = req->start_time.value,
                             .end = req->end_time.value,
                             .all_projects = call->caller.owner };
    if (!req->end_time.given) q.end = (int64_t)(wall_ns() / 1000000000u) + 1;
    for (size_t i = 0; i < req->by.n; i++) {
        unsigned by = usage_report_by(req->by.items[i]);
        if (!by)
            return err_param(
                err, ERR_INVALID_VALUE, "by",
                "Invalid value for 'by': '%.*s'. It must be day, model, key, endpoint, "
                "user or project.",
                SLICE_FMT(req->by.items[i]));
        q.by |= by;
    }
    struct table *t = stored_new(call, sizeof *t, err);
    if (!t) return -ERR_NO_MEMORY;
    t->q = q;
    return stored_begin(&t->stored, run, answer, err);
}

static const char *const list_objects[] = { "list", NULL };

static const struct field row_answer[] = {
    ANSWER_MAYBE("day", STRING, .help = "2026-11-28; each of these if it was summed by."),
    ANSWER_MAYBE("project", STRING, .help = "Its id."),
    ANSWER_MAYBE("user", STRING, .help = "Its id."),
    ANSWER_MAYBE("key", STRING, .help = "Its id."),
    ANSWER_MAYBE("model", STRING, .help = "Its id."),
    ANSWER_MAYBE("endpoint", STRING, .help = "Its path."),
    ANSWER("requests", INT, .help = "Those that broke off included."),
    ANSWER("input_tokens", INT, .help = "Tokens read, cached ones included."),
    ANSWER("cached_tokens", INT, .help = "Of those: found in the prefix cache."),
    ANSWER("output_tokens", INT, .help = "Tokens made."),
    ANSWER("core_seconds", NUMBER, .help = "Time that the cores spent."),
    FIELDS_END,
};

static const struct field response[] = {
    ANSWER("object", ENUM, .names = list_objects, .help = "list"),
    ANSWER("start", INT, .help = "Unix seconds."),
    ANSWER("end", INT, .help = "Unix seconds, exclusive."),
    ANSWER("data", OBJECTS, .fields = row_answer, .help = "In the order of what is summed by."),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_usage = {
    .method = "GET",
    .path = "/v1/tiro/usage",
    .query = fields,
    .size = sizeof(struct usage_table_req),
    .handle = handle,
    .name = "UsageTable",
    .tag = "Usage",
    .summary = "Tokens, requests and core seconds as one table.",
    .response = response,
};
