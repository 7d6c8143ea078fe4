/* POST /v1/tiro/models {"name","path","kind","default","preload"}: adds a model to the running
 * server, or replaces it; {"name","remove":true} forgets it. Only through the control socket: paths
 * are the business of whoever owns the data directory. */
#include "base/json.h"
#include "gateway/gateway_internal.h"
#include "gateway/page.h"

static int change(struct gateway *g, const json_t *root, struct err *err)
{
    struct gateway_model model = {
        .name = json_string_value(json_object_get(root, "name")),
        .path = json_string_value(json_object_get(root, "path")),
        .kind = json_string_value(json_object_get(root, "kind")),
        .preload = json_is_true(json_object_get(root, "preload")),
        .is_default = json_is_true(json_object_get(root, "default")),
    };
    if (!model.name)
        return err_param(err, ERR_MISSING_PARAMETER, "name", "Missing required parameter: 'name'.");
    if (json_is_true(json_object_get(root, "remove")))
        return supervisor_remove(g->supervisor, slice_of(model.name), err);
    if (!model.path)
        return err_param(err, ERR_MISSING_PARAMETER, "path", "Missing required parameter: 'path'.");
    return supervisor_add(g->supervisor, &model, err);
}

static void answer(struct gateway *g, struct call *call)
{
    struct err err = { 0 };
    json_t *root;
    int rc = json_read(&root, call->body, &json_limits_request, "the body", &err);
    if (rc == 0) {
        rc = change(g, root, &err);
        json_decref(root);
    }
    if (rc < 0)
        call_error(call, &err, 0);
    else
        call->ops->reply(call, 200, "application/json", SLICE("{}\n"));
}

const struct page page_models = {
    .method = "POST",
    .path = "/v1/tiro/models",
    .local = true,
    .answer = answer,
};
