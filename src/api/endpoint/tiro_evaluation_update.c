/* POST /v1/tiro/evaluations/{evaluation_id}: stop it, or let it go on. */
#include "api/evaluations.h"

static const char *const statuses[] = { EVALUATION_IN_PROGRESS, EVALUATION_CANCELLED, NULL };

struct update_req {
    struct field_enum status;
};

static const struct field fields[] = {
    FIELD_ENUM(struct update_req, status, .required = true, .names = statuses,
               .help = "cancelled stops it, with what is answered kept; in_progress lets one that "
                       "was stopped or has failed go on."),
    FIELDS_END,
};

struct update {
    struct evaluations_call call;
    bool cancel;
};

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct update *u = (struct update *)stored;
    if (u->cancel)
        TRY(evaluation_cancel(db, &stored->principal, u->call.id, u->call.now, err));
    else
        TRY(evaluation_continue(db, &stored->principal, u->call.id, err));
    return evaluations_answer(&u->call, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct update_req *req = request;
    struct update *u = evaluations_call_new(call, sizeof *u, err);
    if (!u) return -ERR_NO_MEMORY;
    u->cancel = req->status.value == 1;
    return evaluations_call_begin_work(&u->call, run, err);
}

const struct endpoint endpoint_tiro_evaluation_update = {
    .method = "POST",
    .path = "/v1/tiro/evaluations/{evaluation_id}",
    .fields = fields,
    .size = sizeof(struct update_req),
    .handle = handle,
    .name = "EvaluationUpdate",
    .tag = "Evaluations",
    .summary = "Stops an exam, or lets it go on.",
    .response = evaluations_answer_fields,
};
