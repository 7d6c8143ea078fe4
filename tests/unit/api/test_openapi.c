/* The documents made from the field tables: whole, consistent with what is parsed, and in the tree
 * as they would be made now. */
#include "unit/test.h"

#include "api/endpoint.h"
#include "api/openapi.h"
#include "base/json.h"
#include "base/seam.h"

#include <string.h>

static json_t *document(void)
{
    struct buf out;
    struct err err = { 0 };
    json_t *root = NULL;
    buf_init(&out, DOCUMENT_BYTES_MAX);
    openapi_write(&out);
    assert_ok(json_read(&root, buf_slice(&out), &json_limits_file, "the document", &err), &err);
    buf_release(&out);
    return root;
}

/* Every "$ref" leads somewhere. */
static void check_refs(const json_t *root, json_t *value)
{
    const char *key;
    json_t *child;
    size_t i;
    if (json_is_object(value)) {
        json_object_foreach(value, key, child)
        {
            if (strcmp(key, "$ref") != 0) {
                check_refs(root, child);
                continue;
            }
            const char *name = strrchr(json_string_value(child), '/') + 1;
            json_t *components = json_object_get(root, "components");
            assert_non_null(json_object_get(json_object_get(components, "schemas"), name));
        }
    } else {
        json_array_foreach(value, i, child) check_refs(root, child);
    }
}

static void test_document(void **state)
{
    (void)state;
    json_t *root = document();
    json_t *paths = json_object_get(root, "paths");
    assert_string_equal(json_string_value(json_object_get(root, "openapi")), "3.1.0");
    check_refs(root, root);
    for (size_t i = 0; i < endpoint_registry_len; i++)
        assert_non_null(json_object_get(paths, endpoint_registry[i]->path));
    json_decref(root);
}

static void check_table(const struct field *fields)
{
    struct field_walk walk;
    field_walk_init(&walk, fields);
    for (const struct field *f; (f = field_walk_next(&walk));) {
        if (!f->help || !f->help[0]) fail_msg("%s has no help", f->name);
        if (f->def) {
            json_t *def = json_loads(f->def, JSON_DECODE_ANY, NULL);
            if (!def) fail_msg("the default of %s is not JSON", f->name);
            json_decref(def);
        }
        if (f->only) {
            json_t *only = json_loads(f->only, 0, NULL);
            if (!json_is_array(only)) fail_msg("`only` of %s is not a JSON array", f->name);
            json_decref(only);
            assert_non_null(f->instead);
        }
        if (f->schema) {
            json_t *schema = json_loads(f->schema, 0, NULL);
            if (!schema) fail_msg("the schema of %s is not JSON", f->name);
            json_decref(schema);
        }
        if (f->kind == FIELD_KIND_ENUM) assert_non_null(f->names);
        if (f->kind == FIELD_KIND_JSON && !f->answer) assert_true(f->types != 0);
        if (f->fields) check_table(f->fields);
        if (f->fields && !f->answer) assert_true(f->size > 0);
        /* A name twice would make the second unreachable. */
        struct field_walk others = walk;
        for (const struct field *g; (g = field_walk_next(&others));)
            if (strcmp(f->name, g->name) == 0) fail_msg("%s stands twice", f->name);
    }
}

static void test_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < endpoint_registry_len; i++) {
        const struct endpoint *ep = endpoint_registry[i];
        assert_non_null(ep->summary);
        assert_non_null(ep->name);
        if (ep->fields) check_table(ep->fields);
        if (ep->fields) assert_true(ep->size > 0);
        if (ep->response) check_table(ep->response);
        if (ep->response_stream) check_table(ep->response_stream);
    }
}

static void check_file(const char *path, void (*write)(struct buf *out))
{
    char *text;
    size_t len;
    struct buf out;
    struct err err = { 0 };
    buf_init(&out, DOCUMENT_BYTES_MAX);
    write(&out);
    assert_false(out.failed);
    assert_ok(file_read_all(&text, &len, path, DOCUMENT_BYTES_MAX, &err), &err);
    if (!slice_eq(buf_slice(&out), (struct slice){ .ptr = text, .len = len }))
        fail_msg("%s is not what the tables give now: run tools/docs.sh", path);
    mem_free(text);
    buf_release(&out);
}

static void test_files_are_fresh(void **state)
{
    (void)state;
    check_file(TIRO_SOURCE_DIR "/docs/api.md", api_markdown_write);
    check_file(TIRO_SOURCE_DIR "/web/src/api.d.ts", api_typescript_write);
    check_file(TIRO_SOURCE_DIR "/tests/fuzz/dict/request.dict", api_dictionary_write);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_files_are_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
