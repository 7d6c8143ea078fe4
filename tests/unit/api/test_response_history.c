/* What stands before a response: chains, conversations, references; all bounded, all one's own. */
#include "unit/test.h"

#include "api/compaction.h"
#include "api/response_history.h"
#include "base/json.h"
#include "base/seam.h"
#include "store/conversation_table.h"
#include "store/response_table.h"

#include <stdio.h>

static const struct principal owner = { SLICE("t"), SLICE("p"), SLICE("u"), SLICE("k") };
static const struct principal stranger = { SLICE("t"), SLICE("q"), SLICE("u"), SLICE("k") };
static const struct seal_key key = { "a key" };
static const struct slice none = { 0 };

struct fixture {
    struct db *db;
    struct arena arena;
    struct response_source source;
    struct err err;
};

static int setup(void **state)
{
    static struct fixture f;
    f = (struct fixture){ 0 };
    arena_init(&f.arena, 64 << 20);
    assert_ok(db_open(&f.db, "sqlite::memory:", &f.err), &f.err);
    f.source = (struct response_source){ f.db, &owner, &key, &f.arena };
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

static void append(struct fixture *f, const char *list, enum items_part part, const char *id)
{
    json_t *items = json_pack("[{s:s, s:s, s:s, s:s}]", "type", "message", "id", id, "role", "user",
                              "content", id);
    assert_ok(
        items_append(f->db, &owner, &(struct items_list){ slice_of(list), part }, items, &f->err),
        &f->err);
    json_decref(items);
}

/* One that has ended, with an input and an output item. */
static void respond(struct fixture *f, const char *id, const char *previous,
                    const char *conversation, uint64_t history_items)
{
    char item[64];
    struct response_row row = { .id = slice_of(id),
                                .status = SLICE("completed"),
                                .model = SLICE("m"),
                                .request = SLICE("{}"),
                                .body = SLICE("{}"),
                                .previous_id = slice_of(previous),
                                .conversation_id = slice_of(conversation),
                                .history_items = history_items };
    assert_ok(response_add(f->db, &owner, &row, &f->err), &f->err);
    (void)snprintf(item, sizeof item, "in_%s", id);
    append(f, id, ITEMS_INPUT, item);
    (void)snprintf(item, sizeof item, "out_%s", id);
    append(f, id, ITEMS_OUTPUT, item);
}

static void assert_ids(const json_t *items, const char *ids)
{
    char got[1024] = "";
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(items); i++)
        n += (size_t)snprintf(got + n, sizeof got - n, "%s%s", i ? " " : "",
                              json_string_value(json_object_get(json_array_get(items, i), "id")));
    assert_string_equal(got, ids);
}

static void test_a_chain_from_its_beginning(void **state)
{
    struct fixture *f = *state;
    struct response_history h, again;
    respond(f, "a", NULL, NULL, 0);
    respond(f, "b", "a", NULL, 2);
    respond(f, "c", "b", NULL, 4);
    assert_ok(response_history_read(&h, &f->source, SLICE("c"), none, UINT64_MAX, &f->err),
              &f->err);
    assert_ids(h.items, "in_a out_a in_b out_b in_c out_c");
    assert_int_equal(h.n, 6);
    assert_ok(response_history_read(&again, &f->source, SLICE("b"), none, UINT64_MAX, &f->err),
              &f->err);
    assert_true(again.n == 4 && again.sum != h.sum);
    json_decref(again.items);
    assert_ok(items_delete(f->db, &owner, &(struct items_list){ SLICE("a"), ITEMS_INPUT },
                           SLICE("in_a"), &f->err),
              &f->err);
    assert_ok(response_history_read(&again, &f->source, SLICE("c"), none, UINT64_MAX, &f->err),
              &f->err);
    assert_true(again.n == 5 && again.sum != h.sum); /* So that a change is noticed. */
    json_decref(again.items);
    json_decref(h.items);
}

static void test_what_is_missing_is_named(void **state)
{
    struct fixture *f = *state;
    struct response_history h;
    respond(f, "a", "gone", NULL, 0);
    assert_fails(response_history_read(&h, &f->source, SLICE("x"), none, UINT64_MAX, &f->err),
                 ERR_PREVIOUS_NOT_FOUND, &f->err, "Previous response with id 'x' not found.");
    assert_string_equal(f->err.param, "previous_response_id");
    assert_fails(response_history_read(&h, &f->source, SLICE("a"), none, UINT64_MAX, &f->err),
                 ERR_PREVIOUS_NOT_FOUND, &f->err, "'gone' not found.");
    f->source.owner = &stranger;
    assert_fails(response_history_read(&h, &f->source, SLICE("a"), none, UINT64_MAX, &f->err),
                 ERR_PREVIOUS_NOT_FOUND, &f->err, "Previous response with id 'a' not found.");
    assert_fails(response_history_read(&h, &f->source, none, SLICE("conv_1"), UINT64_MAX, &f->err),
                 ERR_NOT_FOUND, &f->err, "Conversation with id 'conv_1' not found.");
}

static void test_one_that_has_not_ended_is_no_past(void **state)
{
    struct fixture *f = *state;
    struct response_history h;
    struct response_row row = { .id = SLICE("a"),
                                .status = SLICE("queued"),
                                .model = SLICE("m"),
                                .request = SLICE("{}"),
                                .body = SLICE("{}") };
    assert_ok(response_add(f->db, &owner, &row, &f->err), &f->err);
    assert_fails(response_history_read(&h, &f->source, SLICE("a"), none, UINT64_MAX, &f->err),
                 ERR_INVALID_VALUE, &f->err, "has not ended yet");
}

static void test_a_conversation_as_it_was(void **state)
{
    struct fixture *f = *state;
    struct response_history h;
    const struct conversation_row row = { .id = SLICE("conv_1"), .metadata = SLICE("{}") };
    assert_ok(conversation_add(f->db, &owner, &row, &f->err), &f->err);
    append(f, "conv_1", ITEMS_CONVERSATION, "i1");
    append(f, "conv_1", ITEMS_CONVERSATION, "i2");
    append(f, "conv_1", ITEMS_CONVERSATION, "i3");
    assert_ok(response_history_read(&h, &f->source, none, row.id, UINT64_MAX, &f->err), &f->err);
    assert_ids(h.items, "i1 i2 i3");
    json_decref(h.items);
    assert_ok(response_history_read(&h, &f->source, none, row.id, 2, &f->err), &f->err);
    assert_ids(h.items, "i1 i2");
    json_decref(h.items);
    /* A chain whose first one is of a conversation: with what came before it there. */
    respond(f, "a", NULL, "conv_1", 1);
    respond(f, "b", "a", NULL, 3);
    assert_ok(response_history_read(&h, &f->source, SLICE("b"), none, UINT64_MAX, &f->err),
              &f->err);
    assert_ids(h.items, "i1 in_a out_a in_b out_b");
    json_decref(h.items);
}

static void test_a_chain_has_an_end(void **state)
{
    struct fixture *f = *state;
    struct response_history h;
    char id[16], previous[16] = "";
    for (int i = 0; i <= RESPONSE_CHAIN_MAX; i++) {
        (void)snprintf(id, sizeof id, "r%d", i);
        respond(f, id, i ? previous : NULL, NULL, 0);
        (void)snprintf(previous, sizeof previous, "r%d", i);
    }
    assert_fails(response_history_read(&h, &f->source, slice_of(id), none, UINT64_MAX, &f->err),
                 ERR_LIMIT, &f->err, "More than 1000 responses");
    (void)snprintf(id, sizeof id, "r%d", RESPONSE_CHAIN_MAX - 1);
    assert_ok(response_history_read(&h, &f->source, slice_of(id), none, UINT64_MAX, &f->err),
              &f->err);
    assert_int_equal(json_array_size(h.items), 2 * RESPONSE_CHAIN_MAX);
    json_decref(h.items);
}

static void test_references_and_compactions_are_replaced(void **state)
{
    struct fixture *f = *state;
    struct slice text;
    json_t *item, *root, *old = json_pack("[{s:s, s:s}]", "role", "user", "content", "kept");
    respond(f, "a", NULL, NULL, 0);
    assert_ok(compaction_make(&item, old, 1000, &key, &owner, &f->arena, &f->err), &f->err);
    root = json_pack("{s:s, s:[{s:s, s:s}, {s:s}, o, {s:s, s:s, s:s}]}", "model", "m", "input",
                     "type", "item_reference", "id", "in_a", "id", "out_a", item, "role", "user",
                     "content", "new", "id", "msg_own");
    assert_true(response_input_is_indirect(json_object_get(root, "input")));
    char *asked = json_dumps(root, 0);
    json_decref(root);
    assert_ok(response_input_resolve(&text, &f->source, slice_of(asked), &f->err), &f->err);
    assert_ok(json_read(&root, text, &json_limits_request, "it", &f->err), &f->err);
    const json_t *input = json_object_get(root, "input");
    assert_false(response_input_is_indirect(input));
    assert_int_equal(json_array_size(input), 4);
    json_t *content = json_object_get(json_array_get(input, 2), "content");
    assert_string_equal(json_string_value(content), "kept");
    assert_string_equal(json_string_value(json_object_get(root, "model")), "m");
    f->source.owner = &stranger;
    assert_fails(response_input_resolve(&text, &f->source, slice_of(asked), &f->err), ERR_NOT_FOUND,
                 &f->err, "Item with id 'in_a' not found.");
    json_decref(root);
    json_decref(old);
    mem_free(asked);
}

int main(void)
{
    json_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_chain_from_its_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_missing_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_that_has_not_ended_is_no_past, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_conversation_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_chain_has_an_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_references_and_compactions_are_replaced, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
