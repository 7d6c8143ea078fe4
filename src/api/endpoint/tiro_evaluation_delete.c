/* DELETE /v1/tiro/evaluations/{evaluation_id} */
#include "api/evaluations.h"
#include "api/reply.h"

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct evaluations_call *c = (struct evaluations_call *)stored;
    struct json_writer w;
    struct buf out;
    TRY(evaluation_delete(db, &stored->principal, c->id, err));
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    reply_write_deleted(&w, c->id, "tiro.evaluation.deleted");
    return field_keep_text(&c->answer, &out, &stored->arena, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    (void)request;
    struct evaluations_call *c = evaluations_call_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    c->stored.job.erases = true;
    return evaluations_call_begin(c, run, err);
}

static const struct field response[] = {
    ANSWER("id", STRING, .help = "What was deleted."),
    ANSWER("object", STRING, .help = "tiro.evaluation.deleted"),
    ANSWER("deleted", BOOL, .help = "true"),
    FIELDS_END,
};

const struct endpoint endpoint_tiro_evaluation_delete = {
    .method = "DELETE",
    .path = "/v1/tiro/evaluations/{evaluation_id}",
    .handle = handle,
    .name = "EvaluationDelete",
    .tag = "Evaluations",
    .summary = "Deletes an exam with its questions and results.",
    .response = response,
};
