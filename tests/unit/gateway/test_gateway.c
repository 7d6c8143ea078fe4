/* The gateway with fake workers, in one program:
 *
 *     gateway_test_gateway                       the tests below
 *     gateway_test_gateway serve [OPTION]... DIR a server for tests/api/test_http_*.py
 *     gateway_test_gateway worker ...            what the server starts
 */
#include "unit/test.h"

#include "unit/gateway/fake_packer.h"

#include "base/json.h"
#include "base/log.h"
#include "gateway/client.h"
#include "gateway/gateway.h"
#include "gateway/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MODELS = 16 };

/* ---- serve ---- */

static void say_url(void *ctx, struct gateway *g, const char *url)
{
    (void)ctx;
    (void)g;
    printf("%s\n", url);
    fflush(stdout);
}

/* SIGUSR1, for the k-th time: the k-th allocation from now on fails, whichever thread's it is, and
 * says so on stderr. */
static atomic_int fail_turn, fail_in;

static void arm(int number)
{
    (void)number;
    atomic_store(&fail_in, atomic_fetch_add(&fail_turn, 1) + 1);
}

static bool fails_now(void)
{
    static const char text[] = "no memory\n";
    int left = atomic_load(&fail_in);
    while (left > 0 && !atomic_compare_exchange_weak(&fail_in, &left, left - 1)) continue;
    return left == 1 && write(STDERR_FILENO, text, sizeof text - 1) > 0;
}

static void *failing_alloc(size_t size)
{
    return fails_now() ? NULL : seams_real.alloc(size);
}

static void *failing_realloc(void *ptr, size_t size)
{
    return fails_now() ? NULL : seams_real.realloc(ptr, size);
}

/* --model NAME=PATH, --embed NAME=PATH, --preload, --host H, --port N, --key-file F, --head-ms N,
 * --body-ms N, --upload-ms N, --write-ms N, --idle-ms N, --grace-ms N, --connections N, --queue N,
 * --age-ms N, --in-flight N, --silence-ms N, --rest-ms N, --allow-host H, --allow-origin O */
static int serve(int argc, char **argv)
{
    struct gateway_model models[MODELS];
    struct http_deadlines deadlines = { 0 };
    const char *host[1] = { NULL }, *origin[1] = { NULL };
    struct gateway_options o = { .models = models,
                                 .on_listening = say_url,
                                 .log_level = "warn",
                                 .deadlines = &deadlines,
                                 .allow_hosts = host,
                                 .allow_origins = origin };
    bool preload = false;
    size_t n = 0;
    for (int i = 2; i < argc; i++) {
        const char *a = argv[i], *v = i + 1 < argc ? argv[i + 1] : "";
        if (a[0] != '-') {
            o.data_dir = a;
            continue;
        }
        if (strcmp(a, "--preload") == 0) {
            preload = true;
            continue;
        }
        i++;
        if (strcmp(a, "--model") == 0 || strcmp(a, "--embed") == 0) {
            char *name = argv[i], *eq = strchr(name, '=');
            *eq = '\0';
            models[n] = (struct gateway_model){ .name = name,
                                                .path = eq + 1,
                                                .is_default = n == 0,
                                                .preload = preload,
                                                .kind = a[2] == 'm' ? "text" : "embed" };
            n++;
        }
        if (strcmp(a, "--host") == 0) o.host = v;
        if (strcmp(a, "--port") == 0) o.port = (int)strtol(v, NULL, 10);
        if (strcmp(a, "--key-file") == 0) o.api_key_file = v;
        if (strcmp(a, "--allow-host") == 0) host[0] = v, o.n_allow_hosts = 1;
        if (strcmp(a, "--allow-origin") == 0) origin[0] = v, o.n_allow_origins = 1;
        uint32_t number = (uint32_t)strtoul(v, NULL, 10);
        if (strcmp(a, "--head-ms") == 0) deadlines.head_ms = number;
        if (strcmp(a, "--body-ms") == 0) deadlines.body_ms = number;
        if (strcmp(a, "--upload-ms") == 0) deadlines.upload_ms = number;
        if (strcmp(a, "--write-ms") == 0) deadlines.write_ms = number;
        if (strcmp(a, "--idle-ms") == 0) deadlines.idle_ms = number;
        if (strcmp(a, "--grace-ms") == 0) o.grace_ms = number;
        if (strcmp(a, "--connections") == 0) o.connections_max = number;
        if (strcmp(a, "--queue") == 0) o.queue_max = number;
        if (strcmp(a, "--age-ms") == 0) o.queue_age_ms = number;
        if (strcmp(a, "--silence-ms") == 0) o.silence_ms = number;
        if (strcmp(a, "--rest-ms") == 0) o.rest_ms = number;
        if (strcmp(a, "--in-flight") == 0) o.in_flight_max = number;
    }
    o.n_models = n;
    struct err err = { 0 };
    log_setup(LOG_WARN, LOG_TEXT, "gateway");
    json_init();
    seams.alloc = failing_alloc;
    seams.realloc = failing_realloc;
    (void)signal(SIGUSR1, arm);
    if (gateway_run(&o, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    return 0;
}

/* ---- The tests: the client against a server in a thread ---- */

struct running {
    pthread_t thread;
    char folder[64], model[128], cache[128];
    struct gateway_model models[1];
    struct gateway_options options;
    struct gateway *gateway;
    char url[128];
    int rc;
    struct err err;
};

static void on_listening(void *ctx, struct gateway *g, const char *url)
{
    struct running *r = ctx;
    (void)snprintf(r->url, sizeof r->url, "%s", url);
    __atomic_store_n(&r->gateway, g, __ATOMIC_RELEASE);
}

static void *run_thread(void *ctx)
{
    struct running *r = ctx;
    r->rc = gateway_run(&r->options, &r->err);
    return NULL;
}

static void write_file(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static int start_as(void **state, bool packs)
{
    struct running *r = calloc(1, sizeof *r);
    (void)snprintf(r->folder, sizeof r->folder, "/tmp/tiro-test-gateway-XXXXXX");
    assert_non_null(mkdtemp(r->folder));
    (void)snprintf(r->model, sizeof r->model, "%s/m.gguf", r->folder);
    write_file(r->model);
    r->models[0] = (struct gateway_model){ .name = "m", .path = r->model, .is_default = true };
    r->options = (struct gateway_options){ .data_dir = r->folder,
                                           .models = r->models,
                                           .n_models = 1,
                                           .on_listening = on_listening,
                                           .log_level = "warn",
                                           .ctx = r };
    (void)snprintf(r->cache, sizeof r->cache, "%s/cache", r->folder);
    if (packs) {
        r->models[0].preload = true;
        r->options.packed_dir = r->cache;
        r->options.packed_bytes_max = 1 << 30;
        r->options.pack_idle_ms = 1;
        r->options.log_level = "off"; /* Packing that fails is warned of. */
    }
    assert_int_equal(pthread_create(&r->thread, NULL, run_thread, r), 0);
    while (!__atomic_load_n(&r->gateway, __ATOMIC_ACQUIRE)) usleep(1000);
    *state = r;
    return 0;
}

static int start(void **state)
{
    return start_as(state, false);
}

static int start_packing(void **state)
{
    return start_as(state, true);
}

static int stop(void **state)
{
    struct running *r = *state;
    gateway_stop(r->gateway);
    assert_int_equal(pthread_join(r->thread, NULL), 0);
    assert_int_equal(r->rc, 0);
    char command[80];
    (void)snprintf(command, sizeof command, "rm -r %s", r->folder);
    free(r);
    return system(command);
}

static json_t *get_status(struct client *c)
{
    struct err err = { 0 };
    struct buf body;
    json_t *root;
    int status;
    buf_init(&body, CLIENT_BODY_MAX);
    assert_ok(client_json(c, &status, &body, "GET", "/v1/tiro/status", SLICE(""), &err), &err);
    assert_int_equal(status, 200);
    assert_ok(json_read(&root, buf_slice(&body), &json_limits_request, "the status", &err), &err);
    buf_release(&body);
    return root;
}

static void test_client_finds_and_asks(void **state)
{
    struct running *r = *state;
    struct err err = { 0 };
    struct client *c;
    struct buf body;
    int status;
    assert_ok(client_open(&c, r->folder, &err), &err);
    assert_string_equal(client_server(c)->url, r->url);
    assert_int_equal(client_server(c)->pid, getpid());
    json_decref(get_status(c));
    buf_init(&body, 1 << 20);
    assert_ok(client_json(c, &status, &body, "POST", "/v1/nosuch", SLICE("{}"), &err), &err);
    assert_int_equal(status, 404);
    assert_int_equal(client_error(status, buf_slice(&body), &err), -ERR_NOT_FOUND);
    assert_string_equal(err.text, "Invalid URL (POST /v1/nosuch)");
    buf_release(&body);
    client_close(c);
}

struct heard {
    char text[4096];
    size_t len, events, stop_at;
    bool stop_now;
};

static bool hear(void *ctx, struct slice data)
{
    struct heard *h = ctx;
    if (h->len + data.len < sizeof h->text) memcpy(h->text + h->len, data.ptr, data.len);
    h->len += data.len;
    return ++h->events != h->stop_at;
}

static bool hear_stop(void *ctx)
{
    return ((struct heard *)ctx)->stop_now;
}

static int say(struct client *c, struct heard *h, const char *text, struct err *err)
{
    char json[256];
    struct client_events events = { .on_data = hear, .stop = hear_stop, .ctx = h };
    int n = snprintf(json, sizeof json,
                     "{\"model\":\"m\",\"stream\":true,\"messages\":"
                     "[{\"role\":\"user\",\"content\":\"%s\"}]}",
                     text);
    return client_stream(c, "/v1/chat/completions", (struct slice){ json, (size_t)n }, &events,
                         err);
}

static void test_client_streams(void **state)
{
    struct running *r = *state;
    struct err err = { 0 };
    struct client *c;
    struct heard h = { 0 };
    assert_ok(client_open(&c, r->folder, &err), &err);
    assert_ok(say(c, &h, "tokens=3", &err), &err);
    assert_int_equal(h.events, 6); /* role, three tokens, the reason, [DONE] */
    assert_non_null(strstr(h.text, "w2 "));
    assert_non_null(strstr(h.text, "[DONE]"));
    h = (struct heard){ .stop_at = 2 };
    assert_fails(say(c, &h, "tokens=100000 delay=1", &err), ERR_CANCELLED, &err, "stopped");
    assert_int_equal(h.events, 2);
    h = (struct heard){ .stop_now = true };
    assert_fails(say(c, &h, "wait=60000", &err), ERR_CANCELLED, &err, "stopped");
    assert_int_equal(h.events, 0);
    h = (struct heard){ 0 };
    assert_fails(say(c, &h, "error", &err), ERR_CONTEXT_LENGTH, &err, "4097");
    assert_string_equal(err.param, "messages");
    h = (struct heard){ 0 };
    assert_fails(say(c, &h, "crash-after=1", &err), ERR_WORKER_LOST, &err, "ended");
    assert_int_equal(h.events, 2);
    client_close(c);
}

/* What a worker's answers other than text become; `path` is asked and answers with `status`. */
static void ask(struct client *c, const char *path, const char *json, int status, const char *says)
{
    struct err err = { 0 };
    struct buf body;
    int got;
    buf_init(&body, 1 << 20);
    assert_ok(client_json(c, &got, &body, "POST", path, slice_of(json), &err), &err);
    if (got != status || !strstr(buf_str(&body), says)) fail_msg("%d %s", got, buf_str(&body));
    buf_release(&body);
}

static void test_calls_and_counts(void **state)
{
    struct running *r = *state;
    struct err err = { 0 };
    struct client *c;
    assert_ok(client_open(&c, r->folder, &err), &err);
    ask(c, "/v1/chat/completions",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"calls\"}],"
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]}",
        200,
        "\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\",\"function\":"
        "{\"name\":\"f\",\"arguments\":\"{\\\"a\\\": 1}\"}}]");
    ask(c, "/v1/messages/count_tokens",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", 200,
        "{\"input_tokens\":3}");
    /* Errors of the two dialects. */
    ask(c, "/v1/messages", "{\"model\":\"m\"}", 400, "{\"type\":\"error\",\"error\":");
    ask(c, "/v1/chat/completions", "{\"model\":\"m\"}", 400, "{\"error\":{\"message\":");
    client_close(c);
}

/* From this thread, while the loop runs in another. */
static void test_models_and_pulls_from_outside(void **state)
{
    struct running *r = *state;
    struct err err = { 0 };
    struct client *c;
    char path[160];
    assert_ok(client_open(&c, r->folder, &err), &err);
    (void)snprintf(path, sizeof path, "%s/m.gguf", r->folder);
    gateway_add_model(r->gateway,
                      &(struct gateway_model){ .name = "later", .path = path, .is_default = true });
    for (uint64_t i = 1; i <= 100; i++)
        gateway_set_pull(r->gateway, &(struct gateway_pull){ .name = "big",
                                                             .bytes = i,
                                                             .bytes_total = 100,
                                                             .state = "downloading" });
    json_t *root, *models, *pulls, *row;
    for (;;) {
        root = get_status(c);
        models = json_object_get(root, "models");
        pulls = json_object_get(root, "pulls");
        row = json_array_get(pulls, 0);
        if (json_integer_value(json_object_get(row, "bytes")) == 100) break;
        json_decref(root);
        usleep(1000);
    }
    assert_int_equal(json_array_size(models), 2);
    assert_int_equal(json_array_size(pulls), 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(models, 0), "id")),
                        "later");
    assert_true(json_is_true(json_object_get(json_array_get(models, 0), "default")));
    assert_true(json_is_false(json_object_get(json_array_get(models, 1), "default")));
    json_decref(root);
    gateway_remove_model(r->gateway, "later");
    do {
        root = get_status(c);
        size_t n = json_array_size(json_object_get(root, "models"));
        json_decref(root);
        if (n == 1) break;
        usleep(1000);
    } while (true);
    client_close(c);
}

/* ---- Packed weights ---- */

/* Waits for a model that is loaded; whether its weights came from disk. */
static bool is_mapped(struct client *c, const char *id)
{
    for (;; usleep(1000)) {
        json_t *root = get_status(c), *models = json_object_get(root, "models");
        int mapped = -1;
        for (size_t i = 0; i < json_array_size(models); i++) {
            const json_t *m = json_array_get(models, i);
            const json_t *word = json_object_get(m, "weights_mapped");
            if (strcmp(json_string_value(json_object_get(m, "id")), id) == 0 && word)
                mapped = json_is_true(word);
        }
        json_decref(root);
        if (mapped >= 0) return mapped;
    }
}

static void load_again(struct running *r, const char *id, const char *path)
{
    gateway_remove_model(r->gateway, id);
    gateway_add_model(r->gateway,
                      &(struct gateway_model){ .name = id, .path = path, .preload = true });
}

static void test_weights_are_packed_once(void **state)
{
    struct running *r = *state;
    struct err err = { 0 };
    struct client *c;
    char packed[160], log[160], *text;
    size_t len;
    (void)snprintf(packed, sizeof packed, "%s/m.gguf.packed", r->cache);
    (void)snprintf(log, sizeof log, "%s.log", r->model);
    assert_ok(client_open(&c, r->folder, &err), &err);
    assert_false(is_mapped(c, "m"));
    while (access(packed, R_OK) != 0) usleep(1000); /* Renamed: so it is whole. */
    assert_ok(file_read_all(&text, &len, packed, 100, &err), &err);
    assert_string_equal(text, "packed");
    mem_free(text);
    load_again(r, "m", r->model);
    while (!is_mapped(c, "m")) usleep(1000); /* The old one may still be listed. */
    usleep(300 * 1000);                      /* Some ticks: nothing more is to be packed. */
    assert_ok(file_read_all(&text, &len, log, 10000, &err), &err);
    const char *first = strstr(text, "pack ");
    assert_non_null(first);
    assert_null(strstr(first + 1, "pack "));
    mem_free(text);
    client_close(c);
    unlink(packed);
    rmdir(r->cache);
}

/* Half a file is taken away, the model serves on, and nothing is tried again. */
static void test_packing_fails(void **state)
{
    struct running *r = *state;
    static const char *const words[] = { "pack-error", "pack-crash" };
    struct err err = { 0 };
    struct client *c;
    char packed[160];
    (void)snprintf(packed, sizeof packed, "%s/m.gguf.packed", r->cache);
    assert_ok(client_open(&c, r->folder, &err), &err);
    while (access(packed, R_OK) != 0) usleep(1000);
    unlink(packed);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char path[160], log[170];
        (void)snprintf(path, sizeof path, "%s/%s", r->folder, words[i]);
        (void)snprintf(log, sizeof log, "%s.log", path);
        write_file(path);
        gateway_add_model(
            r->gateway, &(struct gateway_model){ .name = words[i], .path = path, .preload = true });
        assert_false(is_mapped(c, words[i]));
        for (bool packed_once = false; !packed_once; usleep(1000)) {
            char *text;
            size_t len;
            assert_ok(file_read_all(&text, &len, log, 10000, &err), &err);
            packed_once = strstr(text, "pack ") != NULL;
            mem_free(text);
        }
        while (rmdir(r->cache) < 0) usleep(1000); /* Once it is empty. */
        assert_int_equal(mkdir(r->cache, 0700), 0);
        unlink(path);
        unlink(log);
    }
    client_close(c);
    rmdir(r->cache);
}

static void test_no_server(void **state)
{
    (void)state;
    struct err err = { 0 };
    struct client *c;
    struct client_server found;
    char folder[] = "/tmp/tiro-test-gateway-XXXXXX", lock[64];
    assert_non_null(mkdtemp(folder));
    assert_fails(client_find(&found, folder, &err), ERR_NOT_FOUND, &err, "tiro serve");
    (void)snprintf(lock, sizeof lock, "%s/tiro.lock", folder);
    write_file(lock); /* Of a server that is gone. */
    assert_fails(client_open(&c, folder, &err), ERR_NOT_FOUND, &err, folder);
    unlink(lock);
    rmdir(folder);
    assert_fails(client_open(&c, folder, &err), ERR_NOT_FOUND, &err, folder);
}

static int unit_tests(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_client_finds_and_asks, start, stop),
        cmocka_unit_test_setup_teardown(test_client_streams, start, stop),
        cmocka_unit_test_setup_teardown(test_calls_and_counts, start, stop),
        cmocka_unit_test_setup_teardown(test_models_and_pulls_from_outside, start, stop),
        cmocka_unit_test_setup_teardown(test_weights_are_packed_once, start_packing, stop),
        cmocka_unit_test_setup_teardown(test_packing_fails, start_packing, stop),
        cmocka_unit_test(test_no_server),
    };
    log_setup(LOG_ERROR, LOG_TEXT, "gateway");
    json_init();
    unsetenv("TIRO_API_KEY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    if (argc >= 6 && strcmp(argv[1], "worker") == 0 && strcmp(argv[3], "pack") == 0)
        return fake_packer_main((int)strtol(argv[5], NULL, 10));
    if (argc >= 6 && strcmp(argv[1], "worker") == 0)
        return fake_worker_main(argv[3], (int)strtol(argv[5], NULL, 10));
    if (argc >= 2 && strcmp(argv[1], "serve") == 0) return serve(argc, argv);
    return unit_tests();
}
