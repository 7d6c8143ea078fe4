/* Conversations: made, changed, added to, deleted with all their items; nobody sees anyone else's. */
#include "unit/test.h"

#include "base/json.h"
#include "store/conversation_table.h"

static const struct principal ann = { SLICE("t1"), SLICE("p1"), SLICE("u1"), SLICE("k1") };
static const struct principal others[] = {
    { SLICE("t2"), SLICE("p1"), SLICE("u1"), SLICE("k1") },
    { SLICE("t1"), SLICE("p2"), SLICE("u1"), SLICE("k1") },
};
static const struct conversation_row row = { SLICE("conv_1"), 1700000000, SLICE("{\"a\":\"b\"}") };

struct fixture {
    struct db *db;
    struct arena arena;
    struct err err;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){ 0 };
    assert_ok(db_open(&f.db, "sqlite::memory:", &f.err), &f.err);
    arena_init(&f.arena, 1 << 16);
    assert_ok(conversation_add(f.db, &ann, &row, &f.err), &f.err);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    arena_release(&f->arena);
    db_close(f->db);
    return 0;
}

static int64_t count(struct fixture *f, const char *sql)
{
    int64_t n;
    assert_ok(db_one_int(&n, -1, f->db, sql, DB_NO_ARGS, &f->err), &f->err);
    return n;
}

static int append(struct fixture *f, const struct principal *owner, struct slice id)
{
    json_t *items = json_loads("[{\"id\":\"msg_1\"},{\"id\":\"msg_2\"}]", 0, NULL);
    int rc = conversation_append(f->db, owner, id, items, &f->err);
    json_decref(items);
    return rc;
}

static void test_found_and_changed(void **state)
{
    struct fixture *f = *state;
    struct conversation_row found;
    assert_ok(conversation_find(&found, f->db, &ann, row.id, &f->arena, &f->err), &f->err);
    assert_int_equal(found.created_at, row.created_at);
    assert_true(slice_eq(found.metadata, row.metadata));
    assert_ok(conversation_set_metadata(f->db, &ann, row.id, SLICE("{}"), &f->err), &f->err);
    assert_ok(conversation_find(&found, f->db, &ann, row.id, &f->arena, &f->err), &f->err);
    assert_true(slice_is(found.metadata, "{}"));
    assert_fails(conversation_add(f->db, &ann, &row, &f->err), ERR_EXISTS, &f->err, "");
}

static void test_deleted_with_its_items(void **state)
{
    struct fixture *f = *state;
    struct items_list input = { row.id, ITEMS_INPUT }; /* Not a part of the conversation. */
    json_t *other = json_loads("[{\"id\":\"x\"}]", 0, NULL);
    assert_ok(append(f, &ann, row.id), &f->err);
    assert_ok(items_append(f->db, &ann, &input, other, &f->err), &f->err);
    json_decref(other);
    assert_ok(conversation_delete(f->db, &ann, row.id, &f->err), &f->err);
    assert_int_equal(count(f, "SELECT COUNT(*) FROM conversations"), 0);
    assert_int_equal(count(f, "SELECT COUNT(*) FROM items"), 1);
    assert_fails(conversation_delete(f->db, &ann, row.id, &f->err), ERR_NOT_FOUND, &f->err,
                 "Conversation with id 'conv_1' not found.");
    assert_fails(append(f, &ann, row.id), ERR_NOT_FOUND, &f->err, "not found");
}

static void test_others_find_nothing(void **state)
{
    struct fixture *f = *state;
    static const char words[] = "Conversation with id 'conv_1' not found.";
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct conversation_row found;
        const struct principal *other = &others[i];
        assert_fails(conversation_find(&found, f->db, other, row.id, &f->arena, &f->err),
                     ERR_NOT_FOUND, &f->err, words);
        assert_fails(conversation_set_metadata(f->db, other, row.id, SLICE("{}"), &f->err),
                     ERR_NOT_FOUND, &f->err, words);
        assert_fails(append(f, other, row.id), ERR_NOT_FOUND, &f->err, words);
        assert_fails(conversation_delete(f->db, other, row.id, &f->err), ERR_NOT_FOUND, &f->err,
                     words);
    }
    assert_int_equal(count(f, "SELECT COUNT(*) FROM conversations"), 1);
    assert_int_equal(count(f, "SELECT COUNT(*) FROM items"), 0);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found_and_changed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deleted_with_its_items, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others_find_nothing, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
