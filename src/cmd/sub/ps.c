/* tiro ps: what the running server does. */
#include "base/json.h"
#include "base/slice.h"
#include "cmd/progress.h"
#include "cmd/subcommand.h"
#include "gateway/client.h"
#include "store/paths.h"

#include <stdio.h>

enum { STATUS_MAX = 4 << 20 };

static const struct option_row options[] = {
    { .name = "data", .value = "DIR", .help = "data directory" },
    { .name = "json", .help = "print the server's status as JSON" },
    { .name = NULL },
};

static const char *string_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static long long int_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static void print_model(const json_t *m)
{
    char memory[24] = "", size[24];
    if (int_of(m, "rss_bytes") > 0) (void)bytes_text(memory, (uint64_t)int_of(m, "rss_bytes"));
    printf("%-24s %-8s %9s %9s %9lld %8lld %9lld  %s\n", string_of(m, "id"), string_of(m, "state"),
           bytes_text(size, (uint64_t)int_of(m, "bytes")), memory, int_of(m, "requests"),
           int_of(m, "waiting"), int_of(m, "restarts"), string_of(m, "problem"));
    long long drafted = int_of(m, "drafted_tokens");
    if (*string_of(m, "draft_model")) printf("  drafted by %s", string_of(m, "draft_model"));
    if (drafted > 0)
        printf("  %lld tokens drafted, %lld %% right", drafted,
               100 * int_of(m, "accepted_tokens") / drafted);
    if (drafted > 0 || *string_of(m, "draft_model")) putchar('\n');
}

static void print_pull(const json_t *p)
{
    char done[24], total[24];
    printf("%s: %s, %s of %s %s\n", string_of(p, "name"), string_of(p, "state"),
           bytes_text(done, (uint64_t)int_of(p, "bytes")),
           bytes_text(total, (uint64_t)int_of(p, "bytes_total")), string_of(p, "text"));
}

static void print_status(const json_t *status)
{
    const json_t *models = json_object_get(status, "models");
    const json_t *pulls = json_object_get(status, "pulls");
    char up[24];
    printf("%s, process %lld, up %s, %lld connection%s\n\n", string_of(status, "url"),
           int_of(status, "pid"), seconds_text(up, (double)int_of(status, "uptime_s")),
           int_of(status, "connections"), int_of(status, "connections") == 1 ? "" : "s");
    printf("%-24s %-8s %9s %9s %9s %8s %9s\n", "MODEL", "STATE", "FILE", "MEMORY", "REQUESTS",
           "WAITING", "RESTARTS");
    for (size_t i = 0; i < json_array_size(models); i++) print_model(json_array_get(models, i));
    for (size_t i = 0; i < json_array_size(pulls); i++) print_pull(json_array_get(pulls, i));
}

static int show(struct client *c, bool as_json, struct err *err)
{
    struct buf body;
    int status;
    json_t *root = NULL;
    buf_init(&body, STATUS_MAX);
    int rc = client_json(c, &status, &body, "GET", "/v1/tiro/status", (struct slice){ 0 }, err);
    if (rc == 0 && status != 200) rc = client_error(status, buf_slice(&body), err);
    if (rc == 0) rc = json_read(&root, buf_slice(&body), &json_limits_request, "the status", err);
    if (rc == 0 && as_json) puts(buf_str(&body));
    if (rc == 0 && !as_json) print_status(root);
    json_decref(root);
    buf_release(&body);
    return rc;
}

static int run(const struct args *args)
{
    struct err err;
    struct store_paths paths;
    struct client *c = NULL;
    if (store_paths_init(&paths, args_get(args, "data"), &err) < 0) return fail(&err);
    int rc = client_open(&c, paths.data, &err);
    if (rc == -ERR_NOT_FOUND) {
        fprintf(stderr, "tiro: no server runs on %s; 'tiro serve' starts one\n", paths.data);
        return 1;
    }
    if (rc == 0) rc = show(c, args_has(args, "json"), &err);
    client_close(c);
    return rc < 0 ? fail(&err) : 0;
}

const struct subcommand subcommand_ps = {
    .name = "ps",
    .summary = "show what the running server does",
    .usage = "ps [--json] [--data DIR]",
    .help =
        "Models with their state, memory, requests in work and waiting, and restarts; downloads\n"
        "going on. Exit status 1 when no server runs on the data directory.",
    .options = options,
    .run = run,
};
