/* Chat completions that are kept: what is written when, what is shown, and that the end of an
 * answer waits until it is; another's look exactly like those that are not there. */
#include "unit/test.h"

#include "fault/fault.h"
#include "unit/api/fake_events.h"
#include "unit/api/fake_store.h"

#include <stdio.h>

static const struct principal ann = { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static const struct principal others[] = {
    { SLICE("t2"), SLICE("p1"), SLICE("u1"), SLICE("k1") },
    { SLICE("t1"), SLICE("p2"), SLICE("u1"), SLICE("k1") },
};

static struct fake_service service;
static struct fake fake;
static char last[64 << 10];

static uint64_t fake_wall_ns(void)
{
    return 1700000000ull * 1000000000u;
}

static void fake_random(void *buf, size_t len)
{
    static unsigned char n;
    memset(buf, n++ % 26 + 10, len);
}

static void take_trace(void)
{
    (void)snprintf(last, sizeof last, "%s", buf_str(&fake.trace));
    buf_reset(&fake.trace);
}

static void event(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    fake_event(&fake, value);
    json_decref(value);
}

static const char *ask(const struct principal *who, const char *method, const char *path,
                       const char *body)
{
    fake_ask(&fake, &service, who, method, path, body);
    assert_true(fake.over);
    take_trace();
    fake_release(&fake);
    return last;
}

static void says(const char *part)
{
    if (!strstr(last, part)) fail_msg("'%s' is not in: %s", part, last);
}

static void says_not(const char *part)
{
    if (strstr(last, part)) fail_msg("'%s' is in: %s", part, last);
}

/* Begins a chat and plays it up to its end; the answer then waits for the store. */
static void begin(const char *body)
{
    fake_init(&fake);
    fake.service = &service.service;
    fake.principal = ann;
    fake_request(&fake, "POST", "/v1/chat/completions", slice_of(body));
    assert_int_equal(fake.n_handles, 1);
    event("{\"counted\":{\"prompt\":9,\"cached\":4}}");
    event("{\"token\":{\"text\":\"Hel\"}}");
    event("{\"flush\":{}}");
    event("{\"token\":{\"text\":\"lo\"}}");
    event("{\"done\":{\"prompt\":9,\"cached\":4,\"completion\":2,\"final\":true}}");
}

static void end(void)
{
    store_wait(service.service.store);
    assert_true(fake.over);
    take_trace();
    fake_release(&fake);
}

static char id[64], path[400];

static const char *at(const char *rest)
{
    (void)snprintf(path, sizeof path, "/v1/chat/completions/%s%s", id, rest);
    return path;
}

static void take_id(void)
{
    const char *found = strstr(last, "chatcmpl-");
    assert_non_null(found);
    (void)snprintf(id, sizeof id, "%.*s", (int)strcspn(found, "\""), found);
}

static const char stored[] =
    "{\"model\":\"small\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":"
    "\"user\",\"name\":\"ann\",\"content\":[{\"type\":\"text\",\"text\":\"Hi\"}]}],\"store\":true,"
    "\"metadata\":{\"topic\":\"tea\",\"lang\":\"en\"}}";

static void keep_one(void)
{
    begin(stored);
    end();
    take_id();
}

static int setup(void **state)
{
    (void)state;
    fake_service_open(&service);
    seams.wall_ns = fake_wall_ns;
    seams.random = fake_random;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    seams = seams_real;
    fake_service_close(&service);
    return 0;
}

/* ---- What the store holds ---- */

struct counting {
    struct store_job job;
    const char *sql;
    int64_t n;
};

static int count_run(struct store_job *job, struct db *db, struct err *err)
{
    struct counting *c = (struct counting *)job;
    return db_one_int(&c->n, -1, db, c->sql, DB_NO_ARGS, err);
}

static void count_done(struct store_job *job, int rc, const struct err *err)
{
    (void)job;
    if (rc < 0) fail_msg("%s", err->text);
}

static int64_t count(const char *sql)
{
    struct counting c = { .job = { .run = count_run, .done = count_done }, .sql = sql };
    store_submit(service.service.store, &c.job);
    store_wait(service.service.store);
    return c.n;
}

static void check_counts(int64_t n)
{
    assert_int_equal(count("SELECT COUNT(*) FROM completions"), n);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger WHERE prompt_tokens = 9 AND "
                           "cached_tokens = 4 AND completion_tokens = 2 AND status = 200 AND "
                           "endpoint = '/v1/chat/completions' AND model = 'small' AND "
                           "id = 'req_1' AND tenant_id = 't1' AND project_id = 'p1'"),
                     n);
    assert_int_equal(count("SELECT COUNT(*) FROM items"), 2 * n);
    assert_int_equal(count("SELECT COUNT(*) FROM completion_labels"), 2 * n);
}

/* ---- Tests ---- */

static void test_kept_as_it_was_answered(void **state)
{
    (void)state;
    char body[4096];
    begin(stored);
    take_trace();
    says("submit 0 small ");
    says_not("reply"); /* It waits. */
    assert_true(fake.call.books_itself);
    end();
    assert_true(slice_starts(slice_of(last), SLICE("reply 200 {\"id\":\"chatcmpl-")));
    (void)snprintf(body, sizeof body, "%.*s", (int)strlen(last) - 2, last); /* Without "}\n". */
    take_id();
    check_counts(1);
    ask(&ann, "GET", at(""), "");
    assert_true(slice_starts(slice_of(last), slice_of(body)));
    assert_string_equal(last + strlen(body),
                        ",\"metadata\":{\"topic\":\"tea\",\"lang\":\"en\"}}\n");
}

static void test_stream(void **state)
{
    (void)state;
    fake_init(&fake);
    fake.service = &service.service;
    fake.principal = ann;
    fake_request(&fake, "POST", "/v1/chat/completions",
                 SLICE("{\"model\":\"tools\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
                       "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],"
                       "\"logprobs\":true,\"store\":true,\"stream\":true,\"stream_options\":{"
                       "\"include_usage\":true}}"));
    event("{\"token\":{\"text\":\"Hm\",\"logprobs\":[{\"bytes\":\"Hm\",\"logprob\":-1}]}}");
    event("{\"flush\":{}}");
    event("{\"tool\":{\"call_id\":\"c1\",\"name\":\"f\"}}");
    event("{\"tool\":{\"arguments\":\"{}\"}}");
    event("{\"done\":{\"prompt\":3,\"completion\":5,\"reason\":\"tool_calls\",\"final\":true}}");
    take_trace();
    says("\"content\":\"Hm\"");
    says_not("\"finish_reason\":\"tool_calls\"");
    says_not("[DONE]");
    end();
    says("\"finish_reason\":\"tool_calls\"");
    says("\"usage\":{\"prompt_tokens\":3,");
    says("data: [DONE]\nend\n");
    take_id();
    ask(&ann, "GET", at(""), "");
    says("\"object\":\"chat.completion\",");
    says("\"message\":{\"role\":\"assistant\",\"content\":\"Hm\",");
    says("\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
         "\"arguments\":\"{}\"}}]");
    says("\"logprobs\":{\"content\":[{\"token\":\"Hm\"");
    says("\"finish_reason\":\"tool_calls\"");
    says("\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5,");
    says("\"metadata\":{}}");
}

static void test_not_kept_without_store(void **state)
{
    (void)state;
    begin("{\"model\":\"small\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
          "\"metadata\":{\"a\":\"b\"}}");
    assert_true(fake.over);
    assert_false(fake.call.books_itself); /* The gateway does. */
    end();
    check_counts(0);
}

static void test_whoever_made_the_call_keeps_the_books(void **state)
{
    (void)state;
    fake_init(&fake);
    fake.service = &service.service;
    fake.principal = ann;
    fake_request(&fake, "POST", "/v1/chat/completions", slice_of(stored));
    fake.call.books_itself = true;
    event("{\"done\":{\"prompt\":9,\"completion\":2,\"final\":true}}");
    end();
    says("reply 200 ");
    assert_int_equal(count("SELECT COUNT(*) FROM completions"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), 0);
}

static void test_the_client_leaves(void **state)
{
    (void)state;
    begin(stored);
    event("{\"close\":{}}"); /* While it is written. */
    take_trace();
    fake_release(&fake);
    store_wait(service.service.store);
    check_counts(1);
    fake_init(&fake);
    fake.service = &service.service;
    fake.principal = ann;
    fake_request(&fake, "POST", "/v1/chat/completions", slice_of(stored));
    event("{\"token\":{\"text\":\"Hel\"}}");
    event("{\"close\":{}}"); /* Before its end: then there is no answer to keep. */
    assert_false(fake.call.books_itself);
    fake_release(&fake);
    check_counts(1);
}

static int make_full(struct store_job *job, struct db *db, struct err *err)
{
    (void)job;
    int rc = db_exec(db, "DROP TABLE completion_labels", DB_NO_ARGS, err);
    return rc < 0 ? rc : 0;
}

/* What cannot be kept is not answered, and nothing of it is left. */
static void test_the_store_fails(void **state)
{
    (void)state;
    struct store_job job = { .run = make_full, .done = count_done };
    store_submit(service.service.store, &job);
    begin(stored);
    end();
    says("reply 503 ");
    says_not("Hello");
    assert_int_equal(count("SELECT COUNT(*) FROM completions"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), 0);
    char streamed[sizeof stored + 20];
    (void)snprintf(streamed, sizeof streamed, "{\"stream\":true,%s", stored + 1);
    begin(streamed);
    end();
    says("event data: {\"error\":");
    says_not("[DONE]");
    says_not("\"finish_reason\":\"stop\"");
    assert_false(fake.call.books_itself); /* The gateway books the failure. */
}

static void test_the_store_is_closed(void **state)
{
    (void)state;
    struct store *store = service.service.store;
    service.service.store = NULL; /* As at the server's end. */
    begin(stored);
    service.service.store = store;
    end();
    says("reply 503 ");
    says("server_shutting_down");
    check_counts(0);
}

enum { TRACE_ROOM = 200 << 10 };

/* One whole attempt; true when it was kept. */
static bool attempt(const char *body)
{
    fake_init(&fake);
    assert_non_null(buf_reserve(&fake.trace, TRACE_ROOM)); /* The fake's own notes do not fail. */
    fake.service = &service.service;
    fake.principal = ann;
    json_t *token = json_loads("{\"token\":{\"text\":\"Hi\"}}", 0, NULL);
    json_t *flush = json_loads("{\"flush\":{}}", 0, NULL);
    json_t *finish = json_loads("{\"done\":{\"prompt\":1,\"completion\":1,\"final\":true}}", 0,
                                NULL);
    static int n;
    fault_start(FAULT_ALLOC, ++n, ENOMEM);
    fake_request(&fake, "POST", "/v1/chat/completions", slice_of(body));
    const json_t *events[] = { token, flush, finish };
    for (int i = 0; i < 3; i++)
        if (!fake.over && fake.n_handles && fake.handles[0].live) fake_event(&fake, events[i]);
    store_wait(service.service.store);
    bool hit = fault_stop();
    assert_true(fake.over);
    bool kept = !strstr(buf_str(&fake.trace), "\"error\"");
    assert_true(kept || hit);
    if (kept) n = 0;
    fake_release(&fake);
    json_decref(token);
    json_decref(flush);
    json_decref(finish);
    return kept;
}

/* Whichever allocation fails, what was answered is kept, and what was not is not. */
static void test_memory_runs_out(void **state)
{
    (void)state;
    char streamed[sizeof stored + 20];
    (void)snprintf(streamed, sizeof streamed, "{\"stream\":true,%s", stored + 1);
    int n_failed = 0;
    while (!attempt(stored)) n_failed++;
    assert_true(n_failed > 5);
    assert_int_equal(count("SELECT COUNT(*) FROM completions"), 1);
    n_failed = 0;
    while (!attempt(streamed)) n_failed++;
    assert_true(n_failed > 5);
    assert_int_equal(count("SELECT COUNT(*) FROM completions"), 2);
}

static void test_messages(void **state)
{
    (void)state;
    char expected[200];
    keep_one();
    ask(&ann, "GET", at("/messages"), "");
    says("reply 200 {\"object\":\"list\",\"data\":[");
    (void)snprintf(expected, sizeof expected,
                   "{\"id\":\"%s-0\",\"content\":\"Be brief.\",\"content_parts\":null,\"refusal\":"
                   "null,\"role\":\"system\"}",
                   id);
    says(expected);
    says("\"content\":null,\"content_parts\":[{\"type\":\"text\",\"text\":\"Hi\"}],\"refusal\":"
         "null,\"role\":\"user\",\"name\":\"ann\"}");
    says("\"has_more\":false}");
    (void)snprintf(expected, sizeof expected, "/messages?limit=1&after=%s-0", id);
    ask(&ann, "GET", at(expected), "");
    says("\"role\":\"user\"");
    says_not("\"role\":\"system\"");
    ask(&ann, "GET", at("/messages?limit=1&order=desc"), "");
    says("\"role\":\"user\"");
    says("\"has_more\":true}");
}

static void test_list(void **state)
{
    (void)state;
    char first[64];
    keep_one();
    memcpy(first, id, sizeof first);
    keep_one();
    ask(&ann, "POST", at(""), "{\"metadata\":{\"topic\":\"coffee\",\"lang\":\"en\"}}");
    says("\"metadata\":{\"topic\":\"coffee\",\"lang\":\"en\"}}");
    static const struct {
        const char *query;
        bool first, second;
    } rows[] = {
        { "", true, true },
        { "?model=small", true, true },
        { "?model=tools", false, false },
        { "?metadata[topic]=tea", true, false },
        { "?metadata[topic]=coffee", false, true },
        { "?metadata[topic]=coffee&metadata[lang]=en&model=small", false, true },
        { "?metadata[topic]=coffee&metadata[lang]=de", false, false },
        { "?metadata[lang]=en", true, true },
        { "?limit=1", true, false },
        { "?limit=1&order=desc", false, true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char url[200];
        (void)snprintf(url, sizeof url, "/v1/chat/completions%s", rows[i].query);
        ask(&ann, "GET", url, "");
        says("reply 200 {\"object\":\"list\",\"data\":[");
        if (!strstr(last, first) == rows[i].first || !strstr(last, id) == rows[i].second)
            fail_msg("%s: %s", rows[i].query, last);
    }
    char url[400];
    (void)snprintf(url, sizeof url, "/v1/chat/completions?metadata[lang]=en&after=%s", first);
    ask(&ann, "GET", url, "");
    says(id);
    says_not(first);
    (void)snprintf(url, sizeof url, "/v1/chat/completions?metadata[topic]=tea&after=%s", id);
    ask(&ann, "GET", url, ""); /* Not of this list. */
    says("\"param\":\"after\"");
    (void)snprintf(url, sizeof url, "/v1/chat/completions?");
    for (int i = 0; i < 16; i++)
        (void)snprintf(url + strlen(url), sizeof url - strlen(url), "metadata[%d]=x&", i);
    ask(&ann, "GET", url, "");
    says("\"data\":[]");
    (void)snprintf(url + strlen(url), sizeof url - strlen(url), "metadata[16]=x");
    ask(&ann, "GET", url, "");
    says("at most 16 properties");
}

static void test_deletion(void **state)
{
    (void)state;
    keep_one();
    ask(&ann, "DELETE", at(""), "");
    says("\"object\":\"chat.completion.deleted\",\"deleted\":true}");
    assert_int_equal(count("SELECT COUNT(*) FROM completions"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM items"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM completion_labels"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM ledger"), 1); /* The books stay. */
    ask(&ann, "DELETE", at(""), "");
    says("reply 404 {\"error\":{\"message\":\"Chat completion with id 'chatcmpl-");
}

static void test_isolation(void **state)
{
    (void)state;
    static const struct {
        const char *method, *rest, *body;
    } rows[] = {
        { "GET", "", "" },
        { "POST", "", "{\"metadata\":{}}" },
        { "DELETE", "", "" },
        { "GET", "/messages", "" },
    };
    static char theirs[sizeof last], before[sizeof last];
    keep_one();
    (void)snprintf(before, sizeof before, "%s", ask(&ann, "GET", at(""), ""));
    for (size_t k = 0; k < 2; k++) {
        ask(&others[k], "GET", "/v1/chat/completions", "");
        says("\"data\":[],\"first_id\":null,\"last_id\":null,\"has_more\":false}");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            ask(&others[k], rows[i].method, at(rows[i].rest), rows[i].body);
            (void)snprintf(theirs, sizeof theirs, "%s", last);
            says("reply 404 ");
            struct fake_service full = service; /* The same id where it never was. */
            fake_service_open(&service);
            ask(&others[k], rows[i].method, at(rows[i].rest), rows[i].body);
            fake_service_close(&service);
            service = full;
            assert_string_equal(last, theirs);
        }
    }
    assert_string_equal(ask(&ann, "GET", at(""), ""), before);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kept_as_it_was_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_kept_without_store, setup, teardown),
        cmocka_unit_test_setup_teardown(test_whoever_made_the_call_keeps_the_books, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_client_leaves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_store_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_store_is_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deletion, setup, teardown),
        cmocka_unit_test_setup_teardown(test_isolation, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
