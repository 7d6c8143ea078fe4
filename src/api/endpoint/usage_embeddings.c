/* GET /v1/organization/usage/embeddings: what vectors cost, by time. */
#include "api/endpoint.h"
#include "api/usage_pages.h"

static int handle(struct call *call, const void *req, struct err *err)
{
    return usage_pages_handle(call, req, USAGE_EMBEDDINGS, err);
}

const struct endpoint endpoint_usage_embeddings = {
    .method = "GET",
    .path = "/v1/organization/usage/embeddings",
    .query = usage_fields,
    .size = sizeof(struct usage_req),
    .handle = handle,
    .name = "UsageEmbeddings",
    .tag = "Usage",
    .summary = "Tokens, requests and core seconds of embeddings, summed by time.",
    .response = usage_embeddings_answer,
};
