#include "api/item_view.h"

#include "api/call.h"
#include "api/query.h"

#include <stdio.h>

enum { QUOTE_MAX = 64, INCLUDE_MAX = 16 };

static const struct {
    const char *name;
    unsigned bit; /* 0: of items that this server has none of */
} includes[] = {
    { "file_search_call.results", INCLUDE_SEARCH_RESULTS },
    { "message.output_text.logprobs", INCLUDE_LOGPROBS },
    { "reasoning.encrypted_content", INCLUDE_ENCRYPTED },
    { "message.input_image.image_url", INCLUDE_IMAGE_URL },
    { "web_search_call.results", 0 },
    { "web_search_call.action.sources", 0 },
    { "computer_call_output.output.image_url", 0 },
    { "code_interpreter_call.outputs", 0 },
};
enum { N_INCLUDES = sizeof includes / sizeof *includes };

const struct field include_fields[] = {
    FIELD_STRINGS(struct include_req, include, .len_max = INCLUDE_MAX,
                  .help = "What else to show: file_search_call.results, "
                          "message.output_text.logprobs, reasoning.encrypted_content, "
                          "message.input_image.image_url."),
    FIELDS_END,
};

static int find(unsigned *ret, struct slice name, size_t i, struct err *err)
{
    char at[32];
    for (size_t k = 0; k < N_INCLUDES; k++) {
        if (!slice_is(name, includes[k].name)) continue;
        *ret |= includes[k].bit;
        return 0;
    }
    (void)snprintf(at, sizeof at, "include[%zu]", i); /* Short. */
    return err_param(err, ERR_INVALID_VALUE, at,
                     "Invalid value: '%.*s'. Supported values are: 'file_search_call.results', "
                     "'message.output_text.logprobs', 'reasoning.encrypted_content', and "
                     "'message.input_image.image_url'.",
                     (int)(name.len < QUOTE_MAX ? name.len : QUOTE_MAX), name.ptr);
}

int item_include_read(unsigned *ret, const struct include_req *req, struct err *err)
{
    unsigned bits = 0;
    for (size_t i = 0; i < req->include.n; i++) TRY(find(&bits, req->include.items[i], i, err));
    *ret = bits;
    return 0;
}

int item_include_of_call(unsigned *ret, const struct call *call, struct err *err)
{
    json_t *query;
    struct include_req req = { 0 };
    TRY(query_read(&query, call->query, include_fields, err));
    int rc = fields_parse(&req, include_fields, query, "", call->scratch, err);
    if (rc == 0) rc = item_include_read(ret, &req, err);
    json_decref(query);
    return rc;
}

/* ---- Showing ---- */

static bool has(struct slice body, const char *part)
{
    return slice_find(body, slice_of(part)) < body.len;
}

/* Whether something may have to be left out; a text that merely looks so costs some time. */
static bool is_partial(struct slice type, struct slice body, unsigned include)
{
    if (slice_is(type, "file_search_call")) return !(include & INCLUDE_SEARCH_RESULTS);
    if (slice_is(type, "reasoning"))
        return !(include & INCLUDE_ENCRYPTED) && has(body, "\"encrypted_content\"");
    if (!slice_is(type, "message")) return false;
    return (!(include & INCLUDE_LOGPROBS) && has(body, "\"logprobs\":[{")) ||
           (!(include & INCLUDE_IMAGE_URL) && has(body, "\"image_url\""));
}

static int replace(json_t *object, const char *key, json_t *with, struct err *err)
{
    if (json_object_set_new(object, key, with) == 0) return 0;
    return err_set(err, ERR_NO_MEMORY, "There is no memory for the items.");
}

static int leave_out(json_t *item, struct slice type, unsigned include, struct err *err)
{
    if (slice_is(type, "file_search_call")) return replace(item, "results", json_null(), err);
    if (slice_is(type, "reasoning")) {
        (void)json_object_del(item, "encrypted_content"); /* Not there is as good. */
        return 0;
    }
    const json_t *content = json_object_get(item, "content");
    for (size_t i = 0; i < json_array_size(content); i++) {
        json_t *part = json_array_get(content, i);
        if (!(include & INCLUDE_LOGPROBS) && json_object_get(part, "logprobs"))
            TRY(replace(part, "logprobs", json_array(), err));
        if (!(include & INCLUDE_IMAGE_URL) && json_object_get(part, "image_url"))
            TRY(replace(part, "image_url", json_null(), err));
    }
    return 0;
}

int item_view_write(struct json_writer *w, struct slice type, struct slice body, unsigned include,
                    struct err *err)
{
    json_t *item;
    if (!is_partial(type, body, include)) {
        json_raw(w, body);
        return 0;
    }
    TRY(json_read(&item, body, &json_limits_file, "a stored item", err));
    int rc = leave_out(item, type, include, err);
    if (rc == 0) json_value(w, item);
    json_decref(item);
    return rc;
}
