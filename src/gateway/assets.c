#include "gateway/assets.h"

#include <string.h>

const char assets_plain_page[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Tiro</title>\n"
    "<h1>Tiro is running</h1>\n"
    "<p>This program was built without its chat page (TIRO_WEB=OFF). The API is here: "
    "<a href=\"/v1/models\">models</a>, <a href=\"/openapi.json\">its description</a>, "
    "<a href=\"/health\">health</a>. In a terminal, <code>tiro chat</code> talks to this "
    "server.</p>\n</html>\n";

const struct asset *assets_find(struct slice path)
{
    for (size_t i = 0; i < assets_len; i++)
        if (slice_is(path, assets[i].path)) return &assets[i];
    return NULL;
}

/* Cuts *rest at the first `end` and returns what stood before it, trimmed. */
static struct slice cut(struct slice *rest, char end)
{
    const char *at = rest->len ? memchr(rest->ptr, end, rest->len) : NULL;
    size_t len = at ? (size_t)(at - rest->ptr) : rest->len;
    struct slice head = { rest->ptr, len };
    *rest = at ? (struct slice){ at + 1, rest->len - len - 1 } : (struct slice){ 0 };
    return slice_trim(head);
}

/* "q=0", "q=0.0" and so on: not this one. */
static bool is_refused(struct slice parameters)
{
    while (parameters.len) {
        struct slice p = cut(&parameters, ';');
        if (p.len < 3 || (p.ptr[0] != 'q' && p.ptr[0] != 'Q') || p.ptr[1] != '=') continue;
        size_t zeros = 2;
        while (zeros < p.len && (p.ptr[zeros] == '0' || p.ptr[zeros] == '.')) zeros++;
        return zeros == p.len;
    }
    return false;
}

bool assets_gzip_accepted(struct slice accept_encoding)
{
    bool any = false;
    while (accept_encoding.len) {
        struct slice parameters = cut(&accept_encoding, ',');
        struct slice coding = cut(&parameters, ';');
        if (slice_eq_nocase(coding, SLICE("gzip")) || slice_eq_nocase(coding, SLICE("x-gzip")))
            return !is_refused(parameters);
        if (slice_is(coding, "*")) any = !is_refused(parameters);
    }
    return any;
}
