/* POST /v1/tiro/evaluations/{evaluation_id}/items/{number}: whether a program is right, by the
 * client that ran it. */
#include "api/evaluations.h"

struct judge_req {
    struct field_bool right;
    struct field_string output;
};

static const struct field fields[] = {
    FIELD_BOOL(struct judge_req, right, .required = true, .help = "Whether its tests passed."),
    FIELD_STRING(struct judge_req, output, .len_max = EVALUATION_OUTPUT_MAX,
                 .help = "The end of what it printed, when they did not."),
    FIELDS_END,
};

struct judge {
    struct evaluations_call call;
    bool right;
    struct slice output;
};

static int judged(struct judge *j, struct db *db, struct evaluation_item *item, struct err *err)
{
    struct arena *arena = &j->call.stored.arena;
    struct eval_result result;
    json_t *root;
    TRY(json_read(&root, item->result, &json_limits_file, "a kept result", err));
    int rc = eval_result_read(&result, root, err);
    result.right = j->right;
    result.output = j->output;
    result.judged = true;
    if (rc == 0) rc = evaluations_result_text(&item->result, &result, arena, err);
    json_decref(root);
    if (rc < 0) return rc;
    item->state = EVALUATION_DONE;
    item->right = j->right;
    return evaluations_save(db, &j->call.stored.principal, j->call.id, item, NULL, j->call.now,
                            err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct judge *j = (struct judge *)stored;
    struct evaluation_row row;
    struct evaluation_item item;
    int64_t number;
    if (!slice_to_i64(&number, j->call.number) || number < 1)
        return err_set(err, ERR_NOT_FOUND, "Items have numbers from 1.");
    TRY(evaluation_find(&row, db, &stored->principal, j->call.id, &stored->arena, err));
    TRY(evaluation_item_find(&item, db, j->call.id, number, &stored->arena, err));
    if (item.state == EVALUATION_WAITING)
        return err_set(err, ERR_INVALID_VALUE, "The model has not answered item %lld yet.",
                       (long long)number);
    if (item.state == EVALUATION_ANSWERED) TRY(judged(j, db, &item, err));
    return evaluations_answer(&j->call, db, err);
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct judge_req *req = request;
    struct judge *j = evaluations_call_new(call, sizeof *j, err);
    if (!j) return -ERR_NO_MEMORY;
    j->right = req->right.value;
    j->output = req->output.given ? arena_slice(&j->call.stored.arena, req->output.value)
                                  : SLICE("");
    return evaluations_call_begin(&j->call, run, err);
}

const struct endpoint endpoint_tiro_evaluation_judge = {
    .method = "POST",
    .path = "/v1/tiro/evaluations/{evaluation_id}/items/{number}",
    .fields = fields,
    .size = sizeof(struct judge_req),
    .handle = handle,
    .name = "EvaluationJudge",
    .tag = "Evaluations",
    .summary = "Says whether a program that the model wrote is right. What is done stays so.",
    .response = evaluations_answer_fields,
};
