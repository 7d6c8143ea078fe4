#include "cmd/watcher.h"

#include "base/log.h"
#include "base/seam.h"
#include "gateway/gateway.h"
#include "store/catalogue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* How long after a change the folder is read each second. */
enum { ATTENTIVE_S = 30 };

struct watcher {
    const struct store_paths *paths;
    struct gateway *gateway;
    struct library known;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stop; /* under mutex */
};

const char *watcher_kind_of(const struct library_model *m)
{
    const struct catalogue *cat;
    struct err err;
    if (m->adapter) return "adapter";
    if (catalogue_get(&cat, &err) < 0) return "text";
    const struct catalogue_model *known = catalogue_find(cat, m->name);
    return known && known->kind == CATALOGUE_EMBED ? "embed" : "text";
}

static const struct library_model *find(const struct library *lib, const char *name)
{
    for (size_t i = 0; i < lib->n; i++)
        if (strcmp(lib->models[i].name, name) == 0) return &lib->models[i];
    return NULL;
}

static bool same(const struct library_model *a, const struct library_model *b)
{
    return a->bytes == b->bytes && a->mtime_s == b->mtime_s && strcmp(a->path, b->path) == 0;
}

static bool is_text(const struct library_model *m)
{
    return strcmp(watcher_kind_of(m), "text") == 0;
}

/* True when there was a difference. The first model to chat with becomes the default. */
static bool tell_differences(struct watcher *w, const struct library *now)
{
    bool any = false, chats = false;
    for (size_t i = 0; i < w->known.n; i++) chats = chats || is_text(&w->known.models[i]);
    for (size_t i = 0; i < w->known.n; i++) {
        const struct library_model *m = &w->known.models[i];
        if (find(now, m->name)) continue;
        log_info("model gone", LOG_STR("model", m->name));
        gateway_remove_model(w->gateway, m->name);
        any = true;
    }
    for (size_t i = 0; i < now->n; i++) {
        const struct library_model *m = &now->models[i];
        const struct library_model *old = find(&w->known, m->name);
        if (find(now, m->name) != m || (old && same(old, m))) continue; /* Or hidden by a twin. */
        if (!old) log_info("model found", LOG_STR("model", m->name));
        gateway_add_model(w->gateway,
                          &(struct gateway_model){ .name = m->name,
                                                   .path = m->path,
                                                   .kind = watcher_kind_of(m),
                                                   .is_default = !chats && is_text(m) });
        chats = chats || is_text(m);
        any = true;
    }
    return any;
}

static bool look(struct watcher *w)
{
    struct library now;
    struct err err;
    if (library_read(&now, w->paths, &err) < 0) return false; /* Told by who starts or lists. */
    bool any = tell_differences(w, &now);
    library_release(&w->known);
    w->known = now;
    return any;
}

/* False when it is time to stop. */
static bool wait_a_second(struct watcher *w)
{
    struct timespec until;
    int rc = clock_gettime(CLOCK_MONOTONIC, &until);
    assert(rc == 0);
    until.tv_sec++;
    pthread_mutex_lock(&w->mutex);
    while (!w->stop && pthread_cond_timedwait(&w->wake, &w->mutex, &until) != ETIMEDOUT) continue;
    bool stop = w->stop;
    pthread_mutex_unlock(&w->mutex);
    return !stop;
}

static void *watch(void *arg)
{
    struct watcher *w = arg;
    struct timespec seen = { 0 };
    for (int attentive = ATTENTIVE_S; wait_a_second(w);) {
        struct stat st;
        if (stat(w->paths->models, &st) < 0) continue;
        if (st.st_mtim.tv_sec != seen.tv_sec || st.st_mtim.tv_nsec != seen.tv_nsec)
            attentive = ATTENTIVE_S;
        seen = st.st_mtim;
        if (attentive == 0) continue;
        attentive--;
        if (look(w)) attentive = ATTENTIVE_S;
    }
    return NULL;
}

static int begin(struct watcher *w)
{
    pthread_condattr_t attr;
    int rc = pthread_condattr_init(&attr);
    if (rc == 0) rc = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (rc == 0) rc = pthread_cond_init(&w->wake, &attr);
    if (rc == 0) rc = pthread_mutex_init(&w->mutex, NULL);
    if (rc == 0) rc = pthread_create(&w->thread, NULL, watch, w);
    return rc;
}

int watcher_start(struct watcher **ret, const struct store_paths *paths,
                  const struct library *known, struct gateway *g, struct err *err)
{
    struct watcher *w = mem_calloc(1, sizeof *w);
    size_t size = known->n * sizeof *known->models;
    if (w && size) w->known.models = mem_alloc(size);
    if (!w || (size && !w->known.models)) {
        mem_free(w);
        return err_set(err, ERR_NO_MEMORY, "no memory to watch %s", paths->models);
    }
    if (size) memcpy(w->known.models, known->models, size);
    w->known.n = known->n;
    w->paths = paths;
    w->gateway = g;
    int rc = begin(w);
    if (rc != 0) {
        library_release(&w->known);
        mem_free(w);
        return err_errno(err, rc, "watching %s", paths->models);
    }
    *ret = w;
    return 0;
}

void watcher_stop(struct watcher *w)
{
    if (!w) return;
    pthread_mutex_lock(&w->mutex);
    w->stop = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->mutex);
    int rc = pthread_join(w->thread, NULL);
    assert(rc == 0);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->mutex);
    library_release(&w->known);
    mem_free(w);
}
