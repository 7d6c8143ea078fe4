#include "api/usage_pages.h"

#include "api/stored.h"
#include "base/json.h"
#include "base/seam.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { IDS_MAX = USAGE_NAMES_MAX, ID_MAX = 256, ANSWER_MAX = 32 << 20, PAGE_MAX = 40, WIDTHS = 3 };

static const char *const width_names[] = { "1m", "1h", "1d", NULL };

static const struct {
    int64_t seconds, usual, most; /* usual, most: buckets of a page */
} widths[WIDTHS] = { { 60, 60, 1440 }, { 3600, 24, 168 }, { USAGE_DAY_S, 7, 31 } };

/* clang-format off */
const struct field usage_fields[] = {
    FIELD_INT(struct usage_req, start_time, .required = true, .range = { 0, 1e11 },
              .help = "Unix seconds; the first bucket is the one it falls in."),
    FIELD_INT(struct usage_req, end_time, .range = { 0, 1e11 },
              .help = "Unix seconds: up to here, exclusive; now, if absent."),
    FIELD_ENUM(struct usage_req, bucket_width, .names = width_names, .def = "\"1d\"",
               .help = "Whole minutes, hours or days of UTC."),
    FIELD_STRINGS(struct usage_req, project_ids, .len_max = IDS_MAX, .item_len_max = ID_MAX,
                  .help = "Only these projects."),
    FIELD_STRINGS(struct usage_req, user_ids, .len_max = IDS_MAX, .item_len_max = ID_MAX,
                  .help = "Only these users."),
    FIELD_STRINGS(struct usage_req, api_key_ids, .len_max = IDS_MAX, .item_len_max = ID_MAX,
                  .help = "Only these keys."),
    FIELD_STRINGS(struct usage_req, models, .len_max = IDS_MAX, .item_len_max = ID_MAX,
                  .help = "Only these models."),
    FIELD_STRINGS(struct usage_req, group_by, .len_max = 8, .item_len_max = 32,
                  .help = "Results of their own by project_id, user_id, api_key_id, model, and, "
                          "for completions, batch and service_tier."),
    FIELD_INT(struct usage_req, limit, .range = { 1, 1440 },
              .help = "Buckets of a page: 7 days (at most 31), 24 hours (168) or 60 minutes "
                      "(1440)."),
    FIELD_STRING(struct usage_req, page, .len_max = PAGE_MAX,
                 .help = "next_page of the page before."),
    FIELDS_END,
};
/* clang-format on */

struct pages {
    struct stored stored; /* first */
    struct usage_query q;
    enum usage_kind kind;
    unsigned shown;    /* bits of usage_by that were asked for; */
    bool tier;         /* service_tier, too */
    int64_t n_buckets; /* of this page */
    bool more;
    struct slice body;
};

/* ---- What is asked ---- */

static int bad_name(const char *param, struct slice name, struct err *err)
{
    return err_param(err, ERR_INVALID_VALUE, param, "Invalid value for '%s': '%.*s'.", param,
                     (int)(name.len < 60 ? name.len : 60), name.ptr);
}

static int read_group_by(struct pages *p, const struct field_strings *names, struct err *err)
{
    static const struct {
        const char *name;
        enum usage_by by;
    } known[] = { { "project_id", USAGE_PROJECT },
                  { "user_id", USAGE_USER },
                  { "api_key_id", USAGE_KEY },
                  { "model", USAGE_MODEL },
                  { "batch", USAGE_BATCH } };
    for (size_t i = 0; i < names->n; i++) {
        struct slice name = names->items[i];
        unsigned by = 0;
        for (size_t k = 0; k < sizeof known / sizeof *known; k++)
            if (slice_is(name, known[k].name)) by = known[k].by;
        bool tier = slice_is(name, "service_tier");
        bool embeds = p->kind == USAGE_EMBEDDINGS;
        if ((!by && !tier) || (embeds && (tier || by == USAGE_BATCH)))
            return bad_name("group_by", name, err);
        p->shown |= by;
        p->tier = p->tier || tier;
    }
    return 0;
}

/* Where this page begins, and how many buckets it has. */
static int read_time(struct pages *p, const struct usage_req *req, struct err *err)
{
    int64_t width = widths[req->bucket_width.value].seconds;
    int64_t limit = req->limit.given ? req->limit.value : widths[req->bucket_width.value].usual;
    int64_t most = widths[req->bucket_width.value].most, start = req->start_time.value;
    int64_t end = req->end_time.given ? req->end_time.value
                                      : (int64_t)(wall_ns() / 1000000000u) + 1;
    struct slice page = req->page.value, head = SLICE("page_");
    if (limit > most)
        return err_param(err, ERR_INTEGER_ABOVE_MAX, "limit",
                         "Invalid 'limit': integer above maximum value. Expected a value <= "
                         "%" PRId64 " with this bucket_width, but got %" PRId64 " instead.",
                         most, limit);
    if (end <= start)
        return err_param(err, ERR_INVALID_VALUE, "end_time",
                         "Invalid 'end_time': it must be after 'start_time'.");
    if (req->page.given) {
        bool begins = slice_starts(page, head);
        struct slice time = { page.ptr + (begins ? head.len : 0),
                              begins ? page.len - head.len : 0 };
        if (!slice_to_i64(&start, time) || start < req->start_time.value || start >= end)
            return bad_name("page", page, err);
    }
    p->q.width = width;
    p->q.start = start / width * width;
    p->n_buckets = (end - p->q.start + width - 1) / width;
    p->more = p->n_buckets > limit;
    if (p->more) p->n_buckets = limit;
    p->q.end = p->more ? p->q.start + limit * width : end;
    return 0;
}

static struct usage_names keep(struct arena *arena, const struct field_strings *names)
{
    struct slice *items = ARENA_NEWS(arena, names->n ? names->n : 1, struct slice);
    for (size_t i = 0; items && i < names->n; i++) items[i] = arena_slice(arena, names->items[i]);
    return (struct usage_names){ items, items ? names->n : 0 };
}

static int read_request(struct pages *p, const struct usage_req *req, struct err *err)
{
    struct arena *arena = &p->stored.arena;
    TRY(read_group_by(p, &req->group_by, err));
    TRY(read_time(p, req, err));
    p->q.kind = p->kind;
    p->q.by = USAGE_TIME | p->shown;
    p->q.projects = keep(arena, &req->project_ids);
    p->q.users = keep(arena, &req->user_ids);
    p->q.keys = keep(arena, &req->api_key_ids);
    p->q.models = keep(arena, &req->models);
    if (req->batch.given) p->q.batch = req->batch.value ? 1 : -1;
    return 0;
}

/* ---- What is answered ---- */

static void write_name(struct json_writer *w, const struct pages *p, const char *key,
                       enum usage_by by, struct slice value)
{
    json_key(w, key);
    if (p->shown & by)
        json_slice(w, value);
    else
        json_null_value(w);
}

static void write_completions(struct json_writer *w, const struct pages *p,
                              const struct usage_row *row)
{
    json_member_uint(w, "input_cached_tokens", row->cached_tokens);
    json_member_uint(w, "input_uncached_tokens", row->prompt_tokens - row->cached_tokens);
    json_member_uint(w, "output_tokens", row->completion_tokens);
    json_member_uint(w, "input_audio_tokens", 0);
    json_member_uint(w, "output_audio_tokens", 0);
    json_key(w, "batch");
    if (p->shown & USAGE_BATCH)
        json_bool(w, row->batch);
    else
        json_null_value(w);
    json_key(w, "service_tier");
    json_str(w, p->tier ? "default" : NULL);
}

static void write_result(struct json_writer *w, const struct pages *p, const struct usage_row *row)
{
    bool embeds = p->kind == USAGE_EMBEDDINGS;
    json_object_begin(w);
    json_key(w, "object");
    json_str(w, embeds ? "organization.usage.embeddings.result"
                       : "organization.usage.completions.result");
    json_member_uint(w, "input_tokens", row->prompt_tokens);
    if (!embeds) write_completions(w, p, row);
    json_member_uint(w, "num_model_requests", row->requests);
    json_key(w, "core_seconds");
    json_double(w, (double)row->core_us / 1e6);
    write_name(w, p, "project_id", USAGE_PROJECT, row->project);
    write_name(w, p, "user_id", USAGE_USER, row->user);
    write_name(w, p, "api_key_id", USAGE_KEY, row->key);
    write_name(w, p, "model", USAGE_MODEL, row->model);
    json_object_end(w);
}

static void open_bucket(struct json_writer *w, const struct pages *p, int64_t bucket)
{
    json_object_begin(w);
    json_key(w, "object");
    json_str(w, "bucket");
    json_key(w, "start_time");
    json_int(w, p->q.start + bucket * p->q.width);
    json_key(w, "end_time");
    json_int(w, p->q.start + (bucket + 1) * p->q.width);
    json_key(w, "results");
    json_array_begin(w);
}

static void close_bucket(struct json_writer *w)
{
    json_array_end(w);
    json_object_end(w);
}

/* Rows come by bucket; every bucket is written, also where no row is. */
static int write_buckets(struct json_writer *w, const struct pages *p, struct db_rows *rows,
                         struct err *err)
{
    struct usage_row row;
    int64_t bucket = 0;
    int rc;
    open_bucket(w, p, bucket);
    while ((rc = usage_next(&row, rows, err)) > 0) {
        for (; bucket < row.bucket; bucket++) {
            close_bucket(w);
            open_bucket(w, p, bucket + 1);
        }
        write_result(w, p, &row);
    }
    for (; bucket + 1 < p->n_buckets; bucket++) {
        close_bucket(w);
        open_bucket(w, p, bucket + 1);
    }
    close_bucket(w);
    return rc;
}

static void write_cursor(struct json_writer *w, const struct pages *p)
{
    char page[PAGE_MAX];
    json_key(w, "has_more");
    json_bool(w, p->more);
    json_key(w, "next_page");
    (void)snprintf(page, sizeof page, "page_%" PRId64, p->q.end); /* It has the room. */
    json_str(w, p->more ? page : NULL);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct pages *p = (struct pages *)stored;
    struct db_rows rows;
    struct buf out;
    struct json_writer w;
    TRY(usage_query(&rows, db, &stored->principal, &p->q, err));
    buf_init(&out, ANSWER_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "object");
    json_str(&w, "page");
    json_key(&w, "data");
    json_array_begin(&w);
    int rc = write_buckets(&w, p, &rows, err);
    json_array_end(&w);
    write_cursor(&w, p);
    json_object_end(&w);
    if (rc == 0) return field_keep_text(&p->body, &out, &stored->arena, err);
    buf_release(&out);
    return rc;
}

static int answer(struct stored *stored, struct err *err)
{
    struct pages *p = (struct pages *)stored;
    (void)err;
    stored->call->ops->reply(stored->call, 200, "application/json", p->body);
    return 0;
}

int usage_pages_handle(struct call *call, const struct usage_req *req, enum usage_kind kind,
                       struct err *err)
{
    struct pages *p = stored_new(call, sizeof *p, err);
    if (!p) return -ERR_NO_MEMORY;
    p->kind = kind;
    p->q.all_projects = call->caller.owner;
    int rc = read_request(p, req, err);
    if (rc == 0) return stored_begin(&p->stored, run, answer, err);
    stored_free(&p->stored);
    return rc;
}

/* ---- For the documents ---- */

#define NAMES_ANSWER                                                                         \
    ANSWER("core_seconds", NUMBER, .extension = true, .help = "Time that the cores spent."), \
        ANSWER("project_id", STRING, .nullable = true, .help = "Null unless grouped by."),   \
        ANSWER("user_id", STRING, .nullable = true, .help = "Likewise."),                    \
        ANSWER("api_key_id", STRING, .nullable = true, .help = "Likewise."),                 \
        ANSWER("model", STRING, .nullable = true, .help = "Likewise."), FIELDS_END

static const char *const completions_objects[] = { "organization.usage.completions.result", NULL };
static const char *const embeddings_objects[] = { "organization.usage.embeddings.result", NULL };
static const char *const bucket_objects[] = { "bucket", NULL }, *const page_objects[] = { "page",
                                                                                          NULL };

static const struct field completions_result[] = {
    ANSWER("object", ENUM, .names = completions_objects, .help = "What it is."),
    ANSWER("input_tokens", INT, .help = "Tokens read, cached ones included."),
    ANSWER("input_cached_tokens", INT, .help = "Of those: found in the prefix cache."),
    ANSWER("input_uncached_tokens", INT, .help = "The others."),
    ANSWER("output_tokens", INT, .help = "Tokens made."),
    ANSWER("input_audio_tokens", INT, .help = "Always 0."),
    ANSWER("output_audio_tokens", INT, .help = "Always 0."),
    ANSWER("batch", BOOL, .nullable = true, .help = "Null unless grouped by."),
    ANSWER("service_tier", STRING, .nullable = true, .help = "Null unless grouped by."),
    ANSWER("num_model_requests", INT, .help = "Requests, those that broke off included."),
    NAMES_ANSWER,
};

static const struct field embeddings_result[] = {
    ANSWER("object", ENUM, .names = embeddings_objects, .help = "What it is."),
    ANSWER("input_tokens", INT, .help = "Tokens read."),
    ANSWER("num_model_requests", INT, .help = "Requests, those that broke off included."),
    NAMES_ANSWER,
};

#define BUCKET_ANSWER(result)                                                              \
    {                                                                                      \
        ANSWER("object", ENUM, .names = bucket_objects, .help = "bucket"),                 \
            ANSWER("start_time", INT, .help = "Unix seconds."),                            \
            ANSWER("end_time", INT, .help = "Unix seconds, exclusive."),                   \
            ANSWER("results", OBJECTS, .fields = (result), .help = "One for each group."), \
            FIELDS_END                                                                     \
    }
#define PAGE_ANSWER(bucket)                                                                   \
    {                                                                                         \
        ANSWER("object", ENUM, .names = page_objects, .help = "page"),                        \
            ANSWER("data", OBJECTS, .fields = (bucket), .help = "Oldest first."),             \
            ANSWER("has_more", BOOL, .help = "Whether another page follows."),                \
            ANSWER("next_page", STRING, .nullable = true, .help = "For the parameter page."), \
            FIELDS_END                                                                        \
    }

static const struct field completions_bucket[] = BUCKET_ANSWER(completions_result);
static const struct field embeddings_bucket[] = BUCKET_ANSWER(embeddings_result);
const struct field usage_completions_answer[] = PAGE_ANSWER(completions_bucket);
const struct field usage_embeddings_answer[] = PAGE_ANSWER(embeddings_bucket);
