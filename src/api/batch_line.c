#include "api/batch_line.h"

#include "api/field.h"
#include "base/json.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>

enum { QUOTE_MAX = 100, HASH_BYTES = 16 };

static int bad(struct batch_problem *ret, const char *code, const char *param, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

static int bad(struct batch_problem *ret, const char *code, const char *param, const char *fmt, ...)
{
    va_list args;
    ret->code = code;
    ret->param = param;
    va_start(args, fmt);
    (void)vsnprintf(ret->text, sizeof ret->text, fmt, args); /* May be cut; a writer mends it. */
    va_end(args);
    return -ERR_INVALID_VALUE;
}

static struct slice string_of(const json_t *value)
{
    return json_is_string(value)
               ? (struct slice){ json_string_value(value), json_string_length(value) }
               : (struct slice){ 0 };
}

static int quoted(struct slice s)
{
    return (int)(s.len < QUOTE_MAX ? s.len : QUOTE_MAX);
}

/* A string that must be there. */
static int read_string(struct slice *ret, const json_t *root, const char *name,
                       struct batch_problem *problem)
{
    const json_t *value = json_object_get(root, name);
    if (!value)
        return bad(problem, "missing_required_parameter", name, "Missing required parameter: '%s'.",
                   name);
    *ret = string_of(value);
    if (ret->ptr) return 0;
    return bad(problem, "invalid_request", name,
               "Invalid type for '%s': expected a string, but got %s instead.", name,
               field_type_words(value));
}

static int read_custom_id(struct slice *ret, const json_t *root, struct batch_problem *problem)
{
    int rc = read_string(ret, root, "custom_id", problem);
    if (rc < 0) return rc;
    if (ret->len >= 1 && ret->len <= BATCH_CUSTOM_ID_MAX) return 0;
    return bad(problem, "invalid_request", "custom_id",
               "Invalid 'custom_id': expected 1 to %d bytes, but got %zu.", BATCH_CUSTOM_ID_MAX,
               ret->len);
}

static int check_target(const json_t *root, const char *endpoint, struct batch_problem *problem)
{
    struct slice method, url;
    int rc = read_string(&method, root, "method", problem);
    if (rc < 0) return rc;
    if (!slice_is(method, "POST"))
        return bad(problem, "invalid_method", "method", "Invalid method '%.*s': expected 'POST'.",
                   quoted(method), method.ptr);
    rc = read_string(&url, root, "url", problem);
    if (rc < 0) return rc;
    if (slice_is(url, endpoint)) return 0;
    return bad(problem, "url_mismatch", "url",
               "The url '%.*s' is not the batch's endpoint: expected '%s'.", quoted(url), url.ptr,
               endpoint);
}

/* Whether one thing that a batch cannot give is asked for. */
static int check_absent(const json_t *body, const char *name, const char *param,
                        struct batch_problem *problem)
{
    if (!json_is_true(json_object_get(body, name))) return 0;
    return bad(problem, "unsupported_value", param,
               "Unsupported value: '%s' cannot be true in a batch; leave it out.", param);
}

static int read_body(struct batch_line *ret, struct batch_problem *problem)
{
    ret->body = json_object_get(ret->root, "body");
    if (!ret->body)
        return bad(problem, "missing_required_parameter", "body",
                   "Missing required parameter: 'body'.");
    if (!json_is_object(ret->body))
        return bad(problem, "invalid_request", "body",
                   "Invalid type for 'body': expected an object, but got %s instead.",
                   field_type_words(ret->body));
    ret->model = string_of(json_object_get(ret->body, "model"));
    if (!ret->model.len)
        return bad(problem, "missing_required_parameter", "body.model",
                   "Missing required parameter: 'body.model'.");
    int rc = check_absent(ret->body, "stream", "body.stream", problem);
    return rc < 0 ? rc : check_absent(ret->body, "background", "body.background", problem);
}

/* A text, token ids, or a list of either. */
static uint64_t n_inputs(const json_t *body)
{
    const json_t *input = json_object_get(body, "input");
    if (!json_is_array(input) || json_is_integer(json_array_get(input, 0))) return 1;
    return json_array_size(input);
}

static int read_fields(struct batch_line *ret, const char *endpoint, struct batch_problem *problem)
{
    int rc = read_custom_id(&ret->custom_id, ret->root, problem);
    if (rc == 0) rc = check_target(ret->root, endpoint, problem);
    if (rc == 0) rc = read_body(ret, problem);
    if (rc == 0 && strcmp(endpoint, "/v1/embeddings") == 0) ret->n_inputs = n_inputs(ret->body);
    return rc;
}

int batch_line_read(struct batch_line *ret, struct slice text, const char *endpoint,
                    struct batch_problem *problem)
{
    struct err err = { 0 };
    struct batch_line line = { 0 };
    if (text.len > BATCH_LINE_BYTES_MAX)
        return bad(problem, "request_too_large", NULL,
                   "This line has more than %d bytes, the most that one request may have.",
                   BATCH_LINE_BYTES_MAX);
    int rc = json_read(&line.root, text, &json_limits_request, "this line", &err);
    if (rc < 0)
        return err.code == ERR_NO_MEMORY
                   ? -ERR_NO_MEMORY
                   : bad(problem, "invalid_json_line", NULL,
                         "This line is not parseable as valid JSON: %.300s", err.text);
    rc = json_is_object(line.root)
             ? read_fields(&line, endpoint, problem)
             : bad(problem, "invalid_json_line", NULL,
                   "This line is not a JSON object: expected {\"custom_id\": ..., \"method\": "
                   "\"POST\", \"url\": \"%s\", \"body\": {...}}.",
                   endpoint);
    if (rc < 0)
        batch_line_release(&line);
    else
        *ret = line;
    return rc;
}

void batch_line_release(struct batch_line *line)
{
    json_decref(line->root);
    *line = (struct batch_line){ 0 };
}

int batch_line_body(struct slice *ret, struct batch_line *line, const char *endpoint,
                    struct arena *arena, struct err *err)
{
    bool stores = strcmp(endpoint, "/v1/responses") == 0 ||
                  json_is_true(json_object_get(line->body, "store"));
    if (stores && json_object_set_new(line->body, "store", json_false()) < 0)
        return err_set(err, ERR_NO_MEMORY, "no memory for a line of the batch");
    return field_json_text(ret, line->body, arena, err);
}

/* ---- What follows from the batch's id and the line's ---- */

static void hash(unsigned char ret[HASH_BYTES], const char *domain, struct slice batch_id,
                 struct slice custom_id)
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, HASH_BYTES); /* These fail on misuse only. */
    (void)crypto_generichash_update(&state, (const unsigned char *)domain, strlen(domain));
    (void)crypto_generichash_update(&state, (const unsigned char *)batch_id.ptr, batch_id.len);
    (void)crypto_generichash_update(&state, (const unsigned char *)"/", 1);
    (void)crypto_generichash_update(&state, (const unsigned char *)custom_id.ptr, custom_id.len);
    (void)crypto_generichash_final(&state, ret, HASH_BYTES);
}

uint64_t batch_line_seed(struct slice batch_id, struct slice custom_id)
{
    unsigned char bytes[HASH_BYTES];
    uint64_t seed = 0;
    hash(bytes, "seed:", batch_id, custom_id);
    for (int i = 0; i < 8; i++) seed |= (uint64_t)bytes[i] << (8 * i);
    return seed;
}

void batch_line_request_id(char ret[BATCH_REQUEST_ID_SIZE], struct slice batch_id,
                           struct slice custom_id)
{
    unsigned char bytes[HASH_BYTES];
    hash(bytes, "id:", batch_id, custom_id);
    int n = snprintf(ret, BATCH_REQUEST_ID_SIZE, "batch_req_");
    (void)sodium_bin2hex(ret + n, BATCH_REQUEST_ID_SIZE - (size_t)n, bytes, HASH_BYTES);
}
