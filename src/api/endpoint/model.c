/* GET /v1/models/{model}: one model. */
#include "api/backend.h"
#include "api/endpoint.h"
#include "api/model_object.h"
#include "api/reply.h"

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    const struct backend_model *model = backend_find(call->backend, call->id);
    if (!model)
        return err_set(err, ERR_MODEL_NOT_FOUND,
                       "The model `%.*s` does not exist or you do not have access to it.",
                       (int)(call->id.len < MSG_NAME_MAX ? call->id.len : MSG_NAME_MAX),
                       call->id.ptr);
    struct buf out;
    struct json_writer w;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    model_object_write(&w, model);
    call_json(call, &out);
    buf_release(&out);
    return 0;
}

const struct endpoint endpoint_model = {
    .method = "GET",
    .path = "/v1/models/{model}",
    .handle = handle,
    .name = "Model",
    .tag = "Models",
    .summary = "One model and what it can do.",
    .response = model_answer,
};
