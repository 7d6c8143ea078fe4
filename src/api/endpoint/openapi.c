/* GET /openapi.json: this interface, for tools. */
#include "api/openapi.h"

#include "api/endpoint.h"

static int handle(struct call *call, const void *req, struct err *err)
{
    (void)req;
    (void)err;
    struct buf out;
    buf_init(&out, DOCUMENT_BYTES_MAX);
    openapi_write(&out);
    call_json(call, &out);
    buf_release(&out);
    return 0;
}

const struct endpoint endpoint_openapi = {
    .method = "GET",
    .path = "/openapi.json",
    .open = true,
    .handle = handle,
    .name = "OpenApi",
    .tag = "Documents",
    .summary = "This interface as an OpenAPI 3.1 document.",
};
