#include "api/endpoint.h"

#include "base/json.h"

#include <assert.h>

enum {
    /* What parsing may take beside the JSON values: lists of messages, parts and strings. A node is
     * at most one struct of about 400 bytes. */
    SCRATCH_MAX = 48 << 20,
    URL_QUOTE_MAX = 200,
};

/* Whether `path` matches; *ret_id is what "{id}" took. */
static bool path_matches(struct slice *ret_id, const char *pattern, struct slice path)
{
    struct slice pat = slice_of(pattern), id = SLICE("{id}");
    if (!slice_ends(pat, id)) return slice_eq(pat, path);
    struct slice head = { .ptr = pat.ptr, .len = pat.len - id.len };
    if (!slice_starts(path, head) || path.len == head.len) return false;
    *ret_id = (struct slice){ .ptr = path.ptr + head.len, .len = path.len - head.len };
    return true;
}

static int quote_len(struct slice s)
{
    return (int)(s.len < URL_QUOTE_MAX ? s.len : URL_QUOTE_MAX);
}

int endpoint_find(const struct endpoint **ret, struct slice method, struct slice path,
                  struct err *err)
{
    const struct endpoint *other = NULL;
    for (size_t i = 0; i < endpoint_registry_len; i++) {
        const struct endpoint *ep = endpoint_registry[i];
        struct slice id;
        if (!path_matches(&id, ep->path, path)) continue;
        if (slice_is(method, ep->method)) {
            *ret = ep;
            return 0;
        }
        other = ep;
    }
    if (other)
        return err_set(err, ERR_METHOD,
                       "Not allowed to %.*s on %.*s (HINT: Perhaps you meant to use %s?)",
                       quote_len(method), method.ptr, quote_len(path), path.ptr, other->method);
    return err_set(err, ERR_NOT_FOUND, "Invalid URL (%.*s %.*s)", quote_len(method), method.ptr,
                   quote_len(path), path.ptr);
}

static bool is_json(struct slice content_type)
{
    size_t end = slice_find(content_type, SLICE(";"));
    struct slice type = slice_trim((struct slice){ .ptr = content_type.ptr, .len = end });
    return slice_eq_nocase(type, SLICE("application/json"));
}

static int read_body(json_t **ret, const struct call *call, struct err *err)
{
    /* Also a wall: a page of another origin can send text/plain without asking, not this type. */
    if (!is_json(call->content_type))
        return err_set(err, ERR_MEDIA_TYPE,
                       "Unsupported content type: '%.*s'. This API method only accepts "
                       "'application/json' requests.",
                       quote_len(call->content_type),
                       call->content_type.ptr ? call->content_type.ptr : "");
    int result = json_read(ret, call->body, &json_limits_request, "the body", err);
    if (result < 0 && err->code == ERR_JSON)
        return err_context(err, "We could not parse the JSON body of your request");
    TRY(result);
    if (json_is_object(*ret)) return 0;
    json_decref(*ret);
    *ret = NULL;
    return err_set(err, ERR_INVALID_TYPE,
                   "We could not parse the JSON body of your request: expected an object.");
}

static int run(const struct endpoint *ep, struct call *call, struct err *err)
{
    struct arena *scratch = call->scratch;
    if (!ep->fields) return ep->handle(call, NULL, err);
    json_t *body = NULL;
    TRY(read_body(&body, call, err));
    void *req = arena_alloc(scratch, ep->size);
    int result = req ? fields_parse(req, ep->fields, body, "", scratch, err)
                     : arena_check(scratch, "the request", err);
    if (result == 0) result = ep->handle(call, req, err);
    json_decref(body);
    return result;
}

void endpoint_run(const struct endpoint *ep, struct call *call)
{
    assert(ep->handle && call->ops && call->arena);
    (void)path_matches(&call->id, ep->path, call->path);
    call->dialect = ep->dialect;
    struct arena scratch;
    struct err err = { 0 };
    arena_init(&scratch, SCRATCH_MAX);
    call->scratch = &scratch;
    if (run(ep, call, &err) < 0) call_error(call, &err, 0);
    arena_release(&scratch);
}
