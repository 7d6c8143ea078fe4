#include "cmd/starter.h"

#include "base/log.h"
#include "base/seam.h"
#include "cmd/progress.h"
#include "cmd/session.h"
#include "gateway/gateway.h"
#include "store/catalogue.h"
#include "store/pull.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

static const char *const first_models[] = { "smollm2-135m", "all-minilm-l6-v2" };
static const char better_model[] = "qwen2.5-coder-0.5b";
static const char note_name[] = "starter-wanted";

struct starter {
    const struct store_paths *paths;
    struct gateway *gateway;
    pthread_t thread;
    _Atomic bool stop;
};

bool starter_is_wanted(const struct store_paths *paths)
{
    char path[PATH_MAX];
    return store_path_join(path, sizeof path, paths->data, note_name, NULL) == 0 &&
           access(path, F_OK) == 0;
}

static bool show(void *ctx, const struct pull_progress *p)
{
    progress_bytes(ctx, pull_phase_name(p->phase), p->done, p->total, p->bytes_per_s, p->eta_s);
    return !interrupts_seen();
}

static void show_note(void *ctx, const char *text)
{
    progress_note(ctx, text);
}

static int fetch(const struct store_paths *paths, const char *name, struct err *err)
{
    struct progress bar;
    struct pull_result result;
    struct pull_options options = {
        .paths = paths, .what = name, .progress = show, .note = show_note, .ctx = &bar
    };
    progress_begin(&bar, name);
    int rc = pull_model(&result, &options, err);
    char size[24], line[512];
    if (rc == 0)
        (void)snprintf(line, sizeof line, "%s: %s, checked, from %s", name,
                       bytes_text(size, result.bytes), result.source);
    progress_end(&bar, rc == 0 ? line : NULL);
    return rc;
}

static int explain_missing(const struct store_paths *paths, const char *name, struct err *err)
{
    if (err->code == ERR_BUSY) return -ERR_BUSY; /* It is being fetched: nothing is missing. */
    char why[ERR_TEXT_MAX];
    (void)snprintf(why, sizeof why, "%s", err->text);
    return err_set(err, err->code,
                   "there is no model yet, and %s could not be fetched: %s\n"
                   "To bring one by hand, copy a GGUF file into %s and start again, or run\n"
                   "  tiro pull FILE-OR-URL",
                   name, why, paths->models);
}

int starter_first_run(const struct store_paths *paths, struct err *err)
{
    fprintf(stderr, "This is the first run: getting a small model to begin with.\n");
    for (size_t i = 0; i < sizeof first_models / sizeof *first_models; i++) {
        interrupts_hold_for_download();
        int rc = fetch(paths, first_models[i], err);
        interrupts_release();
        if (rc == 0) continue;
        if (rc == -ERR_CANCELLED) return rc; /* It goes on at the next start. */
        if (i == 0) return explain_missing(paths, first_models[i], err);
        fprintf(stderr, "tiro: going on without %s: %s\n", first_models[i], err->text);
    }
    char path[PATH_MAX];
    TRY(store_path_join(path, sizeof path, paths->data, note_name, err));
    return file_replace(path, better_model, sizeof better_model - 1, 0600, err);
}

static const char *state_of(enum pull_phase phase)
{
    return phase == PULL_VERIFY ? "verifying" : phase == PULL_DONE ? "done" : "downloading";
}

static bool report(void *ctx, const struct pull_progress *p)
{
    struct starter *s = ctx;
    gateway_set_pull(s->gateway, &(struct gateway_pull){ .name = better_model,
                                                         .bytes = p->done,
                                                         .bytes_total = p->total,
                                                         .bytes_per_s = p->bytes_per_s,
                                                         .state = state_of(p->phase),
                                                         .text = "" });
    return !atomic_load(&s->stop);
}

static void report_note(void *ctx, const char *text)
{
    (void)ctx;
    log_info("download", LOG_STR("model", better_model), LOG_STR("note", text));
}

/* Also on the terminal, where `make run` was typed. */
struct follow_ctx {
    struct starter *starter;
    struct progress bar;
};

static bool follow_progress(void *ctx, const struct pull_progress *p)
{
    struct follow_ctx *f = ctx;
    (void)show(&f->bar, p);
    return report(f->starter, p);
}

static void follow_note(void *ctx, const char *text)
{
    struct follow_ctx *f = ctx;
    report_note(f->starter, text);
}

static void *follow(void *arg)
{
    struct starter *s = arg;
    struct err err;
    struct pull_result result;
    struct follow_ctx f = { .starter = s };
    struct pull_options options = { .paths = s->paths,
                                    .what = better_model,
                                    .progress = follow_progress,
                                    .note = follow_note,
                                    .ctx = &f };
    progress_begin(&f.bar, better_model);
    int rc = pull_model(&result, &options, &err);
    progress_end(&f.bar, NULL);
    if (rc == -ERR_CANCELLED) return NULL; /* It goes on at the next start. */
    if (rc < 0) {
        log_warn("the better model could not be fetched", LOG_STR("model", better_model),
                 LOG_STR("why", err.text));
        gateway_set_pull(
            s->gateway,
            &(struct gateway_pull){ .name = better_model, .state = "failed", .text = err.text });
        return NULL;
    }
    char path[PATH_MAX];
    if (store_path_join(path, sizeof path, s->paths->data, note_name, NULL) == 0)
        (void)unlink(path); /* If it stays, the next start finds the model complete. */
    log_info("the better model is here and the default for new chats",
             LOG_STR("model", better_model), LOG_STR("source", result.source));
    gateway_add_model(s->gateway, &(struct gateway_model){ .name = result.name,
                                                           .path = result.path,
                                                           .kind = "text",
                                                           .preload = true,
                                                           .is_default = true });
    gateway_set_pull(s->gateway, &(struct gateway_pull){ .name = better_model,
                                                         .bytes = result.bytes,
                                                         .bytes_total = result.bytes,
                                                         .state = "done" });
    return NULL;
}

int starter_follow(struct starter **ret, const struct store_paths *paths, struct gateway *g,
                   struct err *err)
{
    struct starter *s = mem_alloc(sizeof *s);
    if (!s) return err_set(err, ERR_NO_MEMORY, "no memory to fetch %s", better_model);
    *s = (struct starter){ .paths = paths, .gateway = g };
    int rc = pthread_create(&s->thread, NULL, follow, s);
    if (rc != 0) {
        mem_free(s);
        return err_errno(err, rc, "starting the download of %s", better_model);
    }
    *ret = s;
    return 0;
}

void starter_stop(struct starter *s)
{
    if (!s) return;
    atomic_store(&s->stop, true);
    int rc = pthread_join(s->thread, NULL);
    assert(rc == 0);
    mem_free(s);
}
