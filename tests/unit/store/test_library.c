/* The library: what counts as a model, how names are found, what removing touches. */
#include "unit/test.h"

#include "base/seam.h"
#include "store/library.h"
#include "store/marker.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct err err;
static char root[] = "/tmp/tiro_library_XXXXXX";
static struct store_paths paths;

static void put(const char *name, const char *text)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", paths.models, name);
    assert_true(n > 0 && (size_t)n < sizeof path);
    assert_ok(file_replace(path, text, strlen(text), 0600, &err), &err);
}

static void put_folder(const char *name)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", paths.models, name);
    assert_true(n > 0 && (size_t)n < sizeof path);
    assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return library_remove_tree(root, 8, &err);
}

static int fresh(void **state)
{
    (void)state;
    TRY(library_remove_tree(root, 8, &err));
    if (mkdir(root, 0700) < 0) return -1;
    TRY(store_paths_init(&paths, root, &err));
    return store_paths_make(&paths, &err);
}

static void what_counts_as_a_model(void **state)
{
    struct library lib;
    (void)state;
    put("b.gguf", "12345");
    put("a.safetensors", "1");
    put("notes.txt", "x");
    put("half.gguf.part", "x");
    put(".hidden.gguf", "x");
    put_folder("folder");
    put("folder/model.safetensors", "123");
    put("folder/config.json", "{}");
    put_folder("empty");
    put_folder("b:sql");
    put("b:sql/adapter_config.json", "{}");
    put("b:sql/adapter_model.safetensors", "1");
    put_folder("nameless");
    put("nameless/adapter_config.json", "{}");
    put("nameless/adapter_model.safetensors", "1");
    put_folder("b:half");
    put("b:half/adapter_config.json", "{}");
    put_folder(".pull-x");
    assert_ok(library_read(&lib, &paths, &err), &err);
    assert_int_equal(lib.n, 4);
    assert_string_equal(lib.models[0].name, "a");
    assert_string_equal(lib.models[1].name, "b");
    assert_int_equal(lib.models[1].bytes, 5);
    assert_string_equal(lib.models[2].name, "b:sql");
    assert_true(lib.models[2].adapter && lib.models[2].folder);
    assert_string_equal(lib.models[3].name, "folder");
    assert_true(lib.models[3].folder && !lib.models[3].adapter);
    assert_int_equal(lib.models[3].bytes, 5);
    library_release(&lib);
}

static void an_absent_folder_is_empty(void **state)
{
    struct store_paths elsewhere;
    struct library lib;
    (void)state;
    assert_ok(store_paths_init(&elsewhere, "/tmp/tiro-no-such-folder", &err), &err);
    assert_ok(library_read(&lib, &elsewhere, &err), &err);
    assert_int_equal(lib.n, 0);
    library_release(&lib);
}

static void names_and_paths_resolve(void **state)
{
    char path[PATH_MAX], expected[PATH_MAX];
    (void)state;
    put("b.gguf", "12345");
    assert_ok(store_path_join(expected, sizeof expected, paths.models, "b.gguf", &err), &err);
    assert_ok(library_resolve(path, sizeof path, &paths, "b", &err), &err);
    assert_string_equal(path, expected);
    assert_ok(library_resolve(path, sizeof path, &paths, "b.gguf", &err), &err);
    assert_string_equal(path, expected);
    assert_ok(library_resolve(path, sizeof path, &paths, expected, &err), &err);
    assert_string_equal(path, expected);
    assert_fails(library_resolve(path, sizeof path, &paths, "smollm2-135m", &err),
                 ERR_MODEL_NOT_FOUND, &err, "tiro pull smollm2-135m");
    assert_fails(library_resolve(path, sizeof path, &paths, "nonsense", &err), ERR_MODEL_NOT_FOUND,
                 &err, "tiro list");
}

static bool verified(const char *name)
{
    struct library_model m;
    assert_ok(library_find(&m, &paths, name, &err), &err);
    return m.verified;
}

static void a_folders_weights_have_a_hash(void **state)
{
    static const char weights[] =
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";
    static const char other[] = "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41";
    const struct marker_file files[] = { { "config.json", other },
                                         { "model.safetensors", weights } };
    char got[65];
    (void)state;
    put_folder("hashed");
    put("hashed/config.json", "{}");
    put("hashed/model.safetensors", "123");
    assert_false(marker_sha256(got, paths.models, "hashed"));
    assert_ok(marker_write(paths.models, "hashed", "here", files, 1, &err), &err);
    assert_false(marker_sha256(got, paths.models, "hashed")); /* It does not speak of them. */
    assert_ok(marker_write(paths.models, "hashed", "here", files, 2, &err), &err);
    assert_true(marker_sha256(got, paths.models, "hashed"));
    assert_string_equal(got, weights);
    put("hashed/config.json", "{ }");
    assert_false(marker_sha256(got, paths.models, "hashed"));
}

static void a_marker_vouches_until_the_file_changes(void **state)
{
    static const char sha[] = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
    char got[65], path[PATH_MAX];
    (void)state;
    put("b.gguf", "12345");
    assert_false(verified("b"));
    assert_ok(
        marker_write(paths.models, "b.gguf", "here", &(struct marker_file){ "", sha }, 1, &err),
        &err);
    assert_true(verified("b"));
    assert_true(marker_sha256(got, paths.models, "b.gguf"));
    assert_string_equal(got, sha);
    put("b.gguf", "123456");
    assert_false(verified("b"));
    put("b.gguf", "54321"); /* The size is right again, the time is not. */
    assert_ok(store_path_join(path, sizeof path, paths.models, "b.gguf", &err), &err);
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0), 0);
    assert_false(verified("b"));
    put(".b.gguf.tiro.json", "not JSON");
    assert_false(verified("b"));
    put(".b.gguf.tiro.json", "{\"files\":[]}");
    assert_false(verified("b"));
}

static void removing_takes_the_model_and_its_marker_only(void **state)
{
    char path[PATH_MAX], link[PATH_MAX];
    struct library lib;
    (void)state;
    put("keep.gguf", "1");
    put_folder("folder");
    put("folder/model.safetensors", "123");
    assert_ok(store_path_join(path, sizeof path, paths.models, "keep.gguf", &err), &err);
    assert_ok(store_path_join(link, sizeof link, paths.models, "folder/link", &err), &err);
    assert_int_equal(symlink(path, link), 0); /* The link goes, what it points to stays. */
    assert_ok(marker_write(paths.models, "folder", "here",
                           &(struct marker_file){ "model.safetensors", "" }, 1, &err),
              &err);
    assert_ok(library_remove(&paths, "folder", &err), &err);
    assert_fails(library_remove(&paths, "folder", &err), ERR_MODEL_NOT_FOUND, &err, "folder");
    assert_ok(library_read(&lib, &paths, &err), &err);
    assert_int_equal(lib.n, 1);
    library_release(&lib);
    assert_ok(store_path_join(path, sizeof path, paths.models, ".folder.tiro.json", &err), &err);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void where_data_live(void **state)
{
    struct store_paths p;
    (void)state;
    (void)setenv("TIRO_DATA", "/t/", 1);
    (void)setenv("XDG_DATA_HOME", "/x", 1);
    (void)setenv("HOME", "/h", 1);
    assert_ok(store_paths_init(&p, "/d", &err), &err);
    assert_string_equal(p.data, "/d");
    assert_string_equal(p.models, "/d/models");
    assert_ok(store_paths_init(&p, NULL, &err), &err);
    assert_string_equal(p.data, "/t");
    (void)unsetenv("TIRO_DATA");
    assert_ok(store_paths_init(&p, "", &err), &err);
    assert_string_equal(p.data, "/x/tiro");
    (void)setenv("XDG_DATA_HOME", "relative", 1); /* The specification wants it ignored. */
    assert_ok(store_paths_init(&p, NULL, &err), &err);
    assert_string_equal(p.data, "/h/.local/share/tiro");
    (void)unsetenv("HOME");
    assert_fails(store_paths_init(&p, NULL, &err), ERR_NOT_FOUND, &err, "--data DIR");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(what_counts_as_a_model),
        TEST(an_absent_folder_is_empty),
        TEST(names_and_paths_resolve),
        TEST(a_folders_weights_have_a_hash),
        TEST(a_marker_vouches_until_the_file_changes),
        TEST(removing_takes_the_model_and_its_marker_only),
        TEST(where_data_live),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
