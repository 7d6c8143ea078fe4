/* Rows of responses: whose they are, what changes them, and which are unfinished. */
#include "unit/test.h"

#include "base/json.h"
#include "store/items.h"
#include "store/response_table.h"

#include <stdio.h>

static const struct principal owner = { SLICE("t"), SLICE("p"), SLICE("u"), SLICE("k") };
static const struct principal stranger = { SLICE("t"), SLICE("other"), SLICE("u"), SLICE("k") };

struct fixture {
    struct db *db;
    struct arena arena;
    struct err err;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){ 0 };
    arena_init(&f.arena, 4 << 20);
    assert_ok(db_open(&f.db, "sqlite::memory:", &f.err), &f.err);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    db_close(f->db);
    arena_release(&f->arena);
    return 0;
}

static struct response_row row_of(const char *id)
{
    return (struct response_row){ .id = slice_of(id),
                                  .status = SLICE("in_progress"),
                                  .model = SLICE("m"),
                                  .request = SLICE("{\"input\":\"hi\"}"),
                                  .body = SLICE("{\"output\":[]}"),
                                  .created_at = 1000,
                                  .seed = UINT64_MAX - 1,
                                  .history_items = 3,
                                  .history_sum = UINT64_MAX };
}

static void add(struct fixture *f, const char *id)
{
    struct response_row row = row_of(id);
    assert_ok(response_add(f->db, &owner, &row, &f->err), &f->err);
}

static void add_item(struct fixture *f, const char *list, enum items_part part, const char *id)
{
    json_t *items = json_pack("[{s:s, s:s}]", "type", "message", "id", id);
    assert_ok(
        items_append(f->db, &owner, &(struct items_list){ slice_of(list), part }, items, &f->err),
        &f->err);
    json_decref(items);
}

static void test_reads_back_what_was_written(void **state)
{
    struct fixture *f = *state;
    struct response_row row = row_of("resp_1"), got;
    row.background = true;
    row.previous_id = SLICE("resp_0");
    assert_ok(response_add(f->db, &owner, &row, &f->err), &f->err);
    assert_ok(response_find(&got, f->db, &owner, row.id, &f->arena, &f->err), &f->err);
    assert_true(slice_eq(got.id, row.id) && slice_eq(got.request, row.request));
    assert_true(slice_eq(got.body, row.body) && slice_is(got.previous_id, "resp_0"));
    assert_true(slice_is(got.status, "in_progress") && slice_is(got.model, "m"));
    assert_null(got.conversation_id.ptr);
    assert_true(got.seed == row.seed && got.history_sum == UINT64_MAX && got.history_items == 3);
    assert_true(got.background && got.created_at == 1000);
    struct response_link link;
    assert_ok(response_find_link(&link, f->db, &owner, row.id, &f->arena, &f->err), &f->err);
    assert_true(link.unfinished && slice_is(link.previous_id, "resp_0") && link.history_items == 3);
    assert_fails(response_add(f->db, &owner, &row, &f->err), ERR_EXISTS, &f->err, "");
}

static void test_another_project_finds_nothing(void **state)
{
    struct fixture *f = *state;
    struct response_row got, row = row_of("resp_1");
    struct response_link link;
    struct slice item;
    char missing[ERR_TEXT_MAX];
    add(f, "resp_1");
    add_item(f, "resp_1", ITEMS_INPUT, "msg_1");
    assert_fails(response_find(&got, f->db, &owner, SLICE("resp_2"), &f->arena, &f->err),
                 ERR_NOT_FOUND, &f->err, "Response with id 'resp_2' not found.");
    assert_fails(response_find(&got, f->db, &stranger, row.id, &f->arena, &f->err), ERR_NOT_FOUND,
                 &f->err, "Response with id 'resp_1' not found.");
    (void)snprintf(missing, sizeof missing, "%s", f->err.text);
    assert_fails(response_delete(f->db, &stranger, row.id, &f->err), ERR_NOT_FOUND, &f->err,
                 missing);
    assert_fails(response_find_link(&link, f->db, &stranger, row.id, &f->arena, &f->err),
                 ERR_NOT_FOUND, &f->err, missing);
    assert_int_equal(response_finish(f->db, &stranger, &row, &f->err), 0);
    assert_fails(response_find_item(&item, f->db, &stranger, SLICE("msg_1"), &f->arena, &f->err),
                 ERR_NOT_FOUND, &f->err, "Item with id 'msg_1' not found.");
    assert_ok(response_find_item(&item, f->db, &owner, SLICE("msg_1"), &f->arena, &f->err),
              &f->err);
}

static void test_ends_once(void **state)
{
    struct fixture *f = *state;
    struct response_row end = row_of("resp_1"), got;
    add(f, "resp_1");
    end.status = SLICE("completed");
    end.body = SLICE("{\"output\":[1]}");
    end.n_events = 9;
    assert_int_equal(response_finish(f->db, &owner, &end, &f->err), 1);
    end.status = SLICE("cancelled");
    assert_int_equal(response_finish(f->db, &owner, &end, &f->err), 0);
    assert_ok(response_find(&got, f->db, &owner, end.id, &f->arena, &f->err), &f->err);
    assert_true(slice_is(got.status, "completed") && slice_is(got.body, "{\"output\":[1]}"));
    assert_int_equal(got.n_events, 9);
}

static void test_deletes_its_items(void **state)
{
    struct fixture *f = *state;
    int64_t left;
    add(f, "resp_1");
    add(f, "resp_2");
    add_item(f, "resp_1", ITEMS_INPUT, "msg_1");
    add_item(f, "resp_1", ITEMS_OUTPUT, "msg_2");
    add_item(f, "resp_2", ITEMS_INPUT, "msg_3");
    assert_ok(response_delete(f->db, &owner, SLICE("resp_1"), &f->err), &f->err);
    assert_fails(response_delete(f->db, &owner, SLICE("resp_1"), &f->err), ERR_NOT_FOUND, &f->err,
                 "not found");
    assert_ok(db_one_int(&left, -1, f->db, "SELECT COUNT(*) FROM items", DB_NO_ARGS, &f->err),
              &f->err);
    assert_int_equal(left, 1);
}

static void test_lists_the_unfinished_by_pages(void **state)
{
    struct fixture *f = *state;
    static struct response_unfinished rows[RESPONSE_UNFINISHED_MAX];
    struct response_row end = row_of("r3");
    size_t n, all = 0;
    int64_t after = 0;
    for (int i = 0; i < RESPONSE_UNFINISHED_MAX + 3; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "r%d", i);
        add(f, id);
    }
    end.status = SLICE("failed");
    assert_int_equal(response_finish(f->db, &owner, &end, &f->err), 1);
    do {
        assert_ok(response_list_unfinished(rows, &n, f->db, after, &f->arena, &f->err), &f->err);
        for (size_t i = 0; i < n; i++, all++) {
            assert_true(rows[i].seq > after && !slice_is(rows[i].id, "r3"));
            assert_true(slice_is(rows[i].owner.project, "p"));
            after = rows[i].seq;
        }
    } while (n > 0);
    assert_int_equal(all, RESPONSE_UNFINISHED_MAX + 2);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads_back_what_was_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_project_finds_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deletes_its_items, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lists_the_unfinished_by_pages, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
