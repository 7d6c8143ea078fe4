/* What happens to kept responses when the store fails, clients leave, the server is started again,
 * or too many are asked for. */
#include "unit/test.h"

#include "unit/api/fake_events.h"
#include "unit/api/fake_responses.h"

#include "api/live.h"

#include <stdio.h>

static const struct principal owner = { SLICE("t"), SLICE("p"), SLICE("u"), SLICE("k") };
static const struct principal other = { SLICE("t"), SLICE("q"), SLICE("u"), SLICE("k") };
static char path[64];

struct fixture {
    struct fake_service s;
    struct fake models; /* whose backend all calls use */
    char url[96];
};

static void open_service(struct fixture *f)
{
    fake_init(&f->models);
    fake_responses_open(&f->s, f->url);
    f->s.service.backend = &f->models.backend;
}

static void close_service(struct fixture *f)
{
    fake_responses_close(&f->s);
    f->models.over = true;
    fake_release(&f->models);
}

static int setup(void **state)
{
    static struct fixture f;
    (void)snprintf(path, sizeof path, "%s/test.db", fake_data_dir());
    (void)snprintf(f.url, sizeof f.url, "sqlite:%s", path);
    open_service(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    char name[80];
    close_service(*state);
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name); /* It may not be there. */
    }
    return 0;
}

/* The call, and what it was told so far. */
static const char *ask(struct fixture *f, struct fake *call, const struct principal *who,
                       const char *method, const char *url, const char *body)
{
    fake_init(call);
    call->service = &f->s.service;
    call->principal = *who;
    fake_request(call, method, url, slice_of(body));
    fake_catch_up(&f->s);
    return buf_str(&call->trace);
}

static void leave(struct fixture *f, struct fake *call)
{
    if (!call->over && call->call.on_close) call->call.on_close(&call->call);
    call->over = true;
    fake_catch_up(&f->s);
    fake_release(call);
}

static void say(struct fixture *f, size_t h, const char *what)
{
    json_t *event = json_loads(what, 0, NULL);
    json_object_set_new(json_object_iter_value(json_object_iter(event)), "h",
                        json_integer((json_int_t)h));
    fake_event(&f->models, event);
    json_decref(event);
    fake_catch_up(&f->s);
}

static void finish(struct fixture *f, size_t h)
{
    say(f, h, "{\"token\":{\"text\":\"Hello\"}}");
    say(f, h, "{\"flush\":{}}");
    say(f, h, "{\"done\":{\"prompt\":9,\"cached\":4,\"completion\":2,\"final\":true}}");
}

struct sql {
    struct store_job job;
    const char *text;
    int64_t n;
};

static int run_sql(struct store_job *job, struct db *db, struct err *err)
{
    struct sql *sql = (struct sql *)job;
    if (strncmp(sql->text, "SELECT", 6) == 0)
        return db_one_int(&sql->n, -1, db, sql->text, DB_NO_ARGS, err);
    int rc = db_exec(db, sql->text, DB_NO_ARGS, err);
    return rc < 0 ? rc : 0;
}

static void sql_done(struct store_job *job, int rc, const struct err *err)
{
    (void)job;
    if (rc < 0) fail_msg("%s", err->text);
}

static int64_t query(struct fixture *f, const char *text)
{
    struct sql sql = { .job = { .run = run_sql, .done = sql_done }, .text = text };
    store_submit(f->s.service.store, &sql.job);
    fake_catch_up(&f->s);
    return sql.n;
}

static void assert_says(const char *trace, const char *part)
{
    if (!strstr(trace, part)) fail_msg("'%.600s' does not say '%s'", trace, part);
}

#define POST       "POST", "/v1/responses"
#define PLAIN      "{\"model\":\"small\",\"input\":\"Hi\"}"
#define BACKGROUND "{\"model\":\"small\",\"input\":\"Hi\",\"background\":true}"
#define STREAM     "{\"model\":\"small\",\"input\":\"Hi\",\"stream\":true}"

static void test_nothing_is_told_before_its_row(void **state)
{
    struct fixture *f = *state;
    struct fake call;
    (void)query(f, "ALTER TABLE responses RENAME TO away");
    assert_says(ask(f, &call, &owner, POST, STREAM), "reply 503");
    assert_null(strstr(buf_str(&call.trace), "response.created"));
    assert_says(buf_str(&f->models.trace), "cancel 0"); /* It had begun meanwhile. */
    leave(f, &call);
    (void)query(f, "ALTER TABLE away RENAME TO responses");
    assert_int_equal(query(f, "SELECT COUNT(*) FROM responses"), 0);
}

static void test_the_end_is_written_when_that_is_possible_again(void **state)
{
    struct fixture *f = *state;
    struct fake call;
    ask(f, &call, &owner, POST, PLAIN);
    (void)query(f, "ALTER TABLE ledger RENAME TO away");
    finish(f, 0);
    assert_says(buf_str(&call.trace), "reply 503");
    leave(f, &call);
    /* All of it, or nothing. */
    assert_int_equal(query(f, "SELECT COUNT(*) FROM responses WHERE status = 'in_progress'"), 1);
    assert_int_equal(query(f, "SELECT COUNT(*) FROM items WHERE part = 2"), 0);
    (void)query(f, "ALTER TABLE away RENAME TO ledger");
    while (fake_fire(&f->s) > 0) fake_catch_up(&f->s);
    assert_int_equal(query(f, "SELECT COUNT(*) FROM responses WHERE status = 'completed'"), 1);
    assert_int_equal(query(f, "SELECT COUNT(*) FROM items WHERE part = 2"), 1);
    assert_int_equal(query(f, "SELECT completion_tokens FROM ledger"), 2);
}

static void test_who_hangs_up_cancels_and_pays(void **state)
{
    struct fixture *f = *state;
    struct fake call;
    ask(f, &call, &owner, POST, STREAM);
    say(f, 0, "{\"counted\":{\"prompt\":9,\"cached\":4}}");
    say(f, 0, "{\"token\":{\"text\":\"Hel\",\"n_tokens\":1}}");
    say(f, 0, "{\"flush\":{}}");
    leave(f, &call);
    assert_says(buf_str(&f->models.trace), "cancel 0");
    assert_int_equal(query(f, "SELECT COUNT(*) FROM responses WHERE status = 'cancelled'"), 1);
    assert_int_equal(query(f, "SELECT status FROM ledger"), 499);
    assert_int_equal(query(f, "SELECT prompt_tokens FROM ledger"), 9);
}

static void test_a_server_that_ends_leaves_it_to_the_next(void **state)
{
    struct fixture *f = *state;
    struct fake call;
    ask(f, &call, &owner, POST, STREAM);
    f->s.service.draining = true;
    leave(f, &call);
    close_service(f);
    open_service(f);
    assert_int_equal(query(f, "SELECT COUNT(*) FROM responses WHERE status = 'in_progress'"), 1);
    while (f->models.n_handles == 0 && fake_fire(&f->s) > 0) fake_catch_up(&f->s);
    finish(f, 0);
    assert_int_equal(query(f, "SELECT COUNT(*) FROM responses WHERE status = 'completed'"), 1);
    assert_int_equal(query(f, "SELECT COUNT(*) FROM ledger"), 1);
}

static void test_a_wrong_request_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct fake call;
    ask(f, &call, &owner, POST, STREAM);
    say(f, 0, "{\"error\":{\"code\":\"CONTEXT_LENGTH\",\"text\":\"too long\"}}");
    assert_says(buf_str(&call.trace), "reply 400");
    leave(f, &call);
    assert_int_equal(query(f, "SELECT COUNT(*) FROM responses"), 0);
    assert_int_equal(query(f, "SELECT COUNT(*) FROM items"), 0);
}

/* Lets its turn come. */
static void tick(struct fixture *f)
{
    size_t n = f->models.n_handles;
    while (f->models.n_handles == n && fake_fire(&f->s) > 0) fake_catch_up(&f->s);
}

static void test_lost_workers_are_no_end_until_they_are_too_many(void **state)
{
    struct fixture *f = *state;
    struct fake call;
    ask(f, &call, &owner, POST, STREAM);
    for (size_t h = 0; h <= LIVE_AGAIN_MAX; h++) {
        say(f, h, "{\"token\":{\"text\":\"Hel\"}}");
        say(f, h, "{\"flush\":{}}");
        assert_false(call.over);
        say(f, h, "{\"error\":{\"code\":\"WORKER_LOST\",\"text\":\"it is gone\"}}");
        if (h < LIVE_AGAIN_MAX) tick(f);
    }
    assert_true(call.over);
    const char *delta = strstr(buf_str(&call.trace), "\"delta\":\"Hel\"");
    assert_non_null(delta);
    assert_null(strstr(delta + 1, "\"delta\"")); /* Told once, however often it was made. */
    assert_says(delta, "response.failed");
    leave(f, &call);
    assert_int_equal(query(f, "SELECT COUNT(*) FROM responses WHERE status = 'failed'"), 1);
}

static int n_submits;

static int submit_nowhere(struct backend *backend, struct backend_handle **ret, const char *id,
                          const struct msg_request *request, const struct backend_events *events,
                          void *user, struct err *err)
{
    (void)backend, (void)ret, (void)id, (void)request, (void)events, (void)user;
    n_submits++;
    return err_set(err, ERR_NOT_READY, "the file is cut");
}

static _Atomic uint64_t minutes;

static uint64_t clock_of_minutes(void)
{
    return seams_real.now_ns() + ++minutes * 60000000000u; /* On from what was read before. */
}

static void test_a_model_that_cannot_load_is_an_end_at_last(void **state)
{
    struct fixture *f = *state;
    struct fake call;
    ask(f, &call, &owner, POST, STREAM);
    f->s.service.draining = true;
    leave(f, &call);
    close_service(f);
    open_service(f);
    struct backend_ops ops = *f->models.backend.ops;
    ops.submit = submit_nowhere;
    f->models.backend.ops = &ops;
    n_submits = 0;
    for (int i = 0; i < 50 && fake_fire(&f->s) > 0; i++) fake_catch_up(&f->s);
    assert_in_range(n_submits, 1, LIVE_STARTS_MAX); /* It rests: hardly any time has passed. */
    assert_int_equal(query(f, "SELECT COUNT(*) FROM responses WHERE status = 'failed'"), 0);
    seams.now_ns = clock_of_minutes;
    for (int i = 0; i < 200 && fake_fire(&f->s) > 0; i++) fake_catch_up(&f->s);
    seams.now_ns = seams_real.now_ns;
    assert_int_equal(n_submits, LIVE_STARTS_MAX + 1);
    assert_int_equal(query(f, "SELECT COUNT(*) FROM responses WHERE status = 'failed'"), 1);
}

static void test_turns_and_limits_of_the_background(void **state)
{
    struct fixture *f = *state;
    static struct fake calls[RESPONSES_BACKGROUND_PROJECT_MAX], more;
    size_t n_live = 0;
    for (int i = 0; i < RESPONSES_BACKGROUND_PROJECT_MAX; i++) {
        assert_says(ask(f, &calls[i], &owner, POST, BACKGROUND), "\"status\":\"queued\"");
        leave(f, &calls[i]);
    }
    for (size_t i = 0; i < f->models.n_handles; i++) n_live += f->models.handles[i].live;
    assert_int_equal(n_live, RESPONSES_TURNS_MAX);
    assert_says(ask(f, &more, &owner, POST, BACKGROUND), "reply 429");
    assert_says(buf_str(&more.trace), "has 256 background responses that have not ended");
    leave(f, &more);
    assert_says(ask(f, &more, &other, POST, BACKGROUND), "\"status\":\"queued\"");
    leave(f, &more);
    size_t n = f->models.n_handles;
    ask(f, &more, &owner, POST, PLAIN);
    assert_true(f->models.n_handles == n + 1 && f->models.handles[n].live); /* It does not wait. */
    leave(f, &more);
}

static void test_another_project_has_none_of_it(void **state)
{
    struct fixture *f = *state;
    struct fake call;
    char url[128], id[64] = "";
    const char *told = ask(f, &call, &owner, POST, BACKGROUND);
    assert_int_equal(sscanf(strstr(told, "\"id\":\"") + 6, "%63[a-z0-9_]", id), 1);
    leave(f, &call);
    static const char *const asked[][2] = { { "GET", "" },
                                            { "GET", "?stream=true" },
                                            { "GET", "/input_items" },
                                            { "POST", "/cancel" },
                                            { "DELETE", "" } };
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        (void)snprintf(url, sizeof url, "/v1/responses/%s%s", id, asked[i][1]);
        assert_says(ask(f, &call, &other, asked[i][0], url, ""), "reply 404");
        leave(f, &call);
    }
    assert_null(strstr(buf_str(&f->models.trace), "cancel"));
    assert_says(ask(f, &call, &owner, "GET", url, ""), id);
    leave(f, &call);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_told_before_its_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_end_is_written_when_that_is_possible_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_who_hangs_up_cancels_and_pays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_server_that_ends_leaves_it_to_the_next, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_wrong_request_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_workers_are_no_end_until_they_are_too_many, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_model_that_cannot_load_is_an_end_at_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_turns_and_limits_of_the_background, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_project_has_none_of_it, setup, teardown),
    };
    int n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    fake_data_dir_remove();
    return n_failed;
}
