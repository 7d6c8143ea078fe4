#include "api/evaluations.h"

#include "api/reply.h"
#include "api/runner/evaluations.h"
#include "base/seam.h"
#include "eval/report.h"
#include "store/ledger.h"

enum { RESULT_BYTES_MAX = 4 << 20 };

void *evaluations_call_new(struct call *call, size_t size, struct err *err)
{
    struct evaluations_call *c = stored_new(call, size, err);
    if (!c) return NULL;
    c->id = arena_slice(&c->stored.arena, call->id);
    c->number = arena_slice(&c->stored.arena, call->sub_id);
    c->now = (int64_t)(wall_ns() / 1000000000u);
    return c;
}

static int answer(struct stored *stored, struct err *err)
{
    (void)err;
    struct evaluations_call *c = (struct evaluations_call *)stored;
    stored->call->ops->reply(stored->call, 200, "application/json", c->answer);
    return 0;
}

static int answer_work(struct stored *stored, struct err *err)
{
    evaluations_tell(stored->call->service);
    return answer(stored, err);
}

int evaluations_call_begin(struct evaluations_call *c,
                           int (*run)(struct stored *stored, struct db *db, struct err *err),
                           struct err *err)
{
    return stored_begin(&c->stored, run, answer, err);
}

int evaluations_call_begin_work(struct evaluations_call *c,
                                int (*run)(struct stored *stored, struct db *db, struct err *err),
                                struct err *err)
{
    return stored_begin(&c->stored, run, answer_work, err);
}

int evaluations_answer(struct evaluations_call *c, struct db *db, struct err *err)
{
    struct buf out;
    struct json_writer w;
    struct evaluation_row row;
    TRY(evaluation_find(&row, db, &c->stored.principal, c->id, &c->stored.arena, err));
    buf_init(&out, REPLY_BYTES_MAX);
    json_writer_init(&w, &out);
    evaluation_write(&w, &row);
    return field_keep_text(&c->answer, &out, &c->stored.arena, err);
}

/* ---- Results ---- */

int evaluations_result_text(struct slice *ret, const struct eval_result *result,
                            struct arena *arena, struct err *err)
{
    struct buf out;
    struct json_writer w;
    buf_init(&out, RESULT_BYTES_MAX);
    json_writer_init(&w, &out);
    eval_result_write(&w, result);
    return field_keep_text(ret, &out, arena, err);
}

int evaluations_question(struct eval_item *ret, struct slice question, struct arena *arena,
                         struct err *err)
{
    json_t *root;
    TRY(json_read(&root, question, &json_limits_file, "a kept question", err));
    int rc = eval_item_read(ret, root, arena, err);
    json_decref(root);
    return rc;
}

static int add_result(void *ctx, const struct evaluation_item *item, struct err *err)
{
    struct eval_report *report = ctx;
    struct eval_result result;
    json_t *question, *root;
    TRY(json_read(&question, item->question, &json_limits_file, "a kept question", err));
    int rc = json_read(&root, item->result, &json_limits_file, "a kept result", err);
    if (rc == 0) {
        const json_t *subject = json_object_get(question, "subject");
        struct slice s = { json_string_value(subject), json_string_length(subject) };
        rc = eval_result_read(&result, root, err);
        if (rc == 0) rc = eval_report_add(report, &result, s, err);
        json_decref(root);
    }
    json_decref(question);
    return rc;
}

static enum eval_kind kind_of(struct slice kind)
{
    return slice_is(kind, "choice") ? EVAL_CHOICE : slice_is(kind, "code") ? EVAL_CODE : EVAL_TEXT;
}

static double abstain_below(struct slice settings)
{
    json_t *root;
    if (json_read(&root, settings, &json_limits_request, "the settings", NULL) < 0) return 0;
    double p = json_number_value(json_object_get(root, "abstain_below"));
    json_decref(root);
    return p;
}

static int write_report(struct db *db, const struct principal *owner, struct slice id, int64_t now,
                        struct arena *arena, struct err *err)
{
    struct evaluation_row row;
    struct eval_report report;
    struct json_writer w;
    struct buf out;
    TRY(evaluation_find(&row, db, owner, id, arena, err));
    TRY(eval_report_init(&report, kind_of(row.kind), abstain_below(row.settings), err));
    buf_init(&out, RESULT_BYTES_MAX);
    json_writer_init(&w, &out);
    int rc = evaluation_items_each(db, id, add_result, &report, err);
    if (rc == 0) {
        eval_report_write(&report, &w);
        rc = buf_check(&out, "the report", err);
    }
    if (rc == 0)
        rc = evaluation_end(db, id, EVALUATION_COMPLETED, buf_slice(&out), SLICE(""), now, err);
    buf_release(&out);
    eval_report_release(&report);
    return rc;
}

int evaluations_save(struct db *db, const struct principal *owner, struct slice id,
                     const struct evaluation_item *item, const struct ledger_row *used, int64_t now,
                     struct err *err)
{
    struct arena arena;
    bool changed, last;
    if (used) TRY(ledger_add(db, owner, used, err));
    TRY(evaluation_item_end(&changed, &last, db, id, item, err));
    if (!last) return 0;
    arena_init(&arena, RESULT_BYTES_MAX);
    int rc = write_report(db, owner, id, now, &arena, err);
    arena_release(&arena);
    return rc;
}

/* ---- As documents describe it ---- */

static const struct field counts_answer[] = {
    ANSWER("items", INT, .help = "Questions of the exam."),
    ANSWER("answered", INT, .help = "Those the model has answered."),
    ANSWER("done", INT, .help = "Those whose answer is judged."),
    ANSWER("right", INT, .help = "Of these, right ones."),
    FIELDS_END,
};

const struct field evaluations_answer_fields[] = {
    ANSWER("id", STRING, .help = "eval_..."),
    ANSWER("object", STRING, .help = "tiro.evaluation"),
    ANSWER("name", STRING, .help = "The exam's name."),
    ANSWER("model", STRING, .help = "Who sits it."),
    ANSWER("fingerprint", STRING, .help = "Of the model's file and this build; \"\": not known."),
    ANSWER("format", STRING, .help = "Of the questions."),
    ANSWER("kind", STRING, .help = "choice, code or text"),
    ANSWER("settings", JSON, .types = FIELD_TYPE_OBJECT,
           .help = "shots, limit, seed, style, abstain_below"),
    ANSWER("status", STRING,
           .help = "in_progress, judging (programs wait for their judge), completed, failed or "
                   "cancelled"),
    ANSWER("problem", STRING, .nullable = true, .help = "Why it failed."),
    ANSWER("counts", OBJECT, .fields = counts_answer, .help = "How far it is."),
    ANSWER("report", JSON, .types = FIELD_TYPE_OBJECT, .nullable = true,
           .help = "What it says of the model, once it is completed: accuracy with Wilson's 95 % "
                   "interval, calibration, abstention, subjects; or perplexity."),
    ANSWER("created_at", INT, .help = "Unix seconds."),
    ANSWER("ended_at", INT, .nullable = true, .help = "Unix seconds; null: it goes on."),
    FIELDS_END,
};

const struct field evaluations_item_fields[] = {
    ANSWER("number", INT, .help = "From 1."),
    ANSWER("state", STRING, .help = "waiting, answered (a program not judged yet) or done"),
    ANSWER("right", BOOL, .help = "Of what is done."),
    ANSWER("question", JSON, .types = FIELD_TYPE_OBJECT,
           .help = "id, subject, question, prompt, options, answer ..."),
    ANSWER("result", JSON, .types = FIELD_TYPE_OBJECT, .nullable = true,
           .help = "options with logprob and probability, predicted; or what was written."),
    FIELDS_END,
};
