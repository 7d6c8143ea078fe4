/* Chat completions that are kept: found, listed by what they are labelled with, relabelled, and
 * deleted with all that belongs to them; on every database. */
#include "unit/store/backend.h"

#include "base/json.h"
#include "store/completion_table.h"

static const struct principal ann = { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static const struct principal other = { SLICE("t1"), SLICE("p2"), SLICE("u1"), SLICE("k1") };

static struct db *db;
static struct arena arena;
static struct err err;

static void open_all(void)
{
    assert_ok(db_open(&db, backend_url, &err), &err);
    arena_init(&arena, 1 << 20);
}

static void close_all(void)
{
    arena_release(&arena);
    db_close(db);
}

static int64_t count(const char *sql)
{
    int64_t n;
    assert_ok(db_one_int(&n, -1, db, sql, DB_NO_ARGS, &err), &err);
    return n;
}

static void add(const struct principal *owner, const char *id, const char *model,
                const char *metadata, int64_t made)
{
    const char *body = arena_printf(&arena, "{\"id\":\"%s\"}", id);
    struct completion_row row = { slice_of(id), slice_of(model), made, slice_of(metadata),
                                  slice_of(body) };
    struct items_list messages = completion_messages(row.id);
    const struct item_row items[] = { { SLICE("m-0"), SLICE("message"), SLICE("{}") },
                                      { SLICE("m-1"), SLICE("message"), SLICE("{}") } };
    assert_ok(completion_add(db, owner, &row, &err), &err);
    assert_ok(items_add(db, owner, &messages, items, 2, &err), &err);
}

static void test_find_and_relabel(void **state)
{
    (void)state;
    struct slice body;
    open_all();
    add(&ann, "c1", "m", "{\"a\":\"\xc3\xa9\"}", 1);
    assert_ok(completion_find(&body, db, &ann, SLICE("c1"), &arena, &err), &err);
    assert_true(slice_is(body, "{\"id\":\"c1\",\"metadata\":{\"a\":\"\xc3\xa9\"}}"));
    assert_ok(completion_set_metadata(db, &ann, SLICE("c1"), SLICE("{\"b\":\"2\"}"), &err), &err);
    assert_ok(completion_find(&body, db, &ann, SLICE("c1"), &arena, &err), &err);
    assert_true(slice_is(body, "{\"id\":\"c1\",\"metadata\":{\"b\":\"2\"}}"));
    assert_int_equal(count("SELECT COUNT(*) FROM completion_labels"), 1);
    static const char words[] = "Chat completion with id 'c1' not found.";
    assert_fails(completion_find(&body, db, &other, SLICE("c1"), &arena, &err), ERR_NOT_FOUND, &err,
                 words);
    assert_fails(completion_set_metadata(db, &other, SLICE("c1"), SLICE("{}"), &err), ERR_NOT_FOUND,
                 &err, words);
    assert_fails(completion_delete(db, &other, SLICE("c1"), &err), ERR_NOT_FOUND, &err, words);
    assert_int_equal(count("SELECT COUNT(*) FROM completion_labels"), 1);
    assert_ok(completion_delete(db, &ann, SLICE("c1"), &err), &err);
    assert_int_equal(count("SELECT COUNT(*) FROM completion_labels"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM items"), 0);
    close_all();
}

static void check_page(const struct completion_filter *filter, const char *after,
                       const char *expected)
{
    struct db_rows rows;
    char found[100] = "";
    size_t n = 0;
    int rc;
    struct listing page = { .limit = 10, .ascending = true, .after = slice_of(after) };
    assert_ok(completion_page(&rows, db, &ann, filter, &page, &err), &err);
    while ((rc = db_next(&rows, &err)) > 0) {
        assert_true(slice_starts(db_text(&rows, 1), SLICE("{\"id\":\"c")));
        n += (size_t)snprintf(found + n, sizeof found - n, "%.*s ", SLICE_FMT(db_text(&rows, 0)));
    }
    assert_ok(rc, &err);
    assert_string_equal(found, expected);
}

static void test_pages(void **state)
{
    (void)state;
    static const struct completion_label a1 = { SLICE("a"), SLICE("1") };
    static const struct completion_label both[] = { { SLICE("a"), SLICE("1") },
                                                    { SLICE("b"), SLICE("2") } };
    static struct completion_label many[COMPLETION_LABELS_MAX];
    open_all();
    add(&ann, "c1", "m", "{\"a\":\"1\"}", 1);
    add(&ann, "c2", "m", "{\"a\":\"1\",\"b\":\"2\"}", 2);
    add(&ann, "c3", "n", "{\"b\":\"2\",\"a\":\"1\",\"c\":\"3\"}", 3);
    add(&ann, "c4", "m", "{}", 4);
    add(&other, "c5", "m", "{\"a\":\"1\",\"b\":\"2\"}", 5);
    check_page(&(struct completion_filter){ 0 }, NULL, "c1 c2 c3 c4 ");
    check_page(&(struct completion_filter){ .model = SLICE("m") }, NULL, "c1 c2 c4 ");
    check_page(&(struct completion_filter){ .labels = &a1, .n_labels = 1 }, NULL, "c1 c2 c3 ");
    check_page(&(struct completion_filter){ .labels = &a1, .n_labels = 1 }, "c1", "c2 c3 ");
    check_page(&(struct completion_filter){ .labels = both, .n_labels = 2 }, NULL, "c2 c3 ");
    check_page(&(struct completion_filter){ SLICE("n"), both, 2 }, NULL, "c3 ");
    for (int i = 0; i < COMPLETION_LABELS_MAX; i++)
        many[i] = (struct completion_label){ slice_of(arena_printf(&arena, "k%d", i)), SLICE("v") };
    check_page(&(struct completion_filter){ SLICE("n"), many, COMPLETION_LABELS_MAX }, NULL, "");
    close_all();
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        BACKEND_TEST(test_find_and_relabel),
        BACKEND_TEST(test_pages),
    };
    return backend_run(tests, sizeof tests / sizeof *tests);
}
