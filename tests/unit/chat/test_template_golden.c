/* Byte-identical to jinja2 under transformers' settings: tests/golden/template, made by
 * tools/golden_template.py. Where the text is null, jinja2 raised and ours must fail too. */
#include "base/json.h"
#include "base/seam.h"
#include "chat/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static json_t *load(const char *name)
{
    char path[512], *text;
    size_t len;
    json_t *root = NULL;
    struct err err = { 0 };
    struct json_limits limits = json_limits_file;
    (void)snprintf(path, sizeof path, "%s/tests/golden/template/%s", TIRO_SOURCE_DIR, name);
    if (file_read_all(&text, &len, path, 16 << 20, &err) < 0 ||
        json_read(&root, (struct slice){ text, len }, &limits, path, &err) < 0)
        fail_msg("%s", err.text);
    mem_free(text);
    return root;
}

/* 1 when the case differs. */
static int run(const char *label, const char *source, const json_t *vars_json,
               const json_t *expected, uint64_t now_s)
{
    struct template_var vars[16];
    size_t n = 0;
    const char *key;
    json_t *value;
    struct template *t = NULL;
    struct template_output out;
    struct err err = { 0 };
    json_object_foreach((json_t *)(uintptr_t)vars_json, key, value)
    {
        assert_true(n < sizeof vars / sizeof *vars);
        vars[n++] = (struct template_var){ .name = key, .json = value };
    }
    template_output_init(&out);
    struct template_options options = { .now_ns = now_s * 1000000000u };
    int rc = template_compile(&t, slice_of(source), label, &err);
    if (rc == 0) rc = template_render(t, &out, vars, n, &options, &err);
    struct slice want = { json_string_value(expected), json_string_length(expected) };
    int differs = 0;
    if (rc < 0 && !json_is_null(expected)) {
        print_error("%s: %s\n  wanted %.300s\n  but    %s\n", label, source, want.ptr, err.text);
        differs = 1;
    } else if (rc == 0 && json_is_null(expected)) {
        print_error("%s: %s\n  must fail, gave %.*s\n", label, source,
                    SLICE_FMT(buf_slice(&out.text)));
        differs = 1;
    } else if (rc == 0 && !slice_eq(want, buf_slice(&out.text))) {
        print_error("%s: %.300s\n  wanted <%.*s>\n  got    <%.*s>\n", label, source,
                    SLICE_FMT(want), SLICE_FMT(buf_slice(&out.text)));
        differs = 1;
    } else if (rc < 0 && rc != -ERR_TEMPLATE && rc != -ERR_LIMIT) {
        print_error("%s: %s\n  fails with %s\n", label, source, err_name(err.code));
        differs = 1;
    }
    template_output_release(&out);
    template_close(t);
    return differs;
}

static void check(const char *file, size_t n_min)
{
    json_t *root = load(file);
    const json_t *cases = json_object_get(root, "cases");
    const json_t *templates = json_object_get(root, "templates");
    uint64_t now_s = (uint64_t)json_integer_value(json_object_get(root, "now"));
    int differing = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *c = json_array_get(cases, i);
        const char *name = json_string_value(json_object_get(c, "template"));
        const char *source = name ? json_string_value(json_object_get(templates, name))
                                  : json_string_value(json_object_get(c, "source"));
        differing += run(name ? name : file, source, json_object_get(c, "vars"),
                         json_object_get(c, "text"), now_s);
    }
    assert_true(json_array_size(cases) >= n_min);
    assert_int_equal(differing, 0);
    json_decref(root);
}

static void language(void **state)
{
    (void)state;
    check("language.json", 400);
}

static void chat(void **state)
{
    (void)state;
    check("chat.json", 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(language), cmocka_unit_test(chat) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
