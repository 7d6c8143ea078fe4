/* tiro serve: the server, from settings and library to the gateway. */
#include "base/log.h"
#include "base/seam.h"
#include "base/slice.h"
#include "cmd/people_link.h"
#include "cmd/progress.h"
#include "cmd/settings.h"
#include "cmd/starter.h"
#include "cmd/subcommand.h"
#include "cmd/watcher.h"
#include "gateway/gateway.h"
#include "models/model.h"
#include "store/catalogue.h"
#include "store/library.h"
#include "store/retention.h"

#include <assert.h>
#include <stdio.h>

enum { LIST_MAX = 64 };

static const struct option_row options[] = {
    { .name = "host", .value = "ADDRESS", .help = "where to listen (default 127.0.0.1)" },
    { .name = "port", .value = "N", .help = "TCP port; 0 picks a free one (default 8080)" },
    { .name = "data", .value = "DIR", .help = "models, settings, control socket" },
    { .name = "api-key-file", .value = "FILE", .help = "API keys, one a line" },
    { .name = "database", .value = "URL", .help = "sqlite:PATH or postgres://USER@HOST/NAME" },
    { .name = "default-model", .value = "NAME", .help = "model of new chats" },
    { .name = "threads", .value = "N", .help = "threads of each model (default: one a core)" },
    { .name = "context", .value = "N", .help = "context length in tokens (default: the model's)" },
    { .name = "kv-type", .value = "TYPE", .help = "keys and values: auto, f16, f32 or q8_0" },
    { .name = "log-level", .value = "LEVEL", .help = "debug, info, warn, error, off" },
    { .name = "log-format", .value = "FORMAT", .help = "text or json" },
    { .name = NULL },
};

/* All that the server is told, and lives as long as it runs. */
struct server {
    struct store_paths paths;
    struct settings settings;
    struct library library;
    struct gateway_model models[LIBRARY_MODELS_MAX];
    struct gateway_options options;
    struct starter *starter;
    struct watcher *watcher;
    char lists[3][4096], packed_dir[PATH_MAX];
    const char *origins[LIST_MAX], *hosts[LIST_MAX], *pairs[LIST_MAX];
    struct gateway_draft drafts[LIST_MAX];
    int64_t retention_days[RETENTION_KINDS_MAX];
};

/* The chat model of a new conversation: as set, else the largest; a folder, which may be an
 * embedding model as well, only where there is nothing else. */
static size_t default_of(const struct server *s, size_t n)
{
    const char *wanted = settings_str(&s->settings, SETTING_DEFAULT_MODEL);
    size_t best = n;
    for (size_t i = 0; i < n; i++) {
        if (*wanted && slice_is(slice_of(wanted), s->models[i].name)) return i;
        if (!slice_is(slice_of(s->models[i].kind), "text")) continue;
        const struct library_model *m = &s->library.models[i], *b = &s->library.models[best];
        if (best == n || b->folder > m->folder || (b->folder == m->folder && m->bytes > b->bytes))
            best = i;
    }
    return best;
}

static int take_models(struct server *s, struct err *err)
{
    for (size_t i = 0; i < s->library.n; i++) {
        const struct library_model *m = &s->library.models[i];
        s->models[i] = (struct gateway_model){ m->name, m->path, watcher_kind_of(m), false, false };
    }
    const char *wanted = settings_str(&s->settings, SETTING_DEFAULT_MODEL);
    size_t chosen = default_of(s, s->library.n);
    if (*wanted && (chosen == s->library.n || !slice_is(slice_of(wanted), s->models[chosen].name)))
        return err_set(err, ERR_MODEL_NOT_FOUND,
                       "default_model is '%s', which is not in %s; 'tiro list' shows what is",
                       wanted, s->paths.models);
    if (chosen < s->library.n) s->models[chosen].preload = s->models[chosen].is_default = true;
    s->options.models = s->models;
    s->options.n_models = s->library.n;
    return 0;
}

/* "a, b" into pointers; the text is cut up in `buf`. */
static int split(const char **ret, size_t *ret_n, char *buf, size_t size, const char *text,
                 const char *what, struct err *err)
{
    size_t n = 0, len = strlen(text);
    if (len >= size) return err_set(err, ERR_LIMIT, "%s has more than %zu bytes", what, size - 1);
    memcpy(buf, text, len + 1);
    for (char *p = buf; *p;) {
        size_t word = strcspn(p, ",");
        bool last = p[word] == '\0';
        p[word] = '\0';
        while (*p == ' ') p++, word--;
        if (*p) {
            if (n == LIST_MAX)
                return err_set(err, ERR_LIMIT, "%s has more than %d entries", what, LIST_MAX);
            ret[n++] = p;
        }
        if (last) break;
        p += word + 1;
    }
    *ret_n = n;
    return 0;
}

/* Those that the catalogue pairs; where one is not here, the gateway does without. */
static int pair_by_catalogue(struct server *s, struct err *err)
{
    const struct catalogue *cat;
    TRY(catalogue_get(&cat, err));
    for (unsigned i = 0; i < cat->n_models && s->options.n_drafts < LIST_MAX; i++)
        if (cat->models[i].draft)
            s->drafts[s->options.n_drafts++] = (struct gateway_draft){ cat->models[i].name,
                                                                       cat->models[i].draft };
    return 0;
}

/* "large=small, other=small" */
static int take_drafts(struct server *s, struct err *err)
{
    size_t n;
    struct slice words = slice_of(settings_str(&s->settings, SETTING_DRAFT_MODELS));
    s->options.drafts = s->drafts;
    if (slice_is(words, "none")) return 0;
    if (slice_is(words, "auto")) return pair_by_catalogue(s, err);
    TRY(split(s->pairs, &n, s->lists[2], sizeof s->lists[2],
              settings_str(&s->settings, SETTING_DRAFT_MODELS), "draft_models", err));
    for (size_t i = 0; i < n; i++) {
        char *model = s->lists[2] + (s->pairs[i] - s->lists[2]), *equals = strchr(model, '=');
        if (!equals || equals == model || !equals[1] || strchr(equals + 1, '='))
            return err_set(err, ERR_INVALID_VALUE,
                           "draft_models has '%s'; it is auto, none, or entries LARGE=SMALL, two "
                           "names of models",
                           model);
        *equals = '\0';
        s->drafts[i] = (struct gateway_draft){ .model = model, .draft = equals + 1 };
    }
    s->options.n_drafts = n;
    return 0;
}

static int take_vector_options(struct server *s, struct err *err)
{
    int64_t megabytes;
    TRY(settings_int(&s->settings, SETTING_INDEX_MEGABYTES, &megabytes, 1, 1 << 20, err));
    s->options.index_bytes_max = (uint64_t)megabytes << 20;
    s->options.embedding_model = settings_str(&s->settings, SETTING_EMBEDDING_MODEL);
    return 0;
}

static int take_options(struct server *s, struct err *err)
{
    int64_t port, threads, context, kv, latency, pinned, queue, grace, files;
    struct settings *set = &s->settings;
    TRY(settings_int(set, SETTING_PORT, &port, 0, 65535, err));
    TRY(settings_int(set, SETTING_THREADS, &threads, 0, 256, err));
    TRY(settings_int(set, SETTING_CONTEXT, &context, 0, 1 << 24, err));
    TRY(settings_int(set, SETTING_KV_MEGABYTES, &kv, 0, 1 << 24, err));
    TRY(settings_int(set, SETTING_LATENCY_MS, &latency, 1, 60000, err));
    TRY(settings_int(set, SETTING_PINNED_PERCENT, &pinned, 0, 90, err));
    TRY(settings_int(set, SETTING_FILE_MEGABYTES, &files, 0, INT64_C(1) << 40, err));
    TRY(settings_int(set, SETTING_QUEUE, &queue, 1, 65536, err));
    TRY(settings_int(set, SETTING_GRACE_SECONDS, &grace, 0, 3600, err));
    struct slice compute = slice_of(settings_str(set, SETTING_COMPUTE));
    if (!slice_is(compute, "auto") && !slice_is(compute, "f32"))
        return err_set(err, ERR_INVALID_VALUE, "compute is '%s'; it must be auto or f32",
                       compute.ptr);
    struct slice kv_type = slice_of(settings_str(set, SETTING_KV_TYPE));
    enum model_kv kv_known;
    if (!model_kv_from_name(&kv_known, kv_type))
        return err_set(err, ERR_INVALID_VALUE, "kv_type is '%s'; it must be auto, f16, f32 or q8_0",
                       kv_type.ptr);
    struct slice speculation = slice_of(settings_str(set, SETTING_SPECULATION));
    if (!slice_is(speculation, "auto") && !slice_is(speculation, "lookup") &&
        !slice_is(speculation, "off"))
        return err_set(err, ERR_INVALID_VALUE,
                       "speculation is '%s'; it must be auto, lookup or off", speculation.ptr);
    struct gateway_options *o = &s->options;
    TRY(settings_packed_dir(set, s->paths.data, s->packed_dir, sizeof s->packed_dir,
                            &o->packed_bytes_max, err));
    o->packed_dir = s->packed_dir;
    assert(retention_registry_len <= RETENTION_KINDS_MAX);
    TRY(settings_retention(set, s->retention_days, err));
    o->retention_days = s->retention_days;
    const char *key_file = settings_str(set, SETTING_API_KEY_FILE);
    const char *database = settings_str(set, SETTING_DATABASE);
    o->host = settings_str(set, SETTING_HOST);
    o->port = (int)port;
    o->data_dir = s->paths.data;
    o->database = *database ? database : NULL;
    o->api_key_file = *key_file ? key_file : NULL;
    TRY(settings_bool(set, SETTING_REQUIRE_SIGN_IN, &o->require_sign_in, err));
    o->n_threads = (int)threads;
    o->n_ctx = (uint32_t)context;
    o->kv_bytes = (uint64_t)kv << 20;
    o->compute = compute.ptr;
    o->kv_type = kv_type.ptr;
    o->speculation = speculation.ptr;
    o->tool_format = settings_str(set, SETTING_TOOL_FORMAT);
    o->latency_ms = (uint32_t)latency;
    o->pinned_percent = (uint32_t)pinned;
    o->file_bytes_max = (uint64_t)files << 20;
    o->queue_max = (uint32_t)queue;
    o->grace_ms = (uint32_t)grace * 1000;
    TRY(split(s->origins, &o->n_allow_origins, s->lists[0], sizeof s->lists[0],
              settings_str(set, SETTING_ALLOW_ORIGINS), "allow_origins", err));
    TRY(split(s->hosts, &o->n_allow_hosts, s->lists[1], sizeof s->lists[1],
              settings_str(set, SETTING_ALLOW_HOSTS), "allow_hosts", err));
    TRY(take_drafts(s, err));
    TRY(take_vector_options(s, err));
    o->allow_origins = s->origins;
    o->allow_hosts = s->hosts;
    return 0;
}

static void listening(void *ctx, struct gateway *g, const char *url)
{
    struct server *s = ctx;
    printf("%s\n", url);
    fflush(stdout);
    fprintf(stderr, "Tiro is at %s (API: %s/v1). Ctrl-C ends it.\n", url, url);
    for (size_t i = 0; i < s->options.n_models; i++) {
        char size[24];
        fprintf(stderr, "  %-24s %8s%s\n", s->models[i].name,
                bytes_text(size, s->library.models[i].bytes),
                s->models[i].is_default ? "  default for new chats" : "");
    }
    const char *token = gateway_owner_token(g);
    if (token) {
        fprintf(stderr, "Nobody can sign in yet. Whoever opens this first becomes the owner; it is "
                        "good once, for a day:\n  ");
        people_link_print(stderr, url, "/#/setup/", token);
        fprintf(stderr, "'tiro people link' makes it anew.\n");
    }
    struct err err;
    if (watcher_start(&s->watcher, &s->paths, &s->library, g, &err) < 0)
        log_warn("new models are seen at the next start only", LOG_STR("why", err.text));
    if (!starter_is_wanted(&s->paths)) return;
    fprintf(stderr, "smollm2-135m is a very small model: quick, and often wrong. A better one is "
                    "coming.\n");
    if (starter_follow(&s->starter, &s->paths, g, &err) < 0)
        log_warn("the better model is not fetched", LOG_STR("why", err.text));
}

/* Both use the gateway: they stop before it is gone. */
static void closing(void *ctx)
{
    struct server *s = ctx;
    starter_stop(s->starter);
    s->starter = NULL;
    watcher_stop(s->watcher);
    s->watcher = NULL;
}

static int prepare(struct server *s, const struct args *args, struct err *err)
{
    TRY(store_paths_init(&s->paths, args_get(args, "data"), err));
    TRY(settings_load(&s->settings, s->paths.data, err));
    settings_override(&s->settings, SETTING_HOST, args_get(args, "host"));
    settings_override(&s->settings, SETTING_PORT, args_get(args, "port"));
    settings_override(&s->settings, SETTING_API_KEY_FILE, args_get(args, "api-key-file"));
    settings_override(&s->settings, SETTING_DATABASE, args_get(args, "database"));
    settings_override(&s->settings, SETTING_DEFAULT_MODEL, args_get(args, "default-model"));
    settings_override(&s->settings, SETTING_THREADS, args_get(args, "threads"));
    settings_override(&s->settings, SETTING_CONTEXT, args_get(args, "context"));
    settings_override(&s->settings, SETTING_KV_TYPE, args_get(args, "kv-type"));
    settings_override(&s->settings, SETTING_LOG_LEVEL, args_get(args, "log-level"));
    settings_override(&s->settings, SETTING_LOG_FORMAT, args_get(args, "log-format"));
    TRY(settings_apply_log(&s->settings, "gateway", err));
    TRY(take_options(s, err));
    TRY(store_paths_make(&s->paths, err));
    bool first_run;
    TRY(settings_bool(&s->settings, SETTING_FIRST_RUN, &first_run, err));
    TRY(library_read(&s->library, &s->paths, err));
    if (s->library.n == 0 && first_run) {
        TRY(starter_first_run(&s->paths, err));
        library_release(&s->library);
        TRY(library_read(&s->library, &s->paths, err));
    }
    return take_models(s, err);
}

static int run(const struct args *args)
{
    struct err err;
    struct server *s = mem_calloc(1, sizeof *s);
    if (!s) {
        fprintf(stderr, "tiro: no memory\n");
        return 1;
    }
    s->options.on_listening = listening;
    s->options.on_closing = closing;
    s->options.ctx = s;
    int rc = prepare(s, args, &err);
    if (rc == 0) rc = gateway_run(&s->options, &err);
    library_release(&s->library);
    settings_release(&s->settings);
    mem_free(s);
    return rc < 0 ? fail(&err) : 0;
}

const struct subcommand subcommand_serve = {
    .name = "serve",
    .summary = "serve the models here: API, chat page, control socket",
    .usage = "serve [--host ADDRESS] [--port N] [--data DIR] [--api-key-file FILE] ...",
    .help =
        "Serves every model of DIR/models through the OpenAI API and the chat page, until\n"
        "SIGTERM or Ctrl-C; open answers may finish (grace_seconds). The first line on stdout\n"
        "is the URL. When there are no models, the starter models are fetched first. Models\n"
        "that come, change or go while it runs are noticed within seconds.\n\n"
        "On loopback nobody has to sign in. Elsewhere people do: the first start prints a link\n"
        "for the owner, who invites the others. Programs send an API key, of a person or of the\n"
        "server: the latter from a file (mode 0600) or TIRO_API_KEY, never from the command line,\n"
        "where others could see it. All settings: 'tiro config'.\n\n"
        "  tiro serve --port 0                                  any free port\n"
        "  tiro serve --host 0.0.0.0                            for other machines",
    .options = options,
    .run = run,
};
