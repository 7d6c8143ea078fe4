/* file_search: the model asks, vector stores answer, and what it cites by number becomes an
 * annotation that says which file it is of, and which bytes of that file's text. */
#include "api/server_tool.h"
#include "api/vector_ranking.h"
#include "api/vector_search.h"
#include "api/vector_values.h"
#include "base/seam.h"

#include <stdio.h>

enum {
    QUERIES_MAX = 8, /* of one call */
    STORE_ID_MAX = 128,
    NUMBER_MAX = 1000000,
};

struct server_tool_call {
    struct server_tool_options o;
    struct vector_search *search;
    struct arena arena;
    struct slice *queries; /* n of them */
    size_t n;
};

/* ---- What a request says ---- */

struct file_search_req {
    struct field_strings vector_store_ids;
    struct field_int max_num_results;
    struct field_object ranking_options;
    struct field_json filters;
};

static const struct field fields[] = {
    FIELD_STRINGS(struct file_search_req, vector_store_ids, .required = true,
                  .len_max = VECTOR_SEARCH_STORES_MAX, .item_len_max = STORE_ID_MAX,
                  .help = "The vector stores that are searched, at most 16."),
    FIELD_INT(struct file_search_req, max_num_results, .range = { 1, MSG_HITS_MAX }, .def = "5",
              .help = "The most results of a search. They take room in the model's context."),
    FIELD_OBJECT(struct file_search_req, ranking_options, .fields = vector_ranking_fields,
                 .size = sizeof(struct vector_ranking_req), .help = "How results are ranked."),
    FIELD_JSON(struct file_search_req, filters, .types = FIELD_TYPE_OBJECT,
               .schema = vector_filter_schema, .help = "Only files whose attributes are so."),
    FIELDS_END,
};

static int check_filter(const json_t *filter, const char *path, struct err *err)
{
    struct msg_filter_step *steps;
    uint32_t n;
    struct arena arena;
    arena_init(&arena, 4 << 20);
    int rc = vector_filter_read(&steps, &n, filter, path, &arena, err);
    arena_release(&arena);
    return rc;
}

static int check(const void *request, const char *path, struct err *err)
{
    const struct file_search_req *req = request;
    struct vector_search_options options;
    char inner[ERR_PARAM_MAX];
    if (req->vector_store_ids.n == 0) {
        (void)snprintf(inner, sizeof inner, "%s.vector_store_ids", path); /* Cut is fine, here */
        return err_param(err, ERR_ARRAY_TOO_SHORT, inner,
                         "Invalid '%s': empty array. Expected an array with minimum length 1, but "
                         "got an empty array instead.",
                         inner);
    }
    (void)snprintf(inner, sizeof inner, "%s.ranking_options", path); /* and here. */
    TRY(vector_ranking_fill(&options, req->ranking_options.value, inner, err));
    (void)snprintf(inner, sizeof inner, "%s.filters", path);
    return check_filter(req->filters.value, inner, err);
}

/* ---- What was found ---- */

static void release(struct server_tool_call *call)
{
    arena_release(&call->arena);
    mem_free(call);
}

static void cancel(struct server_tool_call *call)
{
    vector_search_cancel(call->search);
    release(call);
}

/* Numbers of sources are those of no other call of the response. */
static json_int_t number_of(const struct server_tool_call *call, size_t i)
{
    return (json_int_t)call->o.n_before * MSG_HITS_MAX + (json_int_t)i + 1;
}

static json_t *text_json(struct slice s)
{
    return json_stringn(s.ptr ? s.ptr : "", s.len);
}

static json_t *span_json(const struct vector_result *r)
{
    return json_pack("{s:I, s:I}", "start_byte", (json_int_t)r->from_byte, "end_byte",
                     (json_int_t)r->to_byte);
}

static json_t *results_json(const struct vector_result *results, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < n; i++) {
        const struct vector_result *r = &results[i];
        json_t *attributes = NULL;
        struct err err;
        if (json_read(&attributes, r->attributes, &json_limits_request, "attributes", &err) < 0)
            attributes = NULL; /* Then there is no memory, and the whole fails. */
        json_t *one = json_pack("{s:o, s:o, s:o, s:o, s:f, s:o}", "file_id", text_json(r->file_id),
                                "filename", text_json(r->filename), "text", text_json(r->text),
                                "attributes", attributes, "score", (double)r->score, "span",
                                span_json(r));
        if (!one || json_array_append_new(array, one) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *queries_json(const struct server_tool_call *call)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < call->n; i++)
        if (json_array_append_new(array, text_json(call->queries[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

static json_t *sources_json(const struct server_tool_call *call,
                            const struct vector_result *results, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < n; i++) {
        json_t *one = json_pack("{s:I, s:o, s:o, s:o}", "number", number_of(call, i), "file_id",
                                text_json(results[i].file_id), "filename",
                                text_json(results[i].filename), "span", span_json(&results[i]));
        if (!one || json_array_append_new(array, one) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static void write_source(struct buf *out, struct slice filename, struct slice text)
{
    buf_add_slice(out, filename);
    buf_add_str(out, "\n");
    buf_add_slice(out, text);
    buf_add_str(out, "\n\n");
}

static void write_text(struct buf *out, const struct server_tool_call *call,
                       const struct vector_result *results, size_t n)
{
    if (n == 0) {
        buf_add_str(out, "Nothing was found.");
        return;
    }
    buf_printf(out,
               "Sources. Put the number of each one that you use in brackets behind what you "
               "take from it: [%lld].\n\n",
               (long long)number_of(call, 0));
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "[%lld] ", (long long)number_of(call, i));
        write_source(out, results[i].filename, results[i].text);
    }
}

static void tell(struct server_tool_call *call, const struct vector_result *results, size_t n)
{
    struct err err = { 0 };
    struct buf text;
    json_t *item = json_pack("{s:o, s:o}", "queries", queries_json(call), "results",
                             results_json(results, n));
    json_t *sources = sources_json(call, results, n);
    buf_init(&text, FIELD_TEXT_MAX);
    write_text(&text, call, results, n);
    struct server_tool_result result = { buf_slice(&text), item, sources };
    bool good = item && sources && !text.failed;
    if (!good) (void)err_set(&err, ERR_NO_MEMORY, "There is no memory for the results.");
    call->o.done(call->o.user, good ? &result : NULL, &err);
    json_decref(item);
    json_decref(sources);
    buf_release(&text);
}

static void on_done(void *user, const struct vector_result *results, size_t n,
                    const struct err *err)
{
    struct server_tool_call *call = user;
    if (err)
        call->o.done(call->o.user, NULL, err);
    else
        tell(call, results, n);
    release(call);
}

/* ---- The search ---- */

static int take_queries(struct server_tool_call *call, const json_t *arguments, struct err *err)
{
    const json_t *queries = json_object_get(arguments, "queries");
    size_t n = json_array_size(queries);
    call->queries = ARENA_NEWS(&call->arena, n + 1, struct slice);
    for (size_t i = 0; call->queries && i < n && call->n < QUERIES_MAX; i++) {
        const json_t *query = json_array_get(queries, i);
        struct slice text = { json_string_value(query), json_string_length(query) };
        if (text.len && text.len <= VECTOR_QUERY_BYTES_MAX)
            call->queries[call->n++] = arena_slice(&call->arena, text);
    }
    TRY(arena_check(&call->arena, "the search", err));
    if (call->n) return 0;
    return err_set(err, ERR_INVALID_VALUE, "The model searched for nothing.");
}

static int search(struct server_tool_call *call, const struct file_search_req *req, struct err *err)
{
    struct vector_search_options options = {
        .service = call->o.service,
        .principal = call->o.principal,
        .stores = req->vector_store_ids.items,
        .n_stores = req->vector_store_ids.n,
        .queries = call->queries,
        .n_queries = call->n,
        .filter = req->filters.value,
        .filter_path = "filters",
        .n_max = (uint32_t)req->max_num_results.value,
        .priority = call->o.priority,
        .done = on_done,
        .user = call,
    };
    TRY(vector_ranking_fill(&options, req->ranking_options.value, "ranking_options", err));
    return vector_search_begin(&call->search, &options, err);
}

/* The tool's object has been checked when the request came. */
static int configure(struct server_tool_call *call, struct file_search_req *ret, json_t *config,
                     struct err *err)
{
    if (!config || json_object_del(config, "type") < 0)
        return err_set(err, ERR_NO_MEMORY, "There is no memory for the search.");
    return fields_parse(ret, fields, config, "", &call->arena, err);
}

static int begin(struct server_tool_call **ret, const struct server_tool_options *options,
                 struct err *err)
{
    struct file_search_req req = { 0 };
    struct server_tool_call *call = mem_calloc(1, sizeof *call);
    json_t *arguments = NULL, *config = json_copy((json_t *)(uintptr_t)options->config);
    int rc = call ? 0 : err_set(err, ERR_NO_MEMORY, "There is no memory for the search.");
    if (call) {
        call->o = *options;
        arena_init(&call->arena, 8 << 20);
    }
    if (rc == 0) rc = configure(call, &req, config, err);
    if (rc == 0)
        rc = json_read(&arguments, options->arguments, &json_limits_request, "the arguments", err);
    if (rc == 0) rc = take_queries(call, arguments, err);
    if (rc == 0) rc = search(call, &req, err);
    json_decref(arguments);
    json_decref(config);
    if (rc == 0)
        *ret = call;
    else if (call)
        release(call);
    return rc;
}

/* ---- Citations ---- */

/* A number at s[*at], which moves behind it; 0: none. */
static json_int_t take_number(struct slice s, size_t *at)
{
    json_int_t n = 0;
    for (; *at < s.len && s.ptr[*at] >= '0' && s.ptr[*at] <= '9'; ++*at)
        if (n < NUMBER_MAX) n = n * 10 + (s.ptr[*at] - '0');
    return n;
}

static int cite(json_t *to, const json_t *sources, json_int_t number, size_t index, struct err *err)
{
    for (size_t i = 0; i < json_array_size(sources); i++) {
        const json_t *s = json_array_get(sources, i);
        if (json_integer_value(json_object_get(s, "number")) != number) continue;
        json_t *one = json_pack("{s:s, s:O, s:O, s:I, s:O}", "type", "file_citation", "file_id",
                                json_object_get(s, "file_id"), "filename",
                                json_object_get(s, "filename"), "index", (json_int_t)index, "span",
                                json_object_get(s, "span"));
        if (one && json_array_append_new(to, one) == 0) return 0;
        return err_set(err, ERR_NO_MEMORY, "There is no memory for a citation.");
    }
    return 0; /* Brackets around any other number are no citation. */
}

/* [1], [1][2] and [1, 2]; `index` is where the bracket opens, in characters. */
static int annotate(json_t *to, struct slice text, const json_t *sources, struct err *err)
{
    size_t index = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (((unsigned char)text.ptr[i] & 0xc0) == 0x80) continue;
        for (size_t at = i + 1; text.ptr[i] == '[' && at < text.len; at++) {
            while (at < text.len && text.ptr[at] == ' ') at++;
            json_int_t number = take_number(text, &at);
            bool ends = at < text.len && (text.ptr[at] == ']' || text.ptr[at] == ',');
            if (number == 0 || !ends) break;
            TRY(cite(to, sources, number, index, err));
            if (text.ptr[at] == ']') break;
        }
        index++;
    }
    return 0;
}

/* ---- An earlier response's ---- */

static void recall_results(struct buf *out, const json_t *results)
{
    size_t n = json_array_size(results);
    if (n == 0) buf_add_str(out, "What this search found is not kept.");
    for (size_t i = 0; i < n; i++) {
        const json_t *r = json_array_get(results, i);
        const json_t *name = json_object_get(r, "filename"), *text = json_object_get(r, "text");
        write_source(out, (struct slice){ json_string_value(name), json_string_length(name) },
                     (struct slice){ json_string_value(text), json_string_length(text) });
    }
}

static int recall(struct slice *ret_arguments, struct slice *ret_text, const json_t *item,
                  struct arena *arena, struct err *err)
{
    const json_t *queries = json_object_get(item, "queries");
    struct buf out;
    struct json_writer w;
    buf_init(&out, FIELD_TEXT_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "queries");
    if (json_is_array(queries))
        json_value(&w, queries);
    else
        json_raw(&w, SLICE("[]"));
    json_object_end(&w);
    TRY(field_keep_text(ret_arguments, &out, arena, err));
    buf_init(&out, FIELD_TEXT_MAX);
    recall_results(&out, json_object_get(item, "results"));
    return field_keep_text(ret_text, &out, arena, err);
}

static const char *const phases[] = { "in_progress", "searching", NULL };

const struct server_tool server_tool_file_search = {
    .type = "file_search",
    .item_type = "file_search_call",
    .id_prefix = "fs_",
    .fields = fields,
    .size = sizeof(struct file_search_req),
    .phases = phases,
    .begun = "\"queries\":[],\"results\":null",
    .name = "file_search",
    .description = "Searches the user's files. Use it for every question that they may answer.",
    .parameters = "{\"type\":\"object\",\"properties\":{\"queries\":{\"type\":\"array\","
                  "\"description\":\"What to look for, in a few words each.\",\"items\":"
                  "{\"type\":\"string\",\"minLength\":1,\"maxLength\":300},\"minItems\":1,"
                  "\"maxItems\":3}},\"required\":[\"queries\"],\"additionalProperties\":false}",
    .extra = "results",
    .include = "file_search_call.results",
    .check = check,
    .begin = begin,
    .cancel = cancel,
    .annotate = annotate,
    .recall = recall,
};
