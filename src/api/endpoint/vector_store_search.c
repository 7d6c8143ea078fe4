/* POST /v1/vector_stores/{vector_store_id}/search */
#include "api/endpoint.h"
#include "api/reply.h"
#include "api/vector_object.h"
#include "api/vector_ranking.h"
#include "api/vector_values.h"

struct search_req {
    struct field_strings query;
    struct field_json filters;
    struct field_int max_num_results;
    struct field_object ranking_options;
    struct field_bool rewrite_query;
};

static const struct field fields[] = {
    FIELD_STRINGS(struct search_req, query, .required = true, .len_max = MSG_SEARCH_QUERIES_MAX,
                  .item_len_max = VECTOR_QUERY_BYTES_MAX,
                  .help = "What is looked for, or up to 32 of it: then each chunk counts by the "
                          "one that fits best."),
    FIELD_JSON(struct search_req, filters, .types = FIELD_TYPE_OBJECT,
               .schema = vector_filter_schema, .help = "Only files whose attributes are so."),
    FIELD_INT(struct search_req, max_num_results, .range = { 1, MSG_HITS_MAX }, .def = "10",
              .help = "The most results."),
    FIELD_OBJECT(struct search_req, ranking_options, .fields = vector_ranking_fields,
                 .size = sizeof(struct vector_ranking_req), .help = "How results are ranked."),
    FIELD_BOOL(struct search_req, rewrite_query, .def = "false", .only = "[false]",
               .instead = "Queries are taken as they are; rewrite them with a model of yours.",
               .help = "Only false: queries are taken as they are."),
    FIELDS_END,
};

struct searching {
    struct vector_search *search;
    struct slice *queries; /* n of them, in the call's arena */
    size_t n;
};

static void write_result(struct json_writer *w, const struct vector_result *r)
{
    json_object_begin(w);
    json_key(w, "file_id");
    json_slice(w, r->file_id);
    json_key(w, "filename");
    json_slice(w, r->filename);
    json_key(w, "score");
    json_float(w, r->score);
    json_key(w, "attributes");
    json_raw(w, r->attributes);
    json_key(w, "content");
    json_array_begin(w);
    json_object_begin(w);
    json_key(w, "type");
    json_str(w, "text");
    json_key(w, "text");
    json_slice(w, r->text);
    json_object_end(w);
    json_array_end(w);
    json_object_end(w);
}

static void write_page(struct json_writer *w, const struct searching *s,
                       const struct vector_result *results, size_t n)
{
    json_object_begin(w);
    json_key(w, "object");
    json_str(w, "vector_store.search_results.page");
    json_key(w, "search_query");
    json_array_begin(w);
    for (size_t i = 0; i < s->n; i++) json_slice(w, s->queries[i]);
    json_array_end(w);
    json_key(w, "data");
    json_array_begin(w);
    for (size_t i = 0; i < n; i++) write_result(w, &results[i]);
    json_array_end(w);
    json_key(w, "has_more");
    json_bool(w, false);
    json_key(w, "next_page");
    json_null_value(w);
    json_object_end(w);
}

static void on_done(void *user, const struct vector_result *results, size_t n,
                    const struct err *err)
{
    struct call *call = user;
    const struct searching *s = call->state;
    struct buf out;
    struct json_writer w;
    const char *model = vector_search_model(s->search);
    call->on_close = NULL;
    call->stats.prompt_tokens = (uint32_t)vector_search_tokens(s->search);
    if (model) call->stats.model = arena_strdup(call->arena, model);
    if (err) {
        call_error(call, err, 0);
        return;
    }
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    write_page(&w, s, results, n);
    call_json(call, &out);
    buf_release(&out);
}

static void on_close(struct call *call)
{
    vector_search_cancel(((struct searching *)call->state)->search);
}

static int check_queries(const struct field_strings *query, struct err *err)
{
    if (query->n == 0)
        return err_param(err, ERR_ARRAY_TOO_SHORT, "query",
                         "Invalid 'query': empty array. Expected an array with minimum length 1, "
                         "but got an empty array instead.");
    for (size_t i = 0; i < query->n; i++)
        if (query->items[i].len == 0)
            return err_param(err, ERR_STRING_TOO_SHORT, "query",
                             "Invalid 'query': empty string. Expected a string with minimum length "
                             "1, but got an empty string instead.");
    return 0;
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct search_req *req = request;
    TRY(check_queries(&req->query, err));
    struct searching *s = ARENA_NEW(call->arena, struct searching);
    struct slice *queries = ARENA_NEWS(call->arena, req->query.n, struct slice);
    if (!s || !queries) return arena_check(call->arena, "the request", err);
    for (size_t i = 0; i < req->query.n; i++)
        queries[i] = arena_slice(call->arena, req->query.items[i]);
    TRY(arena_check(call->arena, "the request", err));
    s->queries = queries;
    s->n = req->query.n;
    struct vector_search_options options = {
        .service = call->service,
        .principal = &call->principal,
        .stores = &call->id,
        .n_stores = 1,
        .queries = queries,
        .n_queries = s->n,
        .filter = req->filters.value,
        .filter_path = "filters",
        .n_max = (uint32_t)req->max_num_results.value,
        .priority = call->priority,
        .done = on_done,
        .user = call,
    };
    TRY(vector_ranking_fill(&options, req->ranking_options.value, "ranking_options", err));
    TRY(vector_search_begin(&s->search, &options, err));
    call->state = s;
    call->on_close = on_close;
    return 0;
}

static const char *const objects[] = { "vector_store.search_results.page", NULL };
static const char *const content_types[] = { "text", NULL };

static const struct field content_answer[] = {
    ANSWER("type", ENUM, .names = content_types, .help = "text"),
    ANSWER("text", STRING, .help = "Of the chunk."),
    FIELDS_END,
};

static const struct field result_answer[] = {
    ANSWER("file_id", STRING, .help = "Of the file that it is of."),
    ANSWER("filename", STRING, .help = "The file's name."),
    ANSWER("score", NUMBER, .help = "0 to 1."),
    ANSWER("attributes", JSON, .schema = vector_attributes_schema, .help = "Of the file."),
    ANSWER("content", OBJECTS, .fields = content_answer, .help = "The chunk's text."),
    FIELDS_END,
};

static const struct field response[] = {
    ANSWER("object", ENUM, .names = objects, .help = "vector_store.search_results.page"),
    ANSWER("search_query", STRINGS, .help = "The queries."),
    ANSWER("data", OBJECTS, .fields = result_answer, .help = "Best first."),
    ANSWER("has_more", BOOL, .help = "false"),
    ANSWER("next_page", STRING, .nullable = true, .help = "null"),
    FIELDS_END,
};

const struct endpoint endpoint_vector_store_search = {
    .method = "POST",
    .path = "/v1/vector_stores/{vector_store_id}/search",
    .fields = fields,
    .size = sizeof(struct search_req),
    .handle = handle,
    .name = "VectorStoreSearch",
    .tag = "Vector stores",
    .summary = "The chunks of a vector store that are nearest to a query.",
    .response = response,
};
