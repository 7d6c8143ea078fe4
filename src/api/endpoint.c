#include "api/endpoint.h"

#include "api/query.h"
#include "base/json.h"

#include <assert.h>

enum {
    /* What parsing may take beside the JSON values: lists of messages, parts and strings. A node is
     * at most one struct of about 400 bytes. */
    SCRATCH_MAX = 48 << 20,
    URL_QUOTE_MAX = 200,
};

enum { IDS_MAX = 2 };

/* Whether `path` matches; ret_ids are what its "{...}" took. */
static bool path_matches(struct slice ret_ids[IDS_MAX], const char *pattern, struct slice path)
{
    size_t at = 0, n_ids = 0;
    for (const char *p = pattern; *p;) {
        if (*p != '{') {
            if (at == path.len || path.ptr[at] != *p) return false;
            at++, p++;
            continue;
        }
        struct slice rest = { path.ptr + at, path.len - at };
        size_t len = strncmp(p, "{model}", 7) == 0 ? rest.len : slice_find(rest, SLICE("/"));
        if (len == 0) return false;
        assert(n_ids < IDS_MAX);
        ret_ids[n_ids++] = (struct slice){ rest.ptr, len };
        at += len;
        p = strchr(p, '}') + 1;
    }
    return at == path.len;
}

static size_t n_parameters(const char *pattern)
{
    size_t n = 0;
    for (; *pattern; pattern++) n += *pattern == '{';
    return n;
}

static int quote_len(struct slice s)
{
    return (int)(s.len < URL_QUOTE_MAX ? s.len : URL_QUOTE_MAX);
}

int endpoint_find(const struct endpoint **ret, struct slice method, struct slice path,
                  struct err *err)
{
    const struct endpoint *found = NULL, *other = NULL;
    struct slice ids[IDS_MAX];
    for (size_t i = 0; i < endpoint_registry_len; i++) {
        const struct endpoint *ep = endpoint_registry[i];
        if (!path_matches(ids, ep->path, path)) continue;
        const struct endpoint **best = slice_is(method, ep->method) ? &found : &other;
        /* A name that is written out goes before one that matches anything. */
        if (!*best || n_parameters(ep->path) < n_parameters((*best)->path)) *best = ep;
    }
    if (found) {
        *ret = found;
        return 0;
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
    const struct field *fields = ep->query ? ep->query : ep->fields;
    if (!fields) return ep->handle(call, NULL, err);
    json_t *body = NULL;
    TRY(ep->query ? query_read(&body, call->query, fields, err) : read_body(&body, call, err));
    void *req = arena_alloc(scratch, ep->size);
    int result = req ? fields_parse(req, fields, body, "", scratch, err)
                     : arena_check(scratch, "the request", err);
    if (result == 0) result = ep->handle(call, req, err);
    json_decref(body);
    return result;
}

static void name_call(const struct endpoint *ep, struct call *call)
{
    struct slice ids[IDS_MAX] = { { 0 } };
    bool matches = path_matches(ids, ep->path, call->path);
    assert(matches && call->ops && call->arena);
    call->id = ids[0];
    call->sub_id = ids[1];
    call->dialect = ep->dialect;
}

void endpoint_run(const struct endpoint *ep, struct call *call)
{
    assert(ep->handle && !ep->body);
    name_call(ep, call);
    struct arena scratch;
    struct err err = { 0 };
    arena_init(&scratch, SCRATCH_MAX);
    call->scratch = &scratch;
    if (run(ep, call, &err) < 0) call_error(call, &err, 0);
    arena_release(&scratch);
}

void endpoint_body_begin(const struct endpoint *ep, struct call *call)
{
    struct err err = { 0 };
    name_call(ep, call);
    if (ep->body->begin(call, &err) < 0) call_error(call, &err, 0);
}

void endpoint_body_piece(const struct endpoint *ep, struct call *call, struct slice bytes)
{
    struct err err = { 0 };
    if (ep->body->piece(call, bytes, &err) < 0) call_error(call, &err, 0);
}

void endpoint_body_end(const struct endpoint *ep, struct call *call)
{
    struct err err = { 0 };
    if (ep->body->end(call, &err) < 0) call_error(call, &err, 0);
}
