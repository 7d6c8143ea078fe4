/* The gateway with fake workers, in one program:
 *
 *     gateway_test_gateway                       the tests below
 *     gateway_test_gateway serve [OPTION]... DIR a server for tests/api/test_http_*.py
 *     gateway_test_gateway worker ...            what the server starts
 */
#include "unit/test.h"

#include "unit/gateway/fake_worker.h"

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

/* --model NAME=PATH, --embed NAME=PATH, --preload, --host H, --port N, --key-file F, --head-ms N,
 * --body-ms N, --write-ms N, --idle-ms N, --grace-ms N, --connections N, --queue N, --age-ms N,
 * --in-flight N, --allow-host H, --allow-origin O */
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
            models[n++] = (struct gateway_model){ .name = name,
                                                  .path = eq + 1,
                                                  .is_default = n == 0,
                                                  .preload = preload,
                                                  .kind = a[2] == 'm' ? "text" : "embed" };
        }
        if (strcmp(a, "--host") == 0) o.host = v;
        if (strcmp(a, "--port") == 0) o.port = (int)strtol(v, NULL, 10);
        if (strcmp(a, "--key-file") == 0) o.api_key_file = v;
        if (strcmp(a, "--allow-host") == 0) host[0] = v, o.n_allow_hosts = 1;
        if (strcmp(a, "--allow-origin") == 0) origin[0] = v, o.n_allow_origins = 1;
        uint32_t number = (uint32_t)strtoul(v, NULL, 10);
        if (strcmp(a, "--head-ms") == 0) deadlines.head_ms = number;
        if (strcmp(a, "--body-ms") == 0) deadlines.body_ms = number;
        if (strcmp(a, "--write-ms") == 0) deadlines.write_ms = number;
        if (strcmp(a, "--idle-ms") == 0) deadlines.idle_ms = number;
        if (strcmp(a, "--grace-ms") == 0) o.grace_ms = number;
        if (strcmp(a, "--connections") == 0) o.connections_max = number;
        if (strcmp(a, "--queue") == 0) o.queue_max = number;
        if (strcmp(a, "--age-ms") == 0) o.queue_age_ms = number;
        if (strcmp(a, "--in-flight") == 0) o.in_flight_max = number;
    }
    o.n_models = n;
    struct err err = { 0 };
    log_setup(LOG_WARN, LOG_TEXT, "gateway");
    json_init();
    if (gateway_run(&o, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 6 && strcmp(argv[1], "worker") == 0)
        return fake_worker_main(argv[3], (int)strtol(argv[5], NULL, 10));
    if (argc >= 2 && strcmp(argv[1], "serve") == 0) return serve(argc, argv);
    return 0;
}
