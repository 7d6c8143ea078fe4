/* GET /health: the process answers. */
#include "gateway/page.h"

static void answer(struct gateway *g, struct call *call)
{
    (void)g;
    call->ops->header(call, "Cache-Control", "no-store");
    call->ops->reply(call, 200, "application/json", SLICE("{\"status\":\"ok\"}\n"));
}

const struct page page_health = {
    .method = "GET",
    .path = "/health",
    .open = true,
    .answer = answer,
};
