/* DELETE /v1/models/{model}: an adapter goes, as a fine-tuned model does at OpenAI. The models that
 * adapters are for stay: what cannot be made again here is deleted by `tiro rm` alone. */
#include "api/backend.h"
#include "api/endpoint.h"
#include "api/reply.h"

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    struct buf out;
    struct json_writer w;
    if (!call->caller.owner)
        return err_set(err, ERR_PERMISSION, "Only an owner of this server may delete a model.");
    TRY(call->backend->ops->remove(call->backend, call->id, err));
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    reply_write_deleted(&w, call->id, "model");
    call_json(call, &out);
    buf_release(&out);
    return 0;
}

static const struct field response[] = {
    ANSWER("id", STRING, .help = "Of the adapter: BASE:NAME."),
    ANSWER("object", STRING, .help = "model"),
    ANSWER("deleted", BOOL, .help = "true"),
    FIELDS_END,
};

const struct endpoint endpoint_model_delete = {
    .method = "DELETE",
    .path = "/v1/models/{model}",
    .handle = handle,
    .name = "DeletedModel",
    .tag = "Models",
    .summary = "Delete an adapter (BASE:NAME) from the disk. Other models are refused: tiro rm.",
    .response = response,
};
