/* tiro doctor: can this machine do the work, and what stands in the way? */
#include "base/json.h"
#include "base/seam.h"
#include "base/slice.h"
#include "cmd/packed_place.h"
#include "cmd/progress.h"
#include "cmd/settings.h"
#include "cmd/subcommand.h"
#include "gateway/client.h"
#include "kernels/kernel.h"
#include "store/db.h"
#include "store/library.h"
#include "store/packed_cache.h"

#include <errno.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { FINDINGS_MAX = 32, URL_LEN_MAX = 4200 };

static const struct option_row options[] = {
    { .name = "data", .value = "DIR", .help = "data directory" },
    { .name = "json", .help = "print JSON" },
    { .name = NULL },
};

enum verdict { GOOD, NOTE, BAD };

struct finding {
    const char *what;
    enum verdict verdict;
    char text[512];
};

struct report {
    struct finding findings[FINDINGS_MAX];
    size_t n;
};

__attribute__((format(printf, 4, 5))) static void add(struct report *r, const char *what,
                                                      enum verdict verdict, const char *fmt, ...)
{
    struct finding *f = &r->findings[r->n++];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(f->text, sizeof f->text, fmt, args); /* A cut text is still a text. */
    va_end(args);
    f->what = what;
    f->verdict = verdict;
}

static void look_at_processor(struct report *r)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = { { ISA_AVX2, "AVX2" },
                  { ISA_AVXVNNI, "AVX-VNNI" },
                  { ISA_AVX512, "AVX-512" },
                  { ISA_VNNI512, "AVX512-VNNI" },
                  { ISA_BF16512, "AVX512-BF16" } };
    char text[128] = "";
    unsigned isa = kernel_isa_detect();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t used = strlen(text);
        if (isa & names[i].bit)
            (void)snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "",
                           names[i].name);
    }
    cpu_set_t set;
    int cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (isa & ISA_AVX2) {
        add(r, "processor", GOOD, "%d cores with %s", cores, text);
    } else {
        add(r, "processor", BAD, "%d cores without AVX2: models run, but slowly", cores);
    }
}

static void look_at_memory(struct report *r)
{
    struct sysinfo info;
    char total[24], available[24];
    if (sysinfo(&info) < 0) return;
    uint64_t bytes = (uint64_t)info.totalram * info.mem_unit;
    uint64_t unused = ((uint64_t)info.freeram + info.bufferram) * info.mem_unit;
    add(r, "memory", bytes < 2000000000u ? NOTE : GOOD, "%s, of which %s unused%s",
        bytes_text(total, bytes), bytes_text(available, unused),
        bytes < 2000000000u ? "; enough for the smallest models only" : "");
}

static void look_at_data(struct report *r, const struct store_paths *paths)
{
    struct err err;
    struct statvfs disk;
    char size[24];
    if (store_paths_make(paths, &err) < 0) {
        add(r, "data", BAD, "%s", err.text);
        return;
    }
    if (access(paths->models, W_OK) < 0) {
        add(r, "data", BAD, "%s may not be written; use --data DIR or change its owner",
            paths->models);
        return;
    }
    if (statvfs(paths->data, &disk) < 0) return;
    uint64_t bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    add(r, "data", bytes < 1000000000u ? NOTE : GOOD, "%s, %s free%s", paths->data,
        bytes_text(size, bytes), bytes < 1000000000u ? "; models need more" : "");
}

static void look_at_models(struct report *r, const struct store_paths *paths)
{
    struct library lib;
    struct err err;
    if (library_read(&lib, paths, &err) < 0) {
        add(r, "models", BAD, "%s", err.text);
        return;
    }
    size_t verified = 0;
    for (size_t i = 0; i < lib.n; i++) verified += lib.models[i].verified;
    if (lib.n == 0) {
        add(r, "models", NOTE, "none; 'tiro pull smollm2-135m' gets a small one");
    } else {
        add(r, "models", GOOD, "%zu, %zu of them checked against a known sha256", lib.n, verified);
    }
    library_release(&lib);
}

/* As set, else tiro.db of the data folder. */
static int database_url(char *ret, size_t size, const struct store_paths *paths, struct err *err)
{
    struct settings settings;
    TRY(settings_load(&settings, paths->data, err));
    const char *set = settings_str(&settings, SETTING_DATABASE);
    int n = *set ? snprintf(ret, size, "%s", set)
                 : snprintf(ret, size, "sqlite:%s/tiro.db", paths->data);
    settings_release(&settings);
    return n < 0 || (size_t)n >= size ? err_set(err, ERR_LIMIT, "its URL is too long") : 0;
}

static void look_at_database(struct report *r, const struct store_paths *paths)
{
    char url[URL_LEN_MAX], size[24];
    struct db_report db;
    struct err err;
    int rc = database_url(url, sizeof url, paths, &err);
    if (rc == 0) rc = db_examine(&db, url, &err);
    if (rc < 0) {
        add(r, "database", rc == -ERR_UNSUPPORTED_FORMAT ? GOOD : BAD, "%s", err.text);
    } else if (!db.exists) {
        add(r, "database", GOOD, "none yet; the server makes it");
    } else {
        add(r, "database", GOOD, "schema %lld, %s, %s", (long long)db.schema,
            bytes_text(size, db.bytes),
            db.in_use ? "in use by a server, which checked it when it started" : "whole");
    }
}

/* What is kept so that models start quickly. */
static void look_at_packed(struct report *r, const struct store_paths *paths)
{
    struct packed_place place;
    struct err err;
    char used[24], most[24];
    if (packed_place_find(&place, paths, &err) < 0) {
        add(r, "cache", BAD, "%s", err.text);
        return;
    }
    if (!place.dir[0]) {
        add(r, "cache", GOOD, "off (cache_megabytes is 0): each start packs the weights again");
        return;
    }
    if (packed_cache_make(place.dir, &err) < 0) {
        add(r, "cache", NOTE, "%s; each start packs the weights again", err.text);
        return;
    }
    struct packed_cache_use use = packed_cache_measure(place.dir);
    add(r, "cache", GOOD, "packed weights of %zu models, %s of at most %s in %s", use.n_files,
        bytes_text(used, use.bytes), bytes_text(most, place.bytes_max), place.dir);
}

static void look_at_walls(struct report *r)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    unsigned action = SECCOMP_RET_ERRNO;
    bool seccomp = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
    if (abi > 0) {
        add(r, "files", GOOD, "Landlock %ld: workers see their model's files only", abi);
    } else {
        add(r, "files", NOTE, "this kernel has no Landlock: workers are not kept from other files");
    }
    add(r, "calls", seccomp ? GOOD : NOTE, "%s",
        seccomp ? "seccomp: workers have no network and start no programs"
                : "this kernel has no seccomp: workers are not kept from the network");
}

static void look_at_server(struct report *r, const struct store_paths *paths)
{
    struct client_server server;
    struct err err;
    if (client_find(&server, paths->data, &err) == 0) {
        add(r, "server", GOOD, "runs at %s (process %lld)", server.url, (long long)server.pid);
    } else {
        add(r, "server", GOOD, "none runs on this data directory");
    }
}

static void print_json(const struct report *r)
{
    static const char *const names[] = { "good", "note", "bad" };
    struct buf out;
    struct json_writer w;
    buf_init(&out, 1 << 20);
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_key(&w, "version");
    json_str(&w, TIRO_VERSION);
    json_key(&w, "findings");
    json_array_begin(&w);
    for (size_t i = 0; i < r->n; i++) {
        json_object_begin(&w);
        json_key(&w, "what");
        json_str(&w, r->findings[i].what);
        json_key(&w, "verdict");
        json_str(&w, names[r->findings[i].verdict]);
        json_key(&w, "text");
        json_str(&w, r->findings[i].text);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
    puts(buf_str(&out));
    buf_release(&out);
}

static int run(const struct args *args)
{
    static const char *const marks[] = { "ok  ", "note", "BAD " };
    struct err err;
    struct store_paths paths;
    struct report r = { .n = 0 };
    if (store_paths_init(&paths, args_get(args, "data"), &err) < 0) return fail(&err);
    look_at_processor(&r);
    look_at_memory(&r);
    look_at_data(&r, &paths);
    look_at_models(&r, &paths);
    look_at_database(&r, &paths);
    look_at_packed(&r, &paths);
    look_at_walls(&r);
    look_at_server(&r, &paths);
    if (args_has(args, "json")) {
        print_json(&r);
    } else {
        for (size_t i = 0; i < r.n; i++)
            printf("%s  %-10s %s\n", marks[r.findings[i].verdict], r.findings[i].what,
                   r.findings[i].text);
    }
    for (size_t i = 0; i < r.n; i++)
        if (r.findings[i].verdict == BAD) return 1;
    return 0;
}

const struct subcommand subcommand_doctor = {
    .name = "doctor",
    .summary = "check this machine and say what stands in the way",
    .usage = "doctor [--json] [--data DIR]",
    .help =
        "Looks at processor, memory, data directory, models, database (it reads all of it), the\n"
        "walls around workers and the running server. Exit status 1 when something is bad.",
    .options = options,
    .run = run,
};
