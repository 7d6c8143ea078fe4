/* The statements of each kind's expiry (store/retention/), at their limits: what was made before
 * the time goes, wholly, some at a time, whoever's it is; on every database. */
#include "unit/store/backend.h"

#include "base/json.h"
#include "store/batch_table.h"
#include "store/completion_table.h"
#include "store/conversation_table.h"
#include "store/ledger.h"
#include "store/response_table.h"
#include "store/retention.h"

enum { N_ROWS = RETENTION_ROWS_AT_ONCE + 2 };

static const struct principal owners[] = {
    { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") },
    { SLICE("t2"), SLICE("p2"), SLICE("u2"), SLICE("k2") },
};
static const struct item_row items[] = { { SLICE("m-0"), SLICE("message"), SLICE("{}") },
                                         { SLICE("m-1"), SLICE("message"), SLICE("{}") } };

static struct db *db;
static struct arena arena;
static struct err err;

static void open_all(void)
{
    assert_ok(db_open(&db, backend_url, &err), &err);
    arena_init(&arena, 1 << 20);
    assert_ok(db_begin(db, &err), &err);
}

static void close_all(void)
{
    arena_release(&arena);
    db_close(db);
}

static int64_t count(const char *table)
{
    char sql[100];
    int64_t n;
    (void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", table);
    assert_ok(db_one_int(&n, -1, db, sql, DB_NO_ARGS, &err), &err);
    return n;
}

static const struct retention *kind_of(const char *name)
{
    for (size_t i = 0; i < retention_registry_len; i++)
        if (strcmp(retention_registry[i]->name, name) == 0) return retention_registry[i];
    fail_msg("no kind %s", name);
    return NULL;
}

/* Of N_ROWS rows made at 0, 1 ..., all go but the last. */
static void expire(const char *name)
{
    struct retention_due due = { .before = N_ROWS - 1 };
    const struct retention *kind = kind_of(name);
    assert_ok(db_commit(db, &err), &err);
    assert_int_equal(count(name), N_ROWS);
    assert_int_equal(kind->expire(db, &due, &err), RETENTION_ROWS_AT_ONCE);
    assert_int_equal(kind->expire(db, &due, &err), 1);
    assert_int_equal(kind->expire(db, &due, &err), 0);
    assert_int_equal(count(name), 1);
}

static void test_completions(void **state)
{
    (void)state;
    open_all();
    for (int i = 0; i < N_ROWS; i++) {
        const struct principal *owner = &owners[i % 2];
        struct completion_row row = { slice_of(arena_printf(&arena, "c%d", i)), SLICE("m"), i,
                                      SLICE("{\"a\":\"1\"}"), SLICE("{\"id\":1}") };
        struct items_list messages = completion_messages(row.id);
        assert_ok(completion_add(db, owner, &row, &err), &err);
        assert_ok(items_add(db, owner, &messages, items, 2, &err), &err);
    }
    expire("completions");
    assert_int_equal(count("items"), 2);
    assert_int_equal(count("completion_labels"), 1);
    close_all();
}

static void test_conversations(void **state)
{
    (void)state;
    open_all();
    for (int i = 0; i < N_ROWS; i++) {
        const struct principal *owner = &owners[i % 2];
        struct conversation_row row = { slice_of(arena_printf(&arena, "c%d", i)), i, SLICE("{}") };
        struct items_list list = conversation_items(row.id);
        assert_ok(conversation_add(db, owner, &row, &err), &err);
        assert_ok(items_add(db, owner, &list, items, 2, &err), &err);
    }
    expire("conversations");
    assert_int_equal(count("items"), 2);
    close_all();
}

static void test_responses(void **state)
{
    (void)state;
    open_all();
    for (int i = 0; i < N_ROWS; i++) {
        const struct principal *owner = &owners[i % 2];
        struct response_row row = { .id = slice_of(arena_printf(&arena, "resp_%d", i)),
                                    .status = SLICE("completed"),
                                    .model = SLICE("m"),
                                    .request = SLICE("{}"),
                                    .body = SLICE("{}"),
                                    .created_at = i };
        struct items_list input = { row.id, ITEMS_INPUT }, output = { row.id, ITEMS_OUTPUT };
        assert_ok(response_add(db, owner, &row, &err), &err);
        assert_ok(items_add(db, owner, &input, items, 1, &err), &err);
        assert_ok(items_add(db, owner, &output, items, 2, &err), &err);
    }
    expire("responses");
    assert_int_equal(count("items"), 3);
    close_all();
}

static void test_ledger(void **state)
{
    (void)state;
    open_all();
    for (int i = 0; i < N_ROWS; i++) {
        struct ledger_row row = { .id = slice_of(arena_printf(&arena, "r%d", i)),
                                  .endpoint = SLICE("e"),
                                  .model = SLICE("m"),
                                  .created_at = i };
        assert_ok(ledger_add(db, &owners[i % 2], &row, &err), &err);
    }
    expire("ledger");
    close_all();
}

static void add_batch(const char *id, int64_t made, bool over)
{
    struct batch_row row = { .id = slice_of(id),
                             .endpoint = SLICE("/v1/embeddings"),
                             .input_file_id = SLICE("file-1"),
                             .sha256 = SLICE("s"),
                             .metadata = SLICE("{}"),
                             .at[BATCH_VALIDATING] = made,
                             .owner = owners[made % 2] };
    struct batch_line_row line = { .line = 1, .custom_id = SLICE("x") };
    assert_ok(batch_add(db, &row, &err), &err);
    assert_ok(batch_line_add(db, &row, &line, &err), &err);
    if (over)
        assert_int_equal(batch_move(db, row.id, BATCH_VALIDATING, BATCH_FAILED, made, &err), 1);
}

static void test_batches(void **state)
{
    (void)state;
    open_all();
    for (int i = 0; i < N_ROWS; i++) add_batch(arena_printf(&arena, "b%d", i), i, true);
    expire("batches");
    assert_int_equal(count("batch_lines"), 1);
    add_batch("open", 0, false); /* However old: it is not over. */
    struct retention_due due = { .before = INT32_MAX };
    assert_int_equal(kind_of("batches")->expire(db, &due, &err), 1);
    assert_int_equal(count("batches"), 1);
    assert_fails(batch_delete(db, &owners[0], SLICE("open"), &err), ERR_NOT_FOUND, &err, "open");
    close_all();
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        BACKEND_TEST(test_completions), BACKEND_TEST(test_conversations),
        BACKEND_TEST(test_responses),   BACKEND_TEST(test_ledger),
        BACKEND_TEST(test_batches),
    };
    return backend_run(tests, sizeof tests / sizeof *tests);
}
