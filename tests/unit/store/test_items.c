/* Lists of items: order, pages, owners, limits, and memory that runs out. */
#include "unit/test.h"

#include "base/json.h"
#include "fault/fault.h"
#include "store/items.h"

#include <stdio.h>

static const struct principal ann = { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static const struct principal other_tenant = { SLICE("t2"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static const struct principal other_project = { SLICE("t1"), SLICE("p2"), SLICE("u1"),
                                                SLICE("k1") };
static const struct items_list list = { SLICE("conv_1"), ITEMS_CONVERSATION };
static const struct items_list input = { SLICE("conv_1"), ITEMS_INPUT };

static struct db *open_db(void)
{
    struct db *db;
    struct err err = { 0 };
    assert_ok(db_open(&db, "sqlite::memory:", &err), &err);
    return db;
}

static json_t *parse(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    assert_non_null(value);
    return value;
}

/* Appends {"id":"a0"} ... {"id":"aN"}. */
static int append_n(struct db *db, const struct principal *owner, int from, int n, struct err *err)
{
    json_t *items = json_array();
    for (int i = from; i < from + n; i++) {
        char id[24];
        (void)snprintf(id, sizeof id, "a%d", i);
        json_array_append_new(items, json_pack("{s:s,s:s}", "id", id, "type", "message"));
    }
    int rc = items_append(db, owner, &list, items, err);
    json_decref(items);
    return rc;
}

static size_t count(struct db *db, const struct principal *owner)
{
    struct err err = { 0 };
    json_t *all = json_array();
    assert_ok(items_read(all, db, owner, &list, &err), &err);
    size_t n = json_array_size(all);
    json_decref(all);
    return n;
}

static void test_order_and_shape(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct db *db = open_db();
    json_t *first = parse("[{\"id\":\"z\",\"role\":\"user\",\"content\":\"\xc3\xa9\"},"
                          "{\"type\":\"reasoning\",\"id\":\"b\",\"summary\":[]}]");
    json_t *second = parse("[{\"id\":\"a\",\"x\":1.5}]");
    json_t *all = parse("[\"kept\"]");
    assert_ok(items_append(db, &ann, &list, first, &err), &err);
    assert_ok(items_append(db, &ann, &list, second, &err), &err);
    assert_ok(items_append(db, &ann, &input, second, &err), &err); /* Another part. */
    assert_ok(items_read(all, db, &ann, &list, &err), &err);
    assert_int_equal(json_array_size(all), 4);
    assert_true(json_equal(json_array_get(all, 1), json_array_get(first, 0)));
    assert_true(json_equal(json_array_get(all, 2), json_array_get(first, 1)));
    assert_true(json_equal(json_array_get(all, 3), json_array_get(second, 0)));
    json_decref(first);
    json_decref(second);
    json_decref(all);
    db_close(db);
}

static void test_find_and_delete(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct db *db = open_db();
    struct arena arena;
    struct slice body;
    struct item_row row;
    arena_init(&arena, 1 << 16);
    assert_ok(append_n(db, &ann, 0, 3, &err), &err);
    assert_ok(items_find(&body, db, &ann, &list, SLICE("a1"), &arena, &err), &err);
    assert_ok(items_find_row(&row, db, &ann, &list, SLICE("a1"), &arena, &err), &err);
    assert_true(slice_eq(row.body, body) && slice_is(row.id, "a1") &&
                slice_is(row.type, "message"));
    assert_true(slice_is(body, "{\"id\":\"a1\",\"type\":\"message\"}"));
    assert_fails(items_find(&body, db, &ann, &input, SLICE("a1"), &arena, &err), ERR_NOT_FOUND,
                 &err, "Item with id 'a1' not found.");
    assert_ok(items_delete(db, &ann, &list, SLICE("a1"), &err), &err);
    assert_fails(items_delete(db, &ann, &list, SLICE("a1"), &err), ERR_NOT_FOUND, &err,
                 "Item with id 'a1' not found.");
    assert_int_equal(count(db, &ann), 2);
    assert_ok(append_n(db, &ann, 1, 1, &err), &err); /* The id is free again. */
    assert_ok(items_delete_all(db, &ann, &list, &err), &err);
    assert_int_equal(count(db, &ann), 0);
    arena_release(&arena);
    db_close(db);
}

static void test_others_find_nothing(void **state)
{
    (void)state;
    struct db *db = open_db();
    const struct principal *const others[] = { &other_tenant, &other_project };
    struct arena arena;
    struct err err = { 0 };
    arena_init(&arena, 1 << 16);
    assert_ok(append_n(db, &ann, 0, 2, &err), &err);
    for (int i = 0; i < 2; i++) {
        struct slice body;
        struct db_rows rows;
        struct listing page = { .limit = 5, .ascending = true };
        assert_int_equal(count(db, others[i]), 0);
        assert_fails(items_find(&body, db, others[i], &list, SLICE("a1"), &arena, &err),
                     ERR_NOT_FOUND, &err, "Item with id 'a1' not found.");
        assert_fails(items_delete(db, others[i], &list, SLICE("a1"), &err), ERR_NOT_FOUND, &err,
                     "not found");
        assert_ok(items_delete_all(db, others[i], &list, &err), &err);
        assert_ok(items_page(&rows, db, others[i], &list, &page, &err), &err);
        assert_int_equal(db_next(&rows, &err), 0);
        page.after = SLICE("a0"); /* No cursor either. */
        assert_fails(items_page(&rows, db, others[i], &list, &page, &err), ERR_INVALID_VALUE, &err,
                     "a0");
    }
    assert_int_equal(count(db, &ann), 2);
    arena_release(&arena);
    db_close(db);
}

/* "a3 a2 ..." of a page. */
static void check_page(struct db *db, struct listing page, const char *expected)
{
    struct db_rows rows;
    struct err err = { 0 };
    char found[200] = "";
    size_t n = 0;
    assert_ok(items_page(&rows, db, &ann, &list, &page, &err), &err);
    int rc;
    while ((rc = db_next(&rows, &err)) > 0) {
        struct slice id = db_text(&rows, 0);
        assert_true(slice_find(db_text(&rows, 1), id) < db_text(&rows, 1).len);
        assert_true(slice_is(db_text(&rows, 2), "message"));
        n += (size_t)snprintf(found + n, sizeof found - n, "%.*s ", SLICE_FMT(id));
    }
    assert_ok(rc, &err);
    assert_string_equal(found, expected);
}

static void test_pages(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct db *db = open_db();
    assert_ok(append_n(db, &ann, 0, 5, &err), &err);
    /* One more than asked for says that there are more. */
    check_page(db, (struct listing){ .limit = 2, .ascending = true }, "a0 a1 a2 ");
    check_page(db, (struct listing){ .limit = 2 }, "a4 a3 a2 ");
    check_page(db, (struct listing){ .limit = 9, .after = SLICE("a2"), .ascending = true },
               "a3 a4 ");
    check_page(db, (struct listing){ .limit = 9, .after = SLICE("a2") }, "a1 a0 ");
    check_page(db, (struct listing){ .limit = 9, .before = SLICE("a2"), .ascending = true },
               "a0 a1 ");
    check_page(db, (struct listing){ .limit = 9, .before = SLICE("a2") }, "a4 a3 ");
    check_page(db, (struct listing){ .limit = 9, .after = SLICE("a4"), .ascending = true }, "");
    db_close(db);
}

static void test_the_same_id_twice(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct db *db = open_db();
    assert_ok(append_n(db, &ann, 7, 1, &err), &err);
    assert_fails(append_n(db, &ann, 7, 1, &err), ERR_EXISTS, &err,
                 "An item with id 'a7' is in 'conv_1' already.");
    db_close(db);
}

static void test_limit(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct db *db = open_db();
    assert_ok(db_begin(db, &err), &err);
    assert_ok(append_n(db, &ann, 0, ITEMS_READ_MAX - 1, &err), &err);
    assert_fails(append_n(db, &ann, ITEMS_READ_MAX, 2, &err), ERR_LIMIT, &err, "20000 items");
    assert_ok(append_n(db, &ann, ITEMS_READ_MAX, 1, &err), &err);
    assert_int_equal(count(db, &ann), ITEMS_READ_MAX);
    assert_ok(db_commit(db, &err), &err);
    db_close(db);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    struct db *db = open_db();
    json_t *items = parse(
        "[{\"id\":\"a\",\"content\":[{\"type\":\"input_text\",\"text\":\"x\"}]}]");
    struct err err = { 0 };
    for (int n = 1;; n++) {
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = items_append(db, &ann, &list, items, &err);
        bool hit = fault_stop();
        if (rc == 0) {
            assert_true(n > 1 && !hit);
            break;
        }
        assert_int_equal(rc, -ERR_NO_MEMORY);
    }
    json_t *all = parse("[1]");
    for (int n = 1;; n++) {
        fault_start(FAULT_ALLOC, n, ENOMEM);
        int rc = items_read(all, db, &ann, &list, &err);
        bool hit = fault_stop();
        if (rc == 0) {
            assert_true(n > 1 && !hit);
            break;
        }
        assert_int_equal(rc, -ERR_NO_MEMORY);
        assert_int_equal(json_array_size(all), 1); /* As it was. */
    }
    assert_int_equal(json_array_size(all), 2);
    json_decref(all);
    json_decref(items);
    db_close(db);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_shape),     cmocka_unit_test(test_find_and_delete),
        cmocka_unit_test(test_others_find_nothing), cmocka_unit_test(test_pages),
        cmocka_unit_test(test_the_same_id_twice),   cmocka_unit_test(test_limit),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
