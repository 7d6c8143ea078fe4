/* Requests from inside: whatever becomes of them is one answer. */
#include "unit/api/batch_harness.h"

struct ended {
    int n, status;
    char body[4096];
    char request_id[INNER_REQUEST_ID_MAX];
    uint32_t retry_after_ms, completion_tokens;
    struct inner_call *call;
};

static void on_end(void *user, const struct inner_answer *a)
{
    struct ended *e = user;
    e->n++;
    e->status = a->status;
    e->retry_after_ms = a->retry_after_ms;
    e->completion_tokens = a->stats.completion_tokens;
    (void)snprintf(e->body, sizeof e->body, "%.*s", SLICE_FMT(a->body));
    (void)snprintf(e->request_id, sizeof e->request_id, "%s", a->request_id);
}

static void ask_it(struct ended *e, const char *method, const char *path, const char *body)
{
    struct err err = { 0 };
    struct inner_call_options o = { .service = &h.service,
                                    .principal = &someone,
                                    .method = slice_of(method),
                                    .path = slice_of(path),
                                    .body = slice_of(body),
                                    .priority = -3,
                                    .has_seed = true,
                                    .seed = 77,
                                    .end = on_end,
                                    .user = e };
    *e = (struct ended){ 0 };
    assert_ok(inner_call_begin(&e->call, &o, &err), &err);
}

static void test_answers(void **state)
{
    struct ended e;
    (void)state;
    ask_it(&e, "POST", "/v1/completions", "{\"model\":\"small\",\"prompt\":\"p\"}");
    assert_int_equal(e.n, 0);
    assert_int_equal(h.handles[0].request.priority, -3);
    assert_int_equal(go(1), 1);
    assert_int_equal(e.n, 1);
    assert_int_equal(e.status, 200);
    assert_int_equal(e.completion_tokens, 2);
    assert_non_null(strstr(e.body, "\"p 77\""));
    assert_memory_equal(e.request_id, "req_", 4);
    ask_it(&e, "POST", "/v1/completions", "{\"model\":\"small\",\"prompt\":\"p\",\"seed\":5}");
    assert_int_equal(go(1), 1);
    assert_non_null(strstr(e.body, "\"p 5\"")); /* Its own seed goes first. */
}

static void test_errors_are_answers(void **state)
{
    static const struct {
        const char *method, *path, *body;
        int status;
    } cases[] = {
        { "POST", "/v1/nothing", "{}", 404 },
        { "GET", "/v1/completions", "", 405 },
        { "POST", "/v1/completions", "{", 400 },
        { "POST", "/v1/completions", "{\"model\":\"small\"}", 400 },
        { "POST", "/v1/completions", "{\"model\":\"none\",\"prompt\":\"p\"}", 404 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ended e;
        ask_it(&e, cases[i].method, cases[i].path, cases[i].body);
        assert_int_equal(e.n, 1);
        assert_int_equal(e.status, cases[i].status);
        assert_memory_equal(e.body, "{\"error\":", 9);
    }
    struct ended e;
    h.failure = ERR_OVERLOADED;
    h.n_failures = 1;
    ask_it(&e, "POST", "/v1/completions", "{\"model\":\"small\",\"prompt\":\"p\"}");
    assert_int_equal(go(1), 1);
    assert_int_equal(e.status, 503);
    assert_int_equal(e.retry_after_ms, 1000);
}

static void test_cancel(void **state)
{
    struct ended e;
    (void)state;
    ask_it(&e, "POST", "/v1/completions", "{\"model\":\"small\",\"prompt\":\"p\"}");
    inner_call_cancel(e.call);
    assert_int_equal(h.n_cancelled, 1);
    assert_int_equal(e.n, 0);
    inner_call_cancel(NULL);
}

static void test_streams_are_refused(void **state)
{
    struct ended e;
    static const char body[] = "{\"model\":\"small\",\"prompt\":\"p\",\"stream\":true}";
    (void)state;
    ask_it(&e, "POST", "/v1/completions", body);
    struct backend_handle *b = &h.handles[0];
    struct msg_token token = { .text = SLICE("a"), .n_tokens = 1 };
    b->events->token(b->user, &token);
    b->events->flush(b->user);
    assert_int_equal(e.n, 0);
    pass(0);
    assert_int_equal(e.n, 1);
    assert_int_equal(e.status, 400);
    assert_int_equal(h.n_cancelled, 1);
    /* It ends before anybody could close it. */
    ask_it(&e, "POST", "/v1/completions", body);
    assert_int_equal(go(1), 1);
    assert_int_equal(e.n, 1);
    assert_int_equal(e.status, 400);
    /* Or is cancelled. */
    ask_it(&e, "POST", "/v1/completions", body);
    b->events->token(b->user, &token);
    b->events->flush(b->user);
    inner_call_cancel(e.call);
    pass(0);
    assert_int_equal(e.n, 0);
}

static void *no_memory(size_t size)
{
    (void)size;
    return NULL;
}

static void test_no_memory(void **state)
{
    struct ended e = { 0 };
    struct err err = { 0 };
    struct inner_call_options o = { .service = &h.service,
                                    .principal = &someone,
                                    .method = SLICE("POST"),
                                    .path = SLICE("/v1/completions"),
                                    .body = SLICE("{}"),
                                    .end = on_end,
                                    .user = &e };
    (void)state;
    store_wait(h.service.store); /* Its thread allocates no more. */
    seams.alloc = no_memory;
    int rc = inner_call_begin(&e.call, &o, &err);
    seams.alloc = seams_real.alloc;
    assert_int_equal(rc, -ERR_NO_MEMORY);
    assert_int_equal(e.n, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        T(test_answers),   T(test_errors_are_answers),  T(test_cancel),
        T(test_no_memory), T(test_streams_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
