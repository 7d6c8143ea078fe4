/* POST /v1/tiro/unload {"model"}: ends the model's worker; only through the control socket. */
#include "base/json.h"
#include "gateway/gateway_internal.h"
#include "gateway/page.h"

static int unload(struct gateway *g, struct slice body, struct err *err)
{
    json_t *root;
    TRY(json_read(&root, body, &json_limits_request, "the body", err));
    const char *name = json_string_value(json_object_get(root, "model"));
    int rc = name ? supervisor_unload(g->supervisor, slice_of(name), err)
                  : err_param(err, ERR_MISSING_PARAMETER, "model",
                              "Missing required parameter: 'model'.");
    json_decref(root);
    return rc;
}

static void answer(struct gateway *g, struct call *call)
{
    struct err err = { 0 };
    if (unload(g, call->body, &err) < 0)
        call_error(call, &err, 0);
    else
        call->ops->reply(call, 200, "application/json", SLICE("{}\n"));
}

const struct page page_unload = {
    .method = "POST",
    .path = "/v1/tiro/unload",
    .local = true,
    .answer = answer,
};
