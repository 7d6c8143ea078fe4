/* file_search: searches vector stores while a response is made. The model is told what was found,
 * numbered; where its text has such a number in brackets, that is a citation. */
#include "api/server_tool.h"
#include "api/vector_search.h"
#include "api/vector_values.h"
#include "base/seam.h"

#include <stdio.h>

enum { TEXT_BYTES_MAX = 8 << 20, NUMBER_DIGITS_MAX = 3 };

static const char *const rankers[] = { "none", "auto", "default-2024-11-15", NULL };

struct hybrid_req {
    struct field_number embedding_weight, text_weight;
};

struct ranking_req {
    struct field_enum ranker;
    struct field_number score_threshold;
    struct field_object hybrid_search; /* struct hybrid_req */
};

struct file_search_req {
    struct field_strings vector_store_ids;
    struct field_int max_num_results;
    struct field_object ranking_options; /* struct ranking_req */
    struct field_json filters;
};

static const struct field hybrid_fields[] = {
    FIELD_NUMBER(struct hybrid_req, embedding_weight, .required = true, .range = { 0, 1e6 },
                 .help = "Of nearness in meaning."),
    FIELD_NUMBER(struct hybrid_req, text_weight, .required = true, .range = { 0, 1e6 },
                 .help = "Of words in common."),
    FIELDS_END,
};

static const struct field ranking_fields[] = {
    FIELD_ENUM(struct ranking_req, ranker, .names = rankers, .def = "\"auto\"",
               .help = "All rank by meaning and words together."),
    FIELD_NUMBER(struct ranking_req, score_threshold, .range = { 0, 1 }, .def = "0",
                 .help = "Leave out what scores less."),
    FIELD_OBJECT(struct ranking_req, hybrid_search, .fields = hybrid_fields,
                 .size = sizeof(struct hybrid_req), .help = "How much each of the two counts."),
    FIELDS_END,
};

static const struct field fields[] = {
    FIELD_STRINGS(struct file_search_req, vector_store_ids, .required = true, .len_min = 1,
                  .len_max = VECTOR_SEARCH_STORES_MAX, .item_len_max = MSG_NAME_MAX,
                  .help = "The stores to search."),
    FIELD_INT(struct file_search_req, max_num_results, .range = { 1, MSG_HITS_MAX }, .def = "10",
              .help = "The most results."),
    FIELD_OBJECT(struct file_search_req, ranking_options, .fields = ranking_fields,
                 .size = sizeof(struct ranking_req), .help = "How results are ranked."),
    FIELD_JSON(struct file_search_req, filters, .types = FIELD_TYPE_OBJECT,
               .help = "Only files whose attributes are so."),
    FIELDS_END,
};

struct server_tool_call {
    struct vector_search *search;
    struct server_tool_options o;
    json_t *arguments; /* {"queries": [..]} */
};

static int check(const void *req, const char *path, struct err *err)
{
    const struct file_search_req *r = req;
    struct msg_filter_step *steps;
    uint32_t n;
    struct arena arena;
    char at[ERR_PARAM_MAX];
    (void)snprintf(at, sizeof at, "%.60s.filters", path);
    arena_init(&arena, TEXT_BYTES_MAX);
    int rc = vector_filter_read(&steps, &n, r->filters.value, at, &arena, err);
    arena_release(&arena);
    return rc;
}

/* ---- What was found ---- */

static void write_text(struct buf *text, const struct vector_result *results, size_t n)
{
    if (n == 0)
        buf_add_str(text, "Nothing was found.");
    else
        buf_add_str(text, "Cite what you use by its number in brackets, like [1].\n");
    for (size_t i = 0; i < n; i++)
        buf_printf(text, "\n[%zu] %.*s\n%.*s\n", i + 1, SLICE_FMT(results[i].filename),
                   SLICE_FMT(results[i].text));
}

static json_t *string_of(struct slice s)
{
    return json_stringn(s.ptr ? s.ptr : "", s.len);
}

static int add_result(json_t *results, json_t *sources, const struct vector_result *r)
{
    json_t *attributes = json_loadb(r->attributes.ptr, r->attributes.len, 0, NULL);
    int rc = json_array_append_new(
        results, json_pack("{s:o, s:o, s:f, s:o, s:o}", "file_id", string_of(r->file_id),
                           "filename", string_of(r->filename), "score", (double)r->score,
                           "attributes", attributes, "text", string_of(r->text)));
    rc |= json_array_append_new(
        sources, json_pack("{s:o, s:o, s:I, s:I}", "file_id", string_of(r->file_id), "filename",
                           string_of(r->filename), "from_byte", (json_int_t)r->from_byte, "to_byte",
                           (json_int_t)r->to_byte));
    return rc;
}

static void release(struct server_tool_call *call)
{
    json_decref(call->arguments);
    mem_free(call);
}

static void on_done(void *user, const struct vector_result *found, size_t n, const struct err *err)
{
    struct server_tool_call *call = user;
    struct server_tool_options o = call->o;
    struct err own = { 0 };
    struct buf text;
    json_t *results = json_array(), *sources = json_array();
    int rc = results && sources ? 0 : -1;
    buf_init(&text, TEXT_BYTES_MAX);
    for (size_t i = 0; i < n && rc == 0; i++) rc = add_result(results, sources, &found[i]);
    write_text(&text, found, n);
    json_t *queries = json_incref(json_object_get(call->arguments, "queries"));
    json_t *item = json_pack("{s:o, s:O}", "queries", queries, "results", results);
    if (!item || text.failed) rc = -1;
    release(call);
    const struct server_tool_result result = { .text = buf_slice(&text),
                                               .item = item,
                                               .sources = sources };
    if (err) own = *err;
    if (!err && rc < 0) (void)err_set(&own, ERR_NO_MEMORY, "There is no memory for the search.");
    o.done(o.user, err || rc < 0 ? NULL : &result, &own);
    buf_release(&text);
    json_decref(item);
    json_decref(results);
    json_decref(sources);
}

/* ---- Searching ---- */

static struct slice *strings_of(const json_t *list, size_t *ret_n, struct arena *arena)
{
    size_t n = 0;
    struct slice *all = ARENA_NEWS(arena, json_array_size(list) + 1, struct slice);
    for (size_t i = 0; all && i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        if (json_string_length(one) == 0) continue;
        all[n++] = (struct slice){ json_string_value(one), json_string_length(one) };
    }
    *ret_n = n;
    return all;
}

static int search(struct server_tool_call *call, struct arena *arena, struct err *err)
{
    const struct server_tool_options *o = &call->o;
    struct file_search_req req = { 0 };
    json_t *own = json_copy((json_t *)(uintptr_t)o->config);
    if (!own) return err_set(err, ERR_NO_MEMORY, "There is no memory for the search.");
    (void)json_object_del(own, "type"); /* It is there. */
    int rc = fields_parse(&req, fields, own, "tools", arena, err);
    const struct ranking_req *ranking = req.ranking_options.value;
    const struct hybrid_req *hybrid = ranking ? ranking->hybrid_search.value : NULL;
    struct vector_search_options options = {
        .service = o->service,
        .principal = o->principal,
        .stores = req.vector_store_ids.items,
        .n_stores = req.vector_store_ids.n,
        .filter = req.filters.value,
        .filter_path = "filters",
        .vector_weight = hybrid ? hybrid->embedding_weight.value : VECTOR_WEIGHT_DEFAULT,
        .text_weight = hybrid ? hybrid->text_weight.value : TEXT_WEIGHT_DEFAULT,
        .threshold = ranking ? ranking->score_threshold.value : 0,
        .n_max = (uint32_t)req.max_num_results.value,
        .priority = o->priority,
        .done = on_done,
        .user = call,
    };
    options.queries = strings_of(json_object_get(call->arguments, "queries"), &options.n_queries,
                                 arena);
    if (rc == 0) rc = arena_check(arena, "the search", err);
    if (rc == 0 && options.n_queries == 0)
        rc = err_set(err, ERR_INVALID_VALUE, "The search has no query.");
    if (rc == 0) rc = vector_search_begin(&call->search, &options, err);
    json_decref(own);
    return rc;
}

static int begin(struct server_tool_call **ret, const struct server_tool_options *options,
                 struct err *err)
{
    struct arena arena;
    struct server_tool_call *call = mem_calloc(1, sizeof *call);
    if (!call) return err_set(err, ERR_NO_MEMORY, "There is no memory for the search.");
    call->o = *options;
    arena_init(&arena, TEXT_BYTES_MAX);
    int rc = json_read(&call->arguments, options->arguments, &json_limits_request,
                       "the search's arguments", err);
    if (rc == 0) rc = search(call, &arena, err);
    arena_release(&arena);
    if (rc < 0) {
        release(call);
        return rc;
    }
    *ret = call;
    return 0;
}

static void cancel(struct server_tool_call *call)
{
    vector_search_cancel(call->search);
    release(call);
}

/* ---- Citations ---- */

/* "[12]" at `at`: 12, and its length; else 0. */
static size_t number_at(struct slice text, size_t at, size_t *ret_len)
{
    size_t n = 0, i = at + 1;
    if (text.ptr[at] != '[') return 0;
    while (i < text.len && i <= at + NUMBER_DIGITS_MAX && text.ptr[i] >= '0' && text.ptr[i] <= '9')
        n = n * 10 + (size_t)(text.ptr[i++] - '0');
    if (i == at + 1 || i == text.len || text.ptr[i] != ']') return 0;
    *ret_len = i + 1 - at;
    return n;
}

/* Its index is counted in characters, as clients do. */
static int annotate(json_t *to, struct slice text, const json_t *sources, struct err *err)
{
    int index = 0;
    for (size_t i = 0; i < text.len; i++) {
        size_t len = 1, n = number_at(text, i, &len);
        const json_t *source = n ? json_array_get(sources, n - 1) : NULL;
        if (source) {
            json_t *one = json_pack("{s:s, s:O, s:O, s:i, s:O, s:O}", "type", "file_citation",
                                    "file_id", json_object_get(source, "file_id"), "filename",
                                    json_object_get(source, "filename"), "index", index,
                                    "from_byte", json_object_get(source, "from_byte"), "to_byte",
                                    json_object_get(source, "to_byte"));
            if (json_array_append_new(to, one) < 0)
                return err_set(err, ERR_NO_MEMORY, "There is no memory for the citations.");
        }
        index += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    }
    return 0;
}

/* Without results they were not asked for, and are not kept. */
static int recall(struct slice *ret_arguments, struct slice *ret_text, const json_t *item,
                  struct arena *arena, struct err *err)
{
    struct buf text;
    const json_t *results = json_object_get(item, "results");
    json_t *arguments = json_pack("{s:O?}", "queries", json_object_get(item, "queries"));
    if (!arguments) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    int rc = field_json_text(ret_arguments, arguments, arena, err);
    json_decref(arguments);
    if (rc < 0) return rc;
    buf_init(&text, FIELD_TEXT_MAX);
    if (json_array_size(results) == 0) buf_add_str(&text, "What was found is not kept.");
    for (size_t i = 0; i < json_array_size(results); i++) {
        const json_t *one = json_array_get(results, i);
        const char *name = json_string_value(json_object_get(one, "filename"));
        const char *body = json_string_value(json_object_get(one, "text"));
        buf_printf(&text, "\n[%zu] %s\n%s\n", i + 1, name ? name : "", body ? body : "");
    }
    return field_keep_text(ret_text, &text, arena, err);
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
    .description = "Searches the user's files and returns passages of them. Use it to answer from "
                   "the files.",
    .parameters = "{\"type\":\"object\",\"properties\":{\"queries\":{\"type\":\"array\","
                  "\"description\":\"What to look for, in a few words each.\",\"items\":{\"type\":"
                  "\"string\",\"minLength\":1,\"maxLength\":300},\"minItems\":1,\"maxItems\":4}},"
                  "\"required\":[\"queries\"],\"additionalProperties\":false}",
    .extra = "results",
    .include = "file_search_call.results",
    .check = check,
    .begin = begin,
    .cancel = cancel,
    .annotate = annotate,
    .recall = recall,
};
