/* POST /v1/chat/completions: the next message of a conversation, whole or as a stream. */
#include "api/chat_answer.h"
#include "api/chat_request.h"
#include "api/messages.h"
#include "api/prepare.h"

const struct endpoint endpoint_chat_completions;

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct chat_req *req = request;
    const struct generation_req *generation = &req->generation;
    const struct backend_model *model;
    struct msg_request message;
    struct chat_answer_options options = { .request = &message,
                                           .stream = generation->stream.value };
    options.flex = chat_request_is_flex(req);
    options.wants_usage = options.stream && generation_wants_usage(generation);
    TRY(generation_model(&model, call, generation->model.value, CAP_CHAT, "chat", err));
    if (!call->prepared && messages_have_files(&req->messages)) {
        const struct prepare_options files = { .endpoint = &endpoint_chat_completions,
                                               .list = "messages" };
        return prepare_begin(call, &files, err);
    }
    TRY(chat_request_fill(&message, &options.tools, req, model, call, err));
    if (req->store.value) TRY(completion_keep_open(&options.keep, call, req->metadata.value, err));
    int rc = chat_answer_begin(&options, model, call, err);
    if (rc < 0) completion_keep_close(options.keep);
    return rc;
}

const struct endpoint endpoint_chat_completions = {
    .method = "POST",
    .path = "/v1/chat/completions",
    .azure = "chat/completions",
    .fields = chat_request_fields,
    .size = sizeof(struct chat_req),
    .handle = handle,
    .name = "ChatCompletion",
    .tag = "Chat",
    .summary = "The next message of a conversation, whole or as a stream of events.",
    .response = chat_answer_fields,
    .response_stream = chat_chunk_fields,
};
