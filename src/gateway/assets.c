#include "gateway/assets.h"

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
