/* Batches over a real database: every line once, whatever comes between. */
#include "unit/api/batch_harness.h"

#include "api/batch_line.h"
#include "api/batch_validation.h"
#include "fault/memory.h"

#include <stdatomic.h>

/* ---- Input files ---- */

static void add_line(struct buf *to, int i)
{
    buf_printf(to,
               "{\"custom_id\":\"line-%d\",\"method\":\"POST\",\"url\":\"/v1/completions\","
               "\"body\":{\"model\":\"small\",\"prompt\":\"p%d\",\"max_tokens\":%d}}\n",
               i, i, i % 10 == 9 ? -1 : 4); /* Each tenth is refused when it runs. */
}

static void put_lines(const char *id, int n)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    for (int i = 0; i < n; i++) add_line(&text, i);
    put_file(id, "batch", buf_slice(&text));
    buf_release(&text);
}

/* ---- Output files ---- */

/* The line's text, or the code of its error; each custom_id of 0..n-1 stands once in both files. */
struct lines {
    char text[2000][64];
    int status[2000]; /* 0: has not run */
    int n;
};

static void read_lines(struct lines *ret, char *text, bool errors)
{
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_t *o = json_loads(line, 0, NULL);
        int i = atoi(text_of(o, "custom_id") + strlen("line-"));
        assert_true(i >= 0 && i < 2000 && !ret->text[i][0]);
        assert_memory_equal(text_of(o, "id"), "batch_req_", 10);
        const json_t *response = json_object_get(o, "response"),
                     *error = json_object_get(o, "error");
        ret->status[i] = (int)json_integer_value(json_object_get(response, "status_code"));
        assert_int_equal(errors, ret->status[i] != 200);
        assert_true(json_is_null(response) != json_is_null(error));
        const json_t *body = json_object_get(response, "body");
        const char *s = json_is_null(response) ? text_of(error, "code")
                        : errors
                            ? text_of(json_object_get(body, "error"), "code")
                            : text_of(json_array_get(json_object_get(body, "choices"), 0), "text");
        (void)snprintf(ret->text[i], 64, "%s", s);
        assert_true(ret->text[i][0]);
        ret->n++;
        json_decref(o);
    }
}

static struct lines lines;

/* What both files hold, against the batch's counts. */
static void read_files(const json_t *batch)
{
    memset(&lines, 0, sizeof lines);
    static const char *const keys[] = { "output_file_id", "error_file_id" };
    int64_t n[2] = { 0 };
    for (int k = 0; k < 2; k++) {
        const char *id = text_of(batch, keys[k]);
        int before = lines.n;
        if (!*id) continue;
        char *text = get_file(id);
        read_lines(&lines, text, k == 1);
        mem_free(text);
        n[k] = lines.n - before;
    }
    assert_int_equal(count_of(batch, "request_counts", "completed"), n[0]);
    assert_int_equal(count_of(batch, "request_counts", "failed"), n[1]);
    assert_int_equal(count_of(batch, "request_counts", "total"), n[0] + n[1]);
}

/* Tokens in the ledger, in the batch, and as the lines said. */
static void check_books(const json_t *batch)
{
    int64_t n = count_of(batch, "request_counts", "completed");
    assert_int_equal(count_of(batch, "usage", "input_tokens"), 5 * n);
    assert_int_equal(count_of(batch, "usage", "output_tokens"), 2 * n);
    assert_int_equal(count_of(batch, "usage", "total_tokens"), 7 * n);
    assert_int_equal(number("SELECT SUM(prompt_tokens) FROM ledger"), 5 * n);
    assert_int_equal(number("SELECT SUM(cached_tokens) FROM ledger"), n);
    assert_int_equal(number("SELECT SUM(completion_tokens) FROM ledger"), 2 * n);
}

static void expect_texts(const char *id, int n)
{
    char want[64];
    for (int i = 0; i < n; i++) {
        char custom[32];
        (void)snprintf(custom, sizeof custom, "line-%d", i);
        (void)snprintf(want, sizeof want, "p%d %llu", i,
                       (unsigned long long)batch_line_seed(slice_of(id), slice_of(custom)));
        if (i % 10 == 9) assert_int_equal(lines.status[i], 400);
        if (i % 10 != 9) assert_string_equal(lines.text[i], want);
    }
}

/* ---- Tests ---- */

static void test_a_whole_life(void **state)
{
    char id[64];
    (void)state;
    put_lines("file-a", 100);
    create(id, "file-a", "/v1/completions");
    store_wait(h.service.store);
    assert_true(h.n_live > 0 && h.n_live <= BATCH_LINES_OPEN_MAX);
    assert_int_equal(h.handles[0].request.priority, BATCH_PRIORITY);
    json_t *batch = until(id, "completed");
    assert_int_equal(count_of(batch, "request_counts", "completed"), 90);
    assert_string_equal(text_of(batch, "model"), "small");
    assert_string_equal(text_of(json_object_get(batch, "metadata"), "a"), "b");
    read_files(batch);
    assert_int_equal(lines.n, 100);
    expect_texts(id, 100);
    check_books(batch);
    assert_int_equal(number("SELECT COUNT(*) FROM ledger"), 100);
    go(0);
    assert_int_equal(number("SELECT COUNT(*) FROM batch_lines"), 0);
    assert_int_equal(h.n_submitted, 90);
    json_decref(batch);
}

/* Dropped at any moment and begun again: the same lines, each answered, written and booked once. */
static void test_restarts_change_nothing(void **state)
{
    char id[64];
    (void)state;
    put_lines("file-a", 200);
    create(id, "file-a", "/v1/completions");
    for (int i = 0; i < 60; i++) {
        halt();
        begin();
        (void)go(i % 8);
    }
    json_t *batch = until(id, "completed");
    read_files(batch);
    assert_int_equal(lines.n, 200);
    expect_texts(id, 200);
    check_books(batch);
    json_decref(batch);
}

static void test_two_batches_share(void **state)
{
    char a[64], b[64];
    (void)state;
    put_lines("file-a", 300);
    put_lines("file-b", 40);
    create(a, "file-a", "/v1/completions");
    create(b, "file-b", "/v1/completions");
    while (!has_status(b, "completed")) (void)go(8);
    json_t *batch = get(b);
    assert_true(has_status(a, "in_progress")); /* The long one did not hold up the short one. */
    read_files(batch);
    assert_int_equal(lines.n, 40);
    json_decref(batch);
    json_decref(until(a, "completed"));
}

static void test_cancel(void **state)
{
    char id[64], path[128];
    (void)state;
    put_lines("file-a", 200);
    create(id, "file-a", "/v1/completions");
    (void)go(10);
    (void)snprintf(path, sizeof path, "/v1/batches/%s/cancel", id);
    json_decref(ask_as(&stranger, 404, "POST", path, ""));
    json_t *batch = ask(200, "POST", path, "");
    assert_string_equal(text_of(batch, "status"), "cancelling");
    json_decref(batch);
    batch = get(id); /* No answer of a model was waited for. */
    assert_string_equal(text_of(batch, "status"), "cancelled");
    assert_int_equal(h.n_live, 0);
    assert_true(h.n_cancelled > 0);
    assert_int_equal(count_of(batch, "request_counts", "completed"), 10);
    read_files(batch);
    assert_int_equal(lines.n, 200);
    assert_string_equal(lines.text[199], "batch_cancelled");
    check_books(batch);
    json_decref(batch);
    json_decref(ask(200, "POST", path, "")); /* Again changes nothing. */
    json_decref(ask(200, "GET", "/v1/batches", ""));
}

static void test_expiry(void **state)
{
    char id[64];
    (void)state;
    put_lines("file-a", 200);
    create(id, "file-a", "/v1/completions");
    (void)go(7);
    pass(24 * 3600 * 1000 - 1000);
    store_wait(h.service.store);
    assert_true(has_status(id, "in_progress"));
    pass(1000);
    store_wait(h.service.store);
    json_t *batch = get(id);
    assert_string_equal(text_of(batch, "status"), "expired");
    read_files(batch);
    assert_int_equal(lines.n, 200);
    assert_int_equal(count_of(batch, "request_counts", "completed"), 7);
    assert_string_equal(lines.text[199], "batch_expired");
    check_books(batch);
    json_decref(batch);
}

static void test_what_may_pass_is_tried_again(void **state)
{
    char id[64];
    (void)state;
    put_lines("file-a", 9);
    h.failure = ERR_WORKER_LOST;
    h.n_failures = 9 * (BATCH_LOST_MAX - 1);
    create(id, "file-a", "/v1/completions");
    json_t *batch = until(id, "completed");
    assert_int_equal(h.n_failures, 0);
    assert_int_equal(count_of(batch, "request_counts", "completed"), 9);
    read_files(batch);
    expect_texts(id, 9);
    check_books(batch);
    json_decref(batch);
}

static void test_what_kills_its_worker_ends(void **state)
{
    char id[64];
    (void)state;
    put_lines("file-a", 1);
    h.failure = ERR_WORKER_LOST;
    h.n_failures = BATCH_LOST_MAX;
    create(id, "file-a", "/v1/completions");
    json_t *batch = until(id, "completed");
    assert_int_equal(count_of(batch, "request_counts", "failed"), 1);
    read_files(batch);
    assert_int_equal(lines.status[0], 503);
    assert_string_equal(lines.text[0], "worker_lost");
    json_decref(batch);
}

static void test_overload_is_waited_for(void **state)
{
    char id[64];
    (void)state;
    put_lines("file-a", 40);
    h.refuse = ERR_OVERLOADED;
    create(id, "file-a", "/v1/completions");
    for (int i = 0; i < 600; i++) pass(1000); /* Ten minutes. */
    assert_true(has_status(id, "in_progress"));
    h.refuse = ERR_NONE;
    json_t *batch = until(id, "completed");
    assert_int_equal(count_of(batch, "request_counts", "completed"), 36);
    json_decref(batch);
}

static void test_embeddings(void **state)
{
    char id[64];
    (void)state;
    put_file("file-a", "batch",
             SLICE("{\"custom_id\":\"line-0\",\"method\":\"POST\",\"url\":\"/v1/embeddings\","
                   "\"body\":{\"model\":\"vectors\",\"input\":[\"a\",\"b\"]}}"));
    create(id, "file-a", "/v1/embeddings");
    json_t *batch = until(id, "completed");
    assert_int_equal(count_of(batch, "usage", "input_tokens"), 6);
    assert_int_equal(number("SELECT SUM(prompt_tokens) FROM ledger"), 6);
    json_decref(batch);
}

static void test_deleted_input(void **state)
{
    char id[64];
    struct err err = { 0 };
    struct found_file f = { .id = "file-a" };
    (void)state;
    put_lines("file-a", 200);
    create(id, "file-a", "/v1/completions");
    in_store(run_find, &f);
    assert_ok(blob_remove(h.dir, slice_of(f.sha256), &err), &err);
    json_t *batch = until(id, "failed");
    read_files(batch);
    assert_int_equal(lines.n, 200);
    assert_string_equal(lines.text[199], "file_not_found");
    check_books(batch);
    json_decref(batch);
}

static void test_others_do_not_find_it(void **state)
{
    char id[64], path[128];
    (void)state;
    put_lines("file-a", 1);
    create(id, "file-a", "/v1/completions");
    (void)snprintf(path, sizeof path, "/v1/batches/%s", id);
    json_t *theirs = ask_as(&stranger, 404, "GET", path, "");
    json_t *error = json_object_get(theirs, "error");
    char want[160];
    (void)snprintf(want, sizeof want, "No batch found with id '%s'.", id);
    assert_string_equal(text_of(error, "message"), want);
    json_decref(theirs);
    json_t *list = ask_as(&stranger, 200, "GET", "/v1/batches", "");
    assert_int_equal(json_array_size(json_object_get(list, "data")), 0);
    json_decref(list);
    json_decref(ask_as(&stranger, 404, "POST", "/v1/batches",
                       "{\"input_file_id\":\"file-a\",\"endpoint\":\"/v1/completions\","
                       "\"completion_window\":\"24h\"}"));
    put_file("file-b", "user_data", SLICE("x"));
    json_decref(ask(400, "POST", "/v1/batches",
                    "{\"input_file_id\":\"file-b\",\"endpoint\":\"/v1/completions\","
                    "\"completion_window\":\"24h\"}"));
    json_decref(until(id, "completed"));
}

/* ---- Validation ---- */

#define GOOD(id)                                                                 \
    "{\"custom_id\":\"" id "\",\"method\":\"POST\",\"url\":\"/v1/completions\"," \
    "\"body\":{\"model\":\"small\",\"prompt\":\"p\"}}\n"

/* The first error of a file. */
static void expect_error(const char *text, const char *code, int line, const char *param)
{
    static int n_files;
    char file[32], id[64];
    (void)snprintf(file, sizeof file, "file-%d", n_files++);
    put_file(file, "batch", slice_of(text));
    create(id, file, "/v1/completions");
    json_t *batch = until(id, "failed");
    const json_t *data = json_object_get(json_object_get(batch, "errors"), "data");
    const json_t *error = json_array_get(data, 0);
    assert_string_equal(text_of(error, "code"), code);
    assert_string_equal(text_of(error, "param"), param);
    assert_int_equal(json_integer_value(json_object_get(error, "line")), line);
    assert_true(strlen(text_of(error, "message")) > 10);
    assert_int_equal(count_of(batch, "request_counts", "total"), 0);
    assert_int_equal(number("SELECT COUNT(*) FROM batch_lines"), 0);
    json_decref(batch);
}

static void test_bad_files(void **state)
{
    (void)state;
    expect_error(GOOD("a") "\n{]\n", "invalid_json_line", 3, "");
    expect_error("[]\n", "invalid_json_line", 1, "");
    expect_error("\n \r\n", "empty_file", 0, "");
    expect_error(GOOD("a") GOOD("b") GOOD("a"), "duplicate_custom_id", 3, "custom_id");
    expect_error("{\"method\":\"POST\"}", "missing_required_parameter", 1, "custom_id");
    expect_error("{\"custom_id\":7}", "invalid_request", 1, "custom_id");
    expect_error("{\"custom_id\":\"\"}", "invalid_request", 1, "custom_id");
    expect_error("{\"custom_id\":\"a\",\"method\":\"GET\"}", "invalid_method", 1, "method");
    expect_error("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/embeddings\"}",
                 "url_mismatch", 1, "url");
    expect_error("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/completions\"}",
                 "missing_required_parameter", 1, "body");
    expect_error("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/completions\","
                 "\"body\":{}}",
                 "missing_required_parameter", 1, "body.model");
    expect_error("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/completions\","
                 "\"body\":{\"model\":\"small\",\"stream\":true}}",
                 "unsupported_value", 1, "body.stream");
    expect_error(GOOD("a") "{\"custom_id\":\"b\",\"method\":\"POST\",\"url\":\"/v1/completions\","
                           "\"body\":{\"model\":\"other\"}}",
                 "model_mismatch", 2, "body.model");
    expect_error("{\"custom_id\":\"b\",\"method\":\"POST\",\"url\":\"/v1/completions\","
                 "\"body\":{\"model\":\"other\"}}",
                 "model_not_found", 0, "body.model");
}

static struct slice big_line(struct buf *b, size_t bytes)
{
    const char head[] = "{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/completions\","
                        "\"body\":{\"model\":\"small\",\"prompt\":\"";
    buf_init(b, TEXT_MAX);
    buf_add_str(b, head);
    while (b->len + 3 < bytes) buf_add_char(b, 'x');
    buf_add_str(b, "\"}}");
    assert_int_equal(b->len, bytes);
    return buf_slice(b);
}

static void test_long_lines(void **state)
{
    struct buf b;
    char id[64];
    (void)state;
    put_file("file-a", "batch", big_line(&b, BATCH_LINE_BYTES_MAX));
    buf_release(&b);
    create(id, "file-a", "/v1/completions");
    (void)go(0);
    json_decref(until(id, "completed"));
    (void)big_line(&b, BATCH_LINE_BYTES_MAX + 1);
    expect_error(buf_str(&b), "request_too_large", 1, "");
    buf_release(&b);
}

static void test_custom_ids(void **state)
{
    char text[2048], name[BATCH_CUSTOM_ID_MAX + 2];
    struct batch_line line;
    struct batch_problem problem;
    (void)state;
    memset(name, 'n', sizeof name);
    for (int more = 0; more < 2; more++) {
        name[BATCH_CUSTOM_ID_MAX + more] = '\0';
        (void)snprintf(text, sizeof text,
                       "{\"custom_id\":\"%s\",\"method\":\"POST\",\"url\":\"/v1/completions\","
                       "\"body\":{\"model\":\"small\"}}",
                       name);
        name[BATCH_CUSTOM_ID_MAX + more] = 'n';
        int rc = batch_line_read(&line, slice_of(text), "/v1/completions", &problem);
        assert_int_equal(rc, more ? -ERR_INVALID_VALUE : 0);
        if (rc == 0) batch_line_release(&line);
    }
}

static void test_errors_end_somewhere(void **state)
{
    struct buf b;
    char id[64];
    (void)state;
    buf_init(&b, TEXT_MAX);
    for (int i = 0; i < BATCH_ERRORS_MAX + 50; i++) buf_add_str(&b, "?\n");
    put_file("file-a", "batch", buf_slice(&b));
    buf_release(&b);
    create(id, "file-a", "/v1/completions");
    json_t *batch = until(id, "failed");
    assert_int_equal(json_array_size(json_object_get(json_object_get(batch, "errors"), "data")),
                     BATCH_ERRORS_MAX);
    json_decref(batch);
}

static void test_number_of_lines(void **state)
{
    struct buf b;
    char id[64];
    (void)state;
    for (int more = 0; more < 2; more++) {
        buf_init(&b, TEXT_MAX);
        for (int i = 0; i < BATCH_LINES_MAX + more; i++) add_line(&b, 2 * i);
        if (more) {
            expect_error(buf_str(&b), "too_many_tasks", BATCH_LINES_MAX + 1, "");
        } else {
            put_file("file-a", "batch", buf_slice(&b));
            create(id, "file-a", "/v1/completions");
            json_t *batch = until(id, "in_progress");
            assert_int_equal(count_of(batch, "request_counts", "total"), BATCH_LINES_MAX);
            json_decref(batch);
            char path[128];
            (void)snprintf(path, sizeof path, "/v1/batches/%s/cancel", id);
            json_decref(ask(200, "POST", path, ""));
            json_decref(until(id, "cancelled"));
        }
        buf_release(&b);
    }
}

static void test_number_of_inputs(void **state)
{
    struct batch_line line;
    struct batch_problem problem;
    static const struct {
        const char *input;
        uint64_t n;
    } cases[] = {
        { "\"a\"", 1 }, { "[1,2,3]", 1 }, { "[\"a\",\"b\"]", 2 }, { "[[1],[2],[3]]", 3 }
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        (void)snprintf(text, sizeof text,
                       "{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/embeddings\","
                       "\"body\":{\"model\":\"m\",\"input\":%s}}",
                       cases[i].input);
        int rc = batch_line_read(&line, slice_of(text), "/v1/embeddings", &problem);
        assert_int_equal(rc, 0);
        assert_int_equal(line.n_inputs, cases[i].n);
        batch_line_release(&line);
    }
}

/* Nothing of a line is stored elsewhere than in the batch's files. */
static void test_nothing_else_is_stored(void **state)
{
    static const struct {
        const char *endpoint, *body, *want;
    } cases[] = {
        { "/v1/responses", "{\"model\":\"m\"}", "{\"model\":\"m\",\"store\":false}" },
        { "/v1/responses", "{\"store\":true,\"model\":\"m\"}",
          "{\"store\":false,\"model\":\"m\"}" },
        { "/v1/chat/completions", "{\"model\":\"m\",\"store\":true}",
          "{\"model\":\"m\",\"store\":false}" },
        { "/v1/chat/completions", "{\"model\":\"m\"}", "{\"model\":\"m\"}" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        struct batch_line line;
        struct batch_problem problem;
        struct arena arena;
        struct slice body;
        struct err err = { 0 };
        (void)snprintf(text, sizeof text,
                       "{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"%s\",\"body\":%s}",
                       cases[i].endpoint, cases[i].body);
        arena_init(&arena, 1 << 16);
        assert_int_equal(batch_line_read(&line, slice_of(text), cases[i].endpoint, &problem), 0);
        assert_ok(batch_line_body(&body, &line, cases[i].endpoint, &arena, &err), &err);
        assert_string_equal(body.ptr, cases[i].want);
        batch_line_release(&line);
        arena_release(&arena);
    }
}

static void test_open_batches_are_limited(void **state)
{
    (void)state;
    h.refuse = ERR_OVERLOADED;
    put_lines("file-a", 1);
    for (int i = 0; i < BATCH_OPEN_MAX; i++) {
        char id[64];
        create(id, "file-a", "/v1/completions");
    }
    json_decref(ask(429, "POST", "/v1/batches",
                    "{\"input_file_id\":\"file-a\",\"endpoint\":\"/v1/completions\","
                    "\"completion_window\":\"24h\"}"));
}

/* ---- Without memory ---- */

/* Whatever it says: a request that fails for want of memory is asked once more. */
static void create_somehow(void)
{
    struct err err;
    struct asked q = { 0 };
    struct inner_call *call;
    struct inner_call_options o = {
        .service = &h.service,
        .principal = &someone,
        .method = SLICE("POST"),
        .path = SLICE("/v1/batches"),
        .body = SLICE("{\"input_file_id\":\"file-a\",\"endpoint\":\"/v1/completions\","
                      "\"completion_window\":\"24h\"}"),
        .end = on_asked,
        .user = &q,
    };
    for (int i = 0; i < 3 && q.status != 200; i++) {
        int rc = inner_call_begin(&call, &o, &err);
        if (rc == 0) store_wait(h.service.store);
        json_decref(q.body);
        q.body = NULL;
    }
    assert_int_equal(q.status, 200);
}

/* The allocation that fails may be one of this question: then nobody knows. */
static bool all_have_ended(void)
{
    struct err err;
    struct number n = { .sql = "SELECT COUNT(*) FROM batches WHERE status <> 4" };
    return try_in_store(run_number, &n, &err) == 0 && n.value == 0;
}

static void one_without_memory(int n)
{
    atomic_store(&memory_hit, false);
    put_lines("file-a", 12);
    atomic_store(&memory_left, n - 1);
    seams.alloc = memory_alloc;
    seams.realloc = memory_realloc;
    create_somehow();
    for (int i = 0; i < 500; i++) {
        if (all_have_ended()) break;
        if (go(HANDLES_MAX) == 0) pass(1000);
    }
    for (int i = 0; i < 20; i++) { /* Also what is behind the end. */
        pass(1000);
        (void)go(0);
    }
    atomic_store(&memory_left, -1);
    seams.alloc = seams_real.alloc;
    seams.realloc = seams_real.realloc;
}

/* The n-th allocation fails, whosever it is: the batch goes on, and nothing of it is lost. */
static void test_memory_torture(void **state)
{
    for (int n = 1;; n += 1 + n / 32) {
        one_without_memory(n);
        json_t *list = ask(200, "GET", "/v1/batches", "");
        const json_t *data = json_object_get(list, "data");
        for (size_t i = 0; i < json_array_size(data); i++) {
            const json_t *batch = json_array_get(data, i);
            if (strcmp(text_of(batch, "status"), "completed") != 0)
                fail_msg("without allocation %d: %s", n, json_dumps(batch, 0));
            read_files(batch);
            assert_int_equal(lines.n, 12);
            expect_texts(text_of(batch, "id"), 12);
        }
        assert_int_equal(number("SELECT COUNT(*) FROM batch_lines"), 0);
        assert_int_equal(number("SELECT COUNT(*) FROM ledger"),
                         12 * (int64_t)json_array_size(data));
        json_decref(list);
        if (!atomic_load(&memory_hit)) {
            assert_true(n > 200);
            return;
        }
        assert_int_equal(teardown(state), 0);
        assert_int_equal(setup(state), 0);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        T(test_a_whole_life),
        T(test_restarts_change_nothing),
        T(test_two_batches_share),
        T(test_cancel),
        T(test_expiry),
        T(test_what_may_pass_is_tried_again),
        T(test_what_kills_its_worker_ends),
        T(test_overload_is_waited_for),
        T(test_embeddings),
        T(test_deleted_input),
        T(test_others_do_not_find_it),
        T(test_bad_files),
        T(test_long_lines),
        T(test_custom_ids),
        T(test_errors_end_somewhere),
        T(test_number_of_lines),
        T(test_number_of_inputs),
        T(test_nothing_else_is_stored),
        T(test_open_batches_are_limited),
        T(test_memory_torture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
