/* POST /v1/tiro/evaluations: a model sits an exam. */
#include "api/evaluations.h"
#include "api/generation.h"
#include "api/reply.h"
#include "api/service.h"
#include "api/text_source.h"
#include "eval/exam.h"

#include <sodium.h>

enum { QUESTIONS_BYTES_MAX = 4 << 20, FORMAT_MAX = 32, MODEL_MAX = 256, ID_MAX = 256 };

static const char *const styles[] = { "completion", "chat", NULL };

struct create_req {
    struct field_string model, name, format;
    struct field_string questions, questions_file_id, examples, examples_file_id;
    struct field_int shots, limit, seed;
    struct field_number abstain_below;
    struct field_enum style;
    struct field_bool resume;
};

/* clang-format off */
static const struct field fields[] = {
    FIELD_STRING(struct create_req, model, .required = true, .len_min = 1, .len_max = MODEL_MAX,
                 .help = "Who sits it."),
    FIELD_STRING(struct create_req, name, .len_max = EVALUATION_NAME_MAX,
                 .help = "What it is called, such as the name of the file."),
    FIELD_STRING(struct create_req, questions, .len_min = 1, .len_max = QUESTIONS_BYTES_MAX,
                 .help = "The questions' file as text: a question a line."),
    FIELD_STRING(struct create_req, questions_file_id, .len_min = 1, .len_max = ID_MAX,
                 .help = "In place of `questions`: a file that was uploaded (purpose evals), at "
                         "most 64 MiB; it may be deleted once this is answered."),
    FIELD_STRING(struct create_req, format, .len_max = FORMAT_MAX,
                 .help = "arc, choice, hellaswag, humaneval, medqa, mmlu or windows; by default "
                         "auto: as the first line looks."),
    FIELD_STRING(struct create_req, examples, .len_max = QUESTIONS_BYTES_MAX,
                 .help = "A file of the same format, for `shots`."),
    FIELD_STRING(struct create_req, examples_file_id, .len_min = 1, .len_max = ID_MAX,
                 .help = "In place of `examples`: a file that was uploaded."),
    FIELD_INT(struct create_req, shots, .range = { 0, EVAL_SHOTS_MAX }, .def = "0",
              .help = "Solved examples before each question, of its subject where there are any."),
    FIELD_INT(struct create_req, limit, .range = { 0, EVAL_ITEMS_MAX }, .def = "0",
              .help = "Only so many questions: the first, or with a seed a sample; 0: all."),
    FIELD_INT(struct create_req, seed, .range = { 0, INT32_MAX },
              .help = "Draws the sample, and the examples; without it the first are taken."),
    FIELD_NUMBER(struct create_req, abstain_below, .range = { 0, 1 }, .def = "0.5",
                 .help = "The report also says how it would be if answers of a lower probability "
                         "were left out."),
    FIELD_ENUM(struct create_req, style, .names = styles, .def = "\"completion\"",
               .help = "How programs are asked for: completion: as text that goes on; chat: in "
                       "words."),
    FIELD_BOOL(struct create_req, resume, .def = "false",
               .help = "Where the same exam of this model was begun and not completed, that goes "
                       "on; else a new one begins."),
    FIELDS_END,
};
/* clang-format on */

struct create {
    struct evaluations_call call;
    char new_id[REPLY_ID_MAX];
    char digest[2 * crypto_hash_sha256_BYTES + 1];
    const char *data_dir;
    struct slice model, fingerprint, name, format, settings;
    struct text_source questions, examples;
    struct eval_exam_options exam;
    bool resume;
    /* Of run. */
    struct db *db;
    int64_t n;
};

/* ---- In the store ---- */

static int take(void *ctx, const struct eval_item *item, struct err *err)
{
    struct create *c = ctx;
    struct json_writer w;
    struct buf out;
    buf_init(&out, 4 * EVAL_ITEM_BYTES_MAX);
    json_writer_init(&w, &out);
    eval_item_write(&w, item);
    int rc = buf_check(&out, "a question", err);
    if (rc == 0)
        rc = evaluation_item_add(c->db, &c->call.stored.principal, c->call.id, ++c->n,
                                 buf_slice(&out), err);
    buf_release(&out);
    return rc;
}

/* What it is that is the same: the model, the questions, the settings. */
static void make_digest(struct create *c)
{
    const struct slice parts[] = { c->model, c->questions.text, c->examples.text, c->settings,
                                   slice_of(c->exam.format->name) };
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    (void)crypto_hash_sha256_init(&state); /* Cannot fail; nor can the others. */
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        uint64_t len = parts[i].len;
        (void)crypto_hash_sha256_update(&state, (const unsigned char *)&len, sizeof len);
        (void)crypto_hash_sha256_update(&state, (const unsigned char *)parts[i].ptr, len);
    }
    (void)crypto_hash_sha256_final(&state, hash);
    (void)sodium_bin2hex(c->digest, sizeof c->digest, hash, sizeof hash);
}

static int add(struct create *c, struct err *err)
{
    static const char *const kinds[] = { "choice", "code", "text" };
    uint32_t n;
    struct evaluation_row row = {
        .id = slice_of(c->new_id),
        .name = c->name,
        .model = c->model,
        .fingerprint = c->fingerprint,
        .format = slice_of(c->exam.format->name),
        .kind = slice_of(kinds[c->exam.format->kind]),
        .settings = c->settings,
        .digest = slice_of(c->digest),
        .status = SLICE(EVALUATION_IN_PROGRESS),
        .created_at = c->call.now,
    };
    c->call.id = row.id;
    c->n = 0;
    TRY(evaluation_add(c->db, &c->call.stored.principal, &row, err));
    int rc = eval_exam(&n, &c->exam, take, c, err);
    if (rc == -ERR_FORMAT || rc == -ERR_JSON || rc == -ERR_LIMIT || rc == -ERR_INVALID_VALUE) {
        const struct err why = *err;
        return err_param(err, ERR_INVALID_VALUE, "questions", "Invalid 'questions': %s.", why.text);
    }
    if (rc < 0) return rc;
    return evaluation_set_items(c->db, c->call.id, n, err);
}

static int read_source(struct create *c, struct text_source *s, struct err *err)
{
    return text_source_read(s, c->db, &c->call.stored.principal, c->data_dir, &c->call.stored.arena,
                            err);
}

static int run(struct stored *stored, struct db *db, struct err *err)
{
    struct create *c = (struct create *)stored;
    c->db = db;
    struct err why;
    TRY(read_source(c, &c->questions, err));
    TRY(read_source(c, &c->examples, err));
    c->exam.questions = c->questions.text;
    c->exam.examples = c->examples.text;
    if (eval_format_find(&c->exam.format, c->format, c->questions.text, &why) < 0)
        return err_param(err, ERR_INVALID_VALUE, "format", "Invalid 'format': %s.", why.text);
    make_digest(c);
    c->call.id = SLICE("");
    if (c->resume)
        TRY(evaluation_find_open(&c->call.id, db, &stored->principal, slice_of(c->digest),
                                 &stored->arena, err));
    if (c->call.id.len)
        TRY(evaluation_continue(db, &stored->principal, c->call.id, err));
    else
        TRY(add(c, err));
    return evaluations_answer(&c->call, db, err);
}

/* ---- The request ---- */

static int write_settings(struct create *c, const struct create_req *req, struct err *err)
{
    struct json_writer w;
    struct buf out;
    buf_init(&out, 4096);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "shots");
    json_int(&w, req->shots.value);
    json_key(&w, "limit");
    json_int(&w, req->limit.value);
    json_key(&w, "seed");
    if (req->seed.given)
        json_int(&w, req->seed.value);
    else
        json_null_value(&w);
    json_key(&w, "abstain_below");
    json_double(&w, req->abstain_below.value);
    json_key(&w, "style");
    json_str(&w, styles[req->style.value]);
    json_object_end(&w);
    return field_keep_text(&c->settings, &out, &c->call.stored.arena, err);
}

static void release(struct stored *stored)
{
    struct create *c = (struct create *)stored;
    text_source_release(&c->questions);
    text_source_release(&c->examples);
}

static int keep_sources(struct create *c, const struct create_req *req, struct err *err)
{
    struct arena *arena = &c->call.stored.arena;
    TRY(text_source_init(&c->questions, "questions", &req->questions, &req->questions_file_id,
                         arena, err));
    TRY(text_source_init(&c->examples, "examples", &req->examples, &req->examples_file_id, arena,
                         err));
    if (text_source_given(&c->questions)) return 0;
    return err_param(err, ERR_MISSING_PARAMETER, "questions",
                     "Missing required parameter: 'questions' (or 'questions_file_id').");
}

static int handle(struct call *call, const void *request, struct err *err)
{
    const struct create_req *req = request;
    const struct backend_model *model;
    TRY(generation_model(&model, call, req->model.value, CAP_COMPLETION, "sit an exam", err));
    struct create *c = evaluations_call_new(call, sizeof *c, err);
    if (!c) return -ERR_NO_MEMORY;
    struct arena *arena = &c->call.stored.arena;
    c->call.stored.release = release;
    c->data_dir = call->service->data_dir;
    reply_id(c->new_id, "eval_");
    c->model = field_keep_string(&req->model, arena);
    c->name = field_keep_string(&req->name, arena);
    c->format = req->format.given ? field_keep_string(&req->format, arena) : SLICE("auto");
    c->fingerprint = model->fingerprint ? arena_slice(arena, slice_of(model->fingerprint))
                                        : SLICE("");
    c->resume = req->resume.value;
    c->exam = (struct eval_exam_options){ .shots = (uint32_t)req->shots.value,
                                          .limit = (uint32_t)req->limit.value,
                                          .has_seed = req->seed.given,
                                          .seed = (uint64_t)req->seed.value };
    int rc = keep_sources(c, req, err);
    if (rc == 0) rc = write_settings(c, req, err);
    if (rc == 0) return evaluations_call_begin_work(&c->call, run, err);
    stored_free(&c->call.stored);
    return rc;
}

const struct endpoint endpoint_tiro_evaluation_create = {
    .method = "POST",
    .path = "/v1/tiro/evaluations",
    .fields = fields,
    .size = sizeof(struct create_req),
    .handle = handle,
    .name = "EvaluationCreate",
    .tag = "Evaluations",
    .summary = "Has a model sit an exam, in the server's idle time; it goes on after a restart.",
    .response = evaluations_answer_fields,
};
