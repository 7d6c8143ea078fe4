/* tiro usage: what was used, from the ledger. */
#include "api/usage_report.h"
#include "base/json.h"
#include "base/seam.h"
#include "cmd/settings.h"
#include "cmd/subcommand.h"
#include "gateway/access.h"
#include "gateway/client.h"
#include "store/paths.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BY_MAX = 8, PATH_SIZE = 512, URL_SIZE = PATH_MAX + 32 };

static const struct option_row options[] = {
    { .name = "by",
      .value = "LIST",
      .help = "what to sum by: day, model, key, endpoint, user, project; default day,model" },
    { .name = "since", .value = "TIME", .help = "from then on; default 30d" },
    { .name = "until", .value = "TIME", .help = "up to then, exclusive; default now" },
    { .name = "json", .help = "print JSON" },
    { .name = "data", .value = "DIR", .help = "data directory" },
    { .name = NULL },
};

struct wanted {
    struct usage_query q;
    struct slice by[BY_MAX];
    size_t n_by;
};

/* ---- What is asked ---- */

static bool number(struct slice s, size_t at, size_t len, int *ret)
{
    uint64_t n;
    if (!slice_to_u64(&n, (struct slice){ s.ptr + at, len }) || n > 9999) return false;
    *ret = (int)n;
    return true;
}

/* "2026-11-28", in UTC */
static bool read_date(int64_t *ret, struct slice s)
{
    struct tm tm = { 0 };
    if (s.len != 10 || s.ptr[4] != '-' || s.ptr[7] != '-') return false;
    if (!number(s, 0, 4, &tm.tm_year) || !number(s, 5, 2, &tm.tm_mon) ||
        !number(s, 8, 2, &tm.tm_mday))
        return false;
    struct tm given = tm;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *ret = (int64_t)timegm(&tm); /* Which puts the 31st of February right: that is none. */
    return *ret >= 0 && tm.tm_mday == given.tm_mday && tm.tm_mon + 1 == given.tm_mon;
}

/* "7d", "12h", "30m": so long before now */
static bool read_ago(int64_t *ret, struct slice s, int64_t now)
{
    uint64_t n;
    if (s.len < 2 || !slice_to_u64(&n, (struct slice){ s.ptr, s.len - 1 })) return false;
    int64_t unit = s.ptr[s.len - 1] == 'd'   ? USAGE_DAY_S
                   : s.ptr[s.len - 1] == 'h' ? 3600
                   : s.ptr[s.len - 1] == 'm' ? 60
                                             : 0;
    if (unit == 0 || n > (uint64_t)(now / unit)) return false;
    *ret = now - (int64_t)n * unit;
    return true;
}

static int read_time(int64_t *ret, const char *text, const char *option, int64_t now,
                     struct err *err)
{
    struct slice s = slice_of(text);
    if (read_date(ret, s) || read_ago(ret, s, now)) return 0;
    return err_set(err, ERR_INVALID_VALUE,
                   "--%s is a day such as 2026-11-28 (UTC), or 7d, 12h, 30m for so long ago; not "
                   "'%s'",
                   option, text);
}

static int read_by(struct wanted *w, struct slice list, struct err *err)
{
    while (list.len > 0) {
        size_t end = slice_find(list, SLICE(","));
        struct slice name = { list.ptr, end };
        unsigned by = usage_report_by(name);
        if (!by || w->n_by == BY_MAX)
            return err_set(err, ERR_INVALID_VALUE,
                           "--by is a list of day, model, key, endpoint, user, project; not '%.*s'",
                           SLICE_FMT(name));
        w->q.by |= by;
        w->by[w->n_by++] = name;
        size_t step = end < list.len ? end + 1 : end;
        list = (struct slice){ list.ptr + step, list.len - step };
    }
    return 0;
}

static int read_wanted(struct wanted *w, const struct args *args, struct err *err)
{
    int64_t now = (int64_t)(wall_ns() / 1000000000u);
    const char *by = args_get(args, "by"), *since = args_get(args, "since");
    const char *until = args_get(args, "until");
    *w = (struct wanted){ .q = { .end = now + 1, .all_projects = true } };
    TRY(read_by(w, slice_of(by ? by : "day,model"), err));
    TRY(read_time(&w->q.start, since ? since : "30d", "since", now, err));
    if (until) TRY(read_time(&w->q.end, until, "until", now, err));
    if (w->q.end <= w->q.start)
        return err_set(err, ERR_INVALID_VALUE, "--until must be after --since");
    return 0;
}

/* ---- Where it comes from ---- */

static int ask_server(struct buf *body, struct client *c, const struct wanted *w, struct err *err)
{
    char path[PATH_SIZE];
    int status;
    int n = snprintf(path, sizeof path, "/v1/tiro/usage?start_time=%" PRId64 "&end_time=%" PRId64,
                     w->q.start, w->q.end);
    for (size_t i = 0; i < w->n_by; i++)
        n += snprintf(path + n, sizeof path - (size_t)n, "&by[]=%.*s", SLICE_FMT(w->by[i]));
    TRY(client_json(c, &status, body, "GET", path, (struct slice){ 0 }, err));
    return status == 200 ? 0 : client_error(status, buf_slice(body), err);
}

/* No server runs here, so the database is ours; one that was never made is not made now. */
static int ask_database(struct buf *body, const struct store_paths *paths, struct wanted *w,
                        struct err *err)
{
    struct settings settings;
    char file[URL_SIZE], url[URL_SIZE + 16];
    struct db *db;
    struct principal me = access_local();
    TRY(settings_load(&settings, paths->data, err));
    const char *given = settings_str(&settings, SETTING_DATABASE);
    (void)snprintf(file, sizeof file, "%s/tiro.db", paths->data); /* It has the room, */
    (void)snprintf(url, sizeof url, "sqlite:%s", file);           /* as has this. */
    int rc = 0;
    if (!*given && access(file, F_OK) < 0)
        rc = err_set(err, ERR_NOT_FOUND, "nothing has been recorded in %s yet", paths->data);
    if (rc == 0) rc = db_open(&db, *given ? given : url, err);
    settings_release(&settings);
    if (rc < 0) return rc;
    rc = usage_report_write(body, db, &me, &w->q, err);
    db_close(db);
    return rc;
}

/* ---- How it is shown ---- */

static const struct {
    const char *key, *title;
    int width; /* negative: text, to the left */
    int decimals;
} shown[] = {
    { "day", "DAY", -11 },
    { "project", "PROJECT", -16 },
    { "user", "USER", -16 },
    { "key", "KEY", -16 },
    { "model", "MODEL", -28 },
    { "endpoint", "ENDPOINT", -26 },
    { "requests", "REQUESTS", 9 },
    { "input_tokens", "READ", 12 },
    { "cached_tokens", "CACHED", 12 },
    { "output_tokens", "WROTE", 12 },
    { "core_seconds", "CORE-SECONDS", 14, 3 },
};

enum { SHOWN = sizeof shown / sizeof *shown, FIRST_NUMBER = 6 };

static void print_row(const json_t *row)
{
    for (size_t i = 0; i < SHOWN; i++) {
        const json_t *value = json_object_get(row, shown[i].key);
        if (!value) continue;
        if (json_is_string(value))
            printf("%*s ", shown[i].width, json_string_value(value));
        else
            printf("%*.*f ", shown[i].width, shown[i].decimals, json_number_value(value));
    }
    putchar('\n');
}

static void print_table(const json_t *root, const struct wanted *w)
{
    const json_t *rows = json_object_get(root, "data");
    for (size_t i = 0; i < SHOWN; i++)
        if (i >= FIRST_NUMBER || (w->q.by & usage_report_by(slice_of(shown[i].key))))
            printf("%*s ", shown[i].width, shown[i].title);
    putchar('\n');
    for (size_t i = 0; i < json_array_size(rows); i++) print_row(json_array_get(rows, i));
}

static int show(struct slice body, bool as_json, const struct wanted *w, struct err *err)
{
    json_t *root;
    if (as_json) {
        printf("%.*s\n", SLICE_FMT(body));
        return 0;
    }
    TRY(json_read(&root, body, &json_limits_request, "the usage", err));
    print_table(root, w);
    json_decref(root);
    return 0;
}

static int run(const struct args *args)
{
    struct err err;
    struct wanted w;
    struct store_paths paths;
    struct client *c = NULL;
    struct buf body;
    if (read_wanted(&w, args, &err) < 0) return fail(&err);
    if (store_paths_init(&paths, args_get(args, "data"), &err) < 0) return fail(&err);
    buf_init(&body, USAGE_REPORT_BYTES_MAX);
    int rc = client_open(&c, paths.data, &err);
    if (rc == 0)
        rc = ask_server(&body, c, &w, &err);
    else if (rc == -ERR_NOT_FOUND)
        rc = ask_database(&body, &paths, &w, &err);
    client_close(c);
    if (rc == 0) rc = show(buf_slice(&body), args_has(args, "json"), &w, &err);
    buf_release(&body);
    return rc < 0 ? fail(&err) : 0;
}

const struct subcommand subcommand_usage = {
    .name = "usage",
    .summary = "show what was used, from the ledger",
    .usage = "usage [--by LIST] [--since TIME] [--until TIME] [--json] [--data DIR]",
    .help =
        "Requests, tokens read, found in the prefix cache and written, and the time the cores\n"
        "spent; by day and model, or by what --by says. Every request that used a model is\n"
        "there, those that broke off included. From the running server, or, when none runs,\n"
        "from the database. A TIME is a day (2026-11-28, in UTC) or so long ago (7d, 12h, 30m).",
    .options = options,
    .run = run,
};
