/* GET /v1/organization/usage/completions: what text cost, by time. */
#include "api/endpoint.h"
#include "api/usage_pages.h"

static const struct field fields[] = {
    { .name = "", .kind = FIELD_KIND_INCLUDE, .offset = 0, .fields = usage_fields },
    FIELD_BOOL(struct usage_req, batch,
               .help = "true: only lines of batches; false: none of them; absent: all."),
    FIELDS_END,
};

static int handle(struct call *call, const void *req, struct err *err)
{
    return usage_pages_handle(call, req, USAGE_COMPLETIONS, err);
}

const struct endpoint endpoint_usage_completions = {
    .method = "GET",
    .path = "/v1/organization/usage/completions",
    .query = fields,
    .size = sizeof(struct usage_req),
    .handle = handle,
    .name = "UsageCompletions",
    .tag = "Usage",
    .summary = "Tokens, requests and core seconds of all that writes text, summed by time.",
    .response = usage_completions_answer,
};
