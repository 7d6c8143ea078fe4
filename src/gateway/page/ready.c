/* GET /ready: whether to send requests here: no while models load, and no once it drains. */
#include "gateway/gateway_internal.h"
#include "gateway/page.h"

static void answer(struct gateway *g, struct call *call)
{
    struct err err = { 0 };
    call->ops->header(call, "Cache-Control", "no-store");
    if (http_server_is_draining(g->http))
        (void)err_set(&err, ERR_SHUTTING_DOWN, "the server is shutting down");
    else if (!supervisor_is_ready(g->supervisor))
        (void)err_set(&err, ERR_NOT_READY, "models are still loading");
    if (err.code)
        call_error(call, &err, 1000);
    else
        call->ops->reply(call, 200, "application/json", SLICE("{\"status\":\"ready\"}\n"));
}

const struct page page_ready = {
    .method = "GET",
    .path = "/ready",
    .open = true,
    .answer = answer,
};
