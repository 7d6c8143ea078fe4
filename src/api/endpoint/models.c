/* GET /v1/models: what can be asked. */
#include "api/backend.h"
#include "api/endpoint.h"
#include "api/model_object.h"
#include "api/reply.h"

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    (void)err;
    const struct backend_model *models;
    size_t n = call->backend->ops->models(call->backend, &models);
    struct buf out;
    struct json_writer w;
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "object");
    json_str(&w, "list");
    json_key(&w, "data");
    json_array_begin(&w);
    for (size_t i = 0; i < n; i++) model_object_write(&w, &models[i]);
    json_array_end(&w);
    json_object_end(&w);
    call_json(call, &out);
    buf_release(&out);
    return 0;
}

static const char *const list_objects[] = { "list", NULL };

static const struct field response[] = {
    ANSWER("object", ENUM, .names = list_objects, .help = "list"),
    ANSWER("data", OBJECTS, .fields = model_answer, .help = "Sorted by id."),
    FIELDS_END,
};

const struct endpoint endpoint_models = {
    .method = "GET",
    .path = "/v1/models",
    .handle = handle,
    .name = "ModelList",
    .tag = "Models",
    .summary = "The models and what each can do.",
    .response = response,
};
