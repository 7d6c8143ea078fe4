/* Sums over the ledger, on every database. */
#include "unit/store/backend.h"

#include "base/log.h"
#include "store/ledger.h"
#include "store/usage.h"

static const struct principal me = { SLICE("t"), SLICE("p"), SLICE("u"), SLICE("k") };
static struct db *db;
static struct err err;

static void add(const char *id, const struct principal *owner, const char *endpoint,
                const char *model, int64_t at, uint64_t tokens)
{
    struct ledger_row row = { .id = slice_of(id),
                              .endpoint = slice_of(endpoint),
                              .model = slice_of(model),
                              .created_at = at,
                              .status = 200,
                              .prompt_tokens = tokens,
                              .cached_tokens = tokens / 10,
                              .completion_tokens = 1,
                              .core_us = UINT64_C(1) << 40 };
    assert_ok(ledger_add(db, owner, &row, &err), &err);
}

static void open_ledger(void)
{
    static const struct principal other_key = { SLICE("t"), SLICE("p"), SLICE("u2"), SLICE("k2") };
    static const struct principal other_project = { SLICE("t"), SLICE("q"), SLICE("u"),
                                                    SLICE("k") };
    static const struct principal other_tenant = { SLICE("s"), SLICE("p"), SLICE("u"), SLICE("k") };
    assert_ok(db_open(&db, backend_url, &err), &err);
    add("1", &me, "/v1/chat/completions", "a", 1000, 10);
    add("2", &me, "/v1/chat/completions", "b", 1059, 20);
    add("batch_x/c", &me, "/v1/completions", "a", 1060, 40);
    add("4", &other_key, "/v1/embeddings", "e", 1200, 80);
    add("5", &me, "/v1/vector_stores/{vector_store_id}/search", "e", 1200, 160);
    add("6", &other_project, "/v1/completions", "a", 1000, 3);
    add("7", &other_tenant, "/v1/completions", "a", 1000, 5);
}

/* Each row as "BUCKET PROJECT USER KEY MODEL ENDPOINT BATCH REQUESTS TOKENS". */
static void expect(struct usage_query q, const char *expected)
{
    struct db_rows rows;
    struct usage_row row;
    char got[2048] = "";
    if (q.end == 0) q.end = 2000;
    assert_ok(usage_query(&rows, db, &me, &q, &err), &err);
    while (usage_next(&row, &rows, &err) > 0) {
        size_t n = strlen(got);
        (void)snprintf(got + n, sizeof got - n, "%d %.*s %.*s %.*s %.*s %.*s %d %d %d\n",
                       (int)row.bucket, SLICE_FMT(row.project), SLICE_FMT(row.user),
                       SLICE_FMT(row.key), SLICE_FMT(row.model), SLICE_FMT(row.endpoint), row.batch,
                       (int)row.requests, (int)row.prompt_tokens);
        assert_true(row.cached_tokens == row.prompt_tokens / 10);
        assert_true(row.completion_tokens == row.requests);
        assert_true(row.core_us == row.requests << 40);
    }
    assert_string_equal(got, expected);
}

static void test_sums(void **state)
{
    (void)state;
    open_ledger();
    expect((struct usage_query){ .kind = USAGE_ALL }, "0      0 5 310\n");
    expect((struct usage_query){ .by = USAGE_TIME, .width = 60, .start = 1000 },
           "0      0 2 30\n1      0 1 40\n3      0 2 240\n");
    expect((struct usage_query){ .by = USAGE_MODEL | USAGE_KEY },
           "0   k a  0 2 50\n0   k b  0 1 20\n0   k e  0 1 160\n0   k2 e  0 1 80\n");
    expect((struct usage_query){ .by = USAGE_ENDPOINT | USAGE_BATCH, .end = 1061 },
           "0     /v1/chat/completions 0 2 30\n0     /v1/completions 1 1 40\n");
    expect((struct usage_query){ .by = USAGE_PROJECT | USAGE_USER },
           "0 p u    0 4 230\n0 p u2    0 1 80\n");
    db_close(db);
}

static void test_filters(void **state)
{
    (void)state;
    static const struct slice a_and_e[] = { SLICE("a"), SLICE("e"), SLICE("none") };
    static const struct slice k2[] = { SLICE("k2") }, q[] = { SLICE("q") };
    open_ledger();
    expect((struct usage_query){ .start = 1059, .end = 1060 }, "0      0 1 20\n"); /* Edges. */
    expect((struct usage_query){ .start = 1500 }, "");
    expect((struct usage_query){ .kind = USAGE_COMPLETIONS }, "0      0 3 70\n");
    expect((struct usage_query){ .kind = USAGE_EMBEDDINGS }, "0      0 2 240\n");
    expect((struct usage_query){ .batch = 1 }, "0      0 1 40\n");
    expect((struct usage_query){ .batch = -1 }, "0      0 4 270\n");
    expect((struct usage_query){ .models = { a_and_e, 3 } }, "0      0 4 290\n");
    expect((struct usage_query){ .models = { a_and_e, 3 }, .keys = { k2, 1 } }, "0      0 1 80\n");
    expect((struct usage_query){ .projects = { q, 1 } }, ""); /* Another's is not there. */
    expect((struct usage_query){ .by = USAGE_MODEL, .limit = 2 },
           "0    a  0 2 50\n0    b  0 1 20\n");
    db_close(db);
}

static void test_most_names(void **state)
{
    (void)state;
    static struct slice names[USAGE_NAMES_MAX];
    struct db_rows rows;
    open_ledger();
    for (size_t i = 0; i < USAGE_NAMES_MAX; i++) names[i] = SLICE("a");
    struct usage_query query = { .end = 2000, .models = { names, USAGE_NAMES_MAX - 1 } };
    query.keys = (struct usage_names){ &me.key, 1 };
    expect(query, "0      0 2 50\n");
    query.models.n++;
    assert_fails(usage_query(&rows, db, &me, &query, &err), ERR_LIMIT, &err, "At most 50");
    db_close(db);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(test_sums),
        BACKEND_TEST(test_filters),
        BACKEND_TEST(test_most_names),
    };
    log_setup(LOG_OFF, LOG_TEXT, "test");
    return backend_run(tests, sizeof tests / sizeof *tests);
}
