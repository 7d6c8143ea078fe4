/* tiro pull - brings a model into the library. */
#include "store/pull.h"
#include "base/buf.h"
#include "base/json.h"
#include "cmd/progress.h"
#include "cmd/session.h"
#include "cmd/subcommand.h"
#include "engine/format.h"

#include <stdio.h>

enum { JSON_LINE_MAX = 1 << 16 };

struct show {
    struct progress bar;
    bool json;
};

/* Progress for programs: one JSON object a line on stdout. */
static void json_line(void (*fill)(struct json_writer *w, const void *what), const void *what)
{
    struct buf b;
    struct json_writer w;
    buf_init(&b, JSON_LINE_MAX);
    json_writer_init(&w, &b);
    json_object_begin(&w);
    fill(&w, what);
    json_object_end(&w);
    (void)printf("%s\n", buf_str(&b)); /* A reader that is gone ends us by SIGPIPE. */
    (void)fflush(stdout);
    buf_release(&b);
}

static void fill_progress(struct json_writer *w, const void *what)
{
    const struct pull_progress *p = what;
    json_key(w, "event"), json_str(w, "progress");
    json_key(w, "phase"), json_str(w, pull_phase_name(p->phase));
    json_key(w, "model"), json_str(w, p->model);
    json_key(w, "source"), json_str(w, p->source);
    json_key(w, "done"), json_uint(w, p->done);
    json_key(w, "total"), json_uint(w, p->total);
    json_key(w, "bytes_per_s"), json_double(w, p->bytes_per_s);
    json_key(w, "eta_s");
    if (p->eta_s < 0)
        json_null_value(w);
    else
        json_double(w, p->eta_s);
}

static void fill_note(struct json_writer *w, const void *what)
{
    json_key(w, "event"), json_str(w, "note");
    json_key(w, "text"), json_str(w, what);
}

static void fill_result(struct json_writer *w, const void *what)
{
    const struct pull_result *r = what;
    json_key(w, "event"), json_str(w, "done");
    json_key(w, "model"), json_str(w, r->name);
    json_key(w, "path"), json_str(w, r->path);
    json_key(w, "source"), json_str(w, r->source);
    json_key(w, "bytes"), json_uint(w, r->bytes);
    json_key(w, "sha256"), json_str(w, r->sha256[0] ? r->sha256 : NULL);
    json_key(w, "already"), json_bool(w, r->already);
}

static bool on_progress(void *ctx, const struct pull_progress *p)
{
    struct show *s = ctx;
    char phase[300];
    if (s->json)
        json_line(fill_progress, p);
    else if (p->phase != PULL_DONE) {
        (void)snprintf(phase, sizeof phase, "%s (%s)", pull_phase_name(p->phase), p->source);
        progress_bytes(&s->bar, phase, p->done, p->total, p->bytes_per_s, p->eta_s);
    }
    return !interrupts_seen();
}

static void on_note(void *ctx, const char *text)
{
    struct show *s = ctx;
    if (s->json)
        json_line(fill_note, text);
    else
        progress_note(&s->bar, text);
}

/* What comes without a known hash must at least be a model. */
static int check_model(void *ctx, const char *path, struct err *err)
{
    struct checkpoint *c;
    (void)ctx;
    TRY(checkpoint_open(&c, path, err));
    checkpoint_close(c);
    return 0;
}

static void tell_result(const struct pull_result *r)
{
    char size[24];
    if (r->already)
        (void)printf("%s is here and verified: %s\n", r->name, r->path);
    else
        (void)printf("%s: %s from %s, %s\n%s\n", r->name, bytes_text(size, r->bytes), r->source,
                     r->sha256[0] ? "sha256 checked" : "every file's sha256 checked", r->path);
}

static int run(const struct args *args)
{
    struct store_paths paths;
    struct pull_result result;
    struct err err = { 0 };
    struct show show = { .json = args_has(args, "json") };
    if (args->n_words != 1) {
        (void)err_set(&err, ERR_MISSING_PARAMETER,
                      "name one model, address or file; tiro list shows the known models");
        (void)fail(&err);
        return EXIT_USAGE;
    }
    if (store_paths_init(&paths, args_get(args, "data"), &err) < 0) return fail(&err);
    struct pull_options o = {
        .paths = &paths,
        .what = args->words[0],
        .name = args_get(args, "name"),
        .sha256 = args_get(args, "sha256"),
        .force = args_has(args, "force"),
        .progress = on_progress,
        .note = on_note,
        .check = check_model,
        .ctx = &show,
    };
    progress_begin(&show.bar, o.what);
    interrupts_hold_for_download();
    int rc = pull_model(&result, &o, &err);
    progress_end(&show.bar, NULL);
    if (rc < 0) return fail(&err);
    if (show.json)
        json_line(fill_result, &result);
    else
        tell_result(&result);
    return 0;
}

static const struct option_row options[] = {
    { "name", "NAME", "what to call it here (default: its own name)", 'n' },
    { "sha256", "HEX", "the sha256 that a file from an address must have", 0 },
    { "force", NULL, "fetch it again even when it is here and verified", 'f' },
    { "data", "DIR", "the data folder (default: $TIRO_DATA, else ~/.local/share/tiro)", 0 },
    { "json", NULL, "progress and result as JSON lines on stdout", 0 },
    { 0 },
};

const struct subcommand subcommand_pull = {
    .name = "pull",
    .summary = "bring a model to this machine",
    .usage = "pull NAME|URL|OWNER/REPOSITORY[/FILE]|FILE [--name NAME] [--sha256 HEX] [--data DIR]",
    .help =
        "Brings a model into the data folder: a name of the catalogue (tiro list), a file of this\n"
        "machine, an http(s) address, or a file or repository of the model hub (TIRO_HUB names\n"
        "another one). A catalogue model has several sources; the first that serves the right\n"
        "bytes is used and named. Interrupted downloads go on where they stopped. Nothing partial\n"
        "or wrong is ever used: sizes and sha256 are checked first.\n\n"
        "  tiro pull smollm2-135m\n"
        "  tiro pull https://example.org/model.gguf --sha256 6ca1...\n"
        "  tiro pull Qwen/Qwen2.5-0.5B-Instruct-GGUF\n"
        "  tiro pull ~/Downloads/model.gguf --name mine",
    .options = options,
    .takes_words = true,
    .run = run,
};
