/* The encoder: one thread that renders templates and tokenises, so that a long prompt does not hold
 * up the tokens of the others. Errands are done in order of arrival, but those that nobody waits
 * for (a priority below 0: batches, indexing) behind all others. */
#include "base/log.h"
#include "base/queue.h"
#include "base/seam.h"
#include "chat/tools.h"
#include "worker/worker_state.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { URGENT, IDLE, CLASSES };

struct encoder {
    const struct worker *w; /* The thread reads what does not change once it serves. */
    struct queue *todo[CLASSES], *done;
    struct queue *calls; /* One item for each errand of `todo`, so that one wait does for both. */
    pthread_t thread;
    bool runs;
    atomic_bool ending;
    /* The worker thread's own: what is on its way, in order of arrival. */
    struct errand *first, **last;
    int32_t n_errands;
    size_t n_bytes; /* Of their messages. */
    uint64_t n_cancelled;
};

static void errand_close(struct errand *e)
{
    engine_request_close(e->request);
    tool_list_close(e->tools);
    arena_release(&e->message);
    arena_release(&e->scratch);
    mem_free(e);
}

/* ---- The encoder's thread ---- */

static void wake(const struct worker *w)
{
    uint64_t one = 1;
    ssize_t n;
    do n = seams.write(w->wake_fd, &one, sizeof one);
    while (n < 0 && errno == EINTR);
    assert(n == sizeof one || errno == EAGAIN); /* EAGAIN: it is awake already. */
}

static struct errand *next_errand(struct encoder *c)
{
    struct errand *e = queue_try_pop(c->todo[URGENT]);
    if (!e) e = queue_try_pop(c->todo[IDLE]);
    assert(e); /* It was pushed before its call. */
    return e;
}

static void *encoder_main(void *arg)
{
    struct encoder *c = arg;
    while (queue_pop(c->calls, -1) != &c->w->no_errand) {
        struct errand *e = next_errand(c);
        if (!atomic_load(&e->cancelled) && !atomic_load(&c->ending)) worker_prepare(c->w, e);
        bool pushed = queue_try_push(c->done, e);
        assert(pushed); /* As long as `todo`. */
        wake(c->w);
    }
    return NULL;
}

int encoder_open(struct encoder **ret, const struct worker *w, struct err *err)
{
    if (w->wake_fd < 0) return err_set(err, ERR_IO, "no descriptor is left for the encoder");
    struct encoder *c = mem_calloc(1, sizeof *c);
    if (!c) return err_set(err, ERR_NO_MEMORY, "out of memory for the encoder");
    c->w = w;
    c->last = &c->first;
    atomic_init(&c->ending, false);
    int r = queue_open(&c->calls, WORKER_ERRANDS_MAX + 1); /* And the last word. */
    for (int i = 0; i < CLASSES && r == 0; i++) r = queue_open(&c->todo[i], WORKER_ERRANDS_MAX);
    if (r == 0) r = queue_open(&c->done, WORKER_ERRANDS_MAX);
    if (r < 0) {
        encoder_close(c);
        return err_set(err, ERR_NO_MEMORY, "out of memory for the encoder");
    }
    int rc = pthread_create(&c->thread, NULL, encoder_main, c);
    if (rc != 0) {
        encoder_close(c);
        return err_errno(err, rc, "cannot start the encoder's thread");
    }
    c->runs = true;
    *ret = c;
    return 0;
}

void encoder_close(struct encoder *c)
{
    if (!c) return;
    if (c->runs) {
        atomic_store(&c->ending, true);
        struct errand *end = (struct errand *)(uintptr_t)&c->w->no_errand;
        bool pushed = queue_try_push(c->calls, end);
        int rc = pthread_join(c->thread, NULL);
        assert(pushed && rc == 0);
    }
    while (c->first) {
        struct errand *e = c->first;
        c->first = e->next;
        errand_close(e);
    }
    for (int i = 0; i < CLASSES; i++) queue_close(c->todo[i]);
    queue_close(c->calls);
    queue_close(c->done);
    mem_free(c);
}

/* ---- The worker's thread ---- */

static int errand_begin(struct worker *w, const struct msg_request *m, struct err *err)
{
    struct encoder *c = w->encoder;
    struct errand *e = mem_calloc(1, sizeof *e);
    if (!e) return err_set(err, ERR_NO_MEMORY, "out of memory for a request");
    e->m = m;
    e->arrived_ns = now_ns();
    atomic_init(&e->cancelled, false);
    arena_init(&e->scratch, WORKER_EVENT_BYTES_MAX);
    /* The message goes along; the next one gets an arena of its own. */
    e->message = w->in;
    arena_init(&w->in, WORKER_MESSAGE_BYTES_MAX);
    *c->last = e;
    c->last = &e->next;
    c->n_errands++;
    c->n_bytes += e->message.used;
    bool pushed = queue_try_push(c->todo[m->priority < 0 ? IDLE : URGENT], e) &&
                  queue_try_push(c->calls, e);
    assert(pushed); /* encoder_is_full said so. */
    return 0;
}

void worker_request(struct worker *w, const struct msg_request *m)
{
    struct err err = { 0 };
    int rc = worker_check(w, m, &err);
    if (rc == 0) rc = errand_begin(w, m, &err);
    if (rc < 0) worker_fail(w, m->id, &err);
}

static void hand_over(struct worker *w, struct errand *e)
{
    uint64_t id = e->m->id;
    int rc = e->rc;
    if (atomic_load(&e->cancelled)) return;
    if (rc == 0 && e->m->kind == REQUEST_TOKENIZE) {
        worker_send_part(w, id, MSG_TOKENS, &e->reply);
    } else if (rc == 0) {
        rc = worker_take_adapter(w, e->request, e->m->adapter, &e->err);
        if (rc == 0)
            rc = w->embedder ? embedder_submit(w->embedder, e->request, &e->err)
                             : scheduler_submit(w->scheduler, e->request, &e->err);
        if (rc == 0) e->request = NULL; /* It is the engine's. */
    }
    if (rc == 0) return;
    if (e->err.code == ERR_NONE)
        (void)err_set(&e->err, (enum err_code) - rc, "The request failed.");
    worker_fail(w, id, &e->err);
}

/* It is mostly the first. */
static void unlink_errand(struct encoder *c, const struct errand *e)
{
    struct errand **at = &c->first;
    while (*at != e) at = &(*at)->next;
    *at = e->next;
    if (!*at) c->last = at;
    c->n_errands--;
}

void encoder_collect(struct worker *w)
{
    struct encoder *c = w->encoder;
    struct errand *e;
    while (c->first && (e = queue_try_pop(c->done))) {
        unlink_errand(c, e);
        c->n_bytes -= e->message.used;
        hand_over(w, e);
        worker_end_broken(w);
        errand_close(e);
    }
}

bool encoder_cancel(struct encoder *c, uint64_t id)
{
    for (struct errand *e = c->first; e; e = e->next) {
        if (e->m->id != id || atomic_load(&e->cancelled)) continue;
        atomic_store(&e->cancelled, true);
        c->n_cancelled++;
        return true;
    }
    return false;
}

bool encoder_is_full(const struct encoder *c)
{
    return c->n_errands >= WORKER_ERRANDS_MAX || c->n_bytes >= WORKER_ERRAND_BYTES_MAX;
}

int32_t encoder_len(const struct encoder *c)
{
    return c->n_errands;
}

uint64_t encoder_cancelled(const struct encoder *c)
{
    return c->n_cancelled;
}
