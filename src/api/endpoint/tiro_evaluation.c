/* GET /v1/tiro/evaluations/{evaluation_id} */
#include "api/evaluations.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    return evaluations_answer((struct evaluations_call *)stored, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    struct evaluations_call *c = evaluations_call_new(call, sizeof *c, err);
    return c ? evaluations_call_begin(c, run, err) : -ERR_NO_MEMORY;
}

const struct endpoint endpoint_tiro_evaluation = {
    .method = "GET",
    .path = "/v1/tiro/evaluations/{evaluation_id}",
    .handle = handle,
    .name = "Evaluation",
    .tag = "Evaluations",
    .summary = "An exam: how far it is, and its report.",
    .response = evaluations_answer_fields,
};
