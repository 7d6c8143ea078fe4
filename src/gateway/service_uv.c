#include "gateway/service_uv.h"

#include "api/runner.h"
#include "base/seam.h"
#include "gateway/extractor.h"

#include <assert.h>
#include <stdio.h>

enum { URL_MAX_LEN = 4200 };

struct service_uv {
    struct service service; /* first */
    uv_loop_t *loop;
    uv_async_t wake;
    struct service_timer *timers; /* all that have not fired */
    struct extractor *extractor, *press;
};

struct service_timer {
    uv_timer_t timer;
    struct service_uv *owner;
    struct service_timer *next, **at;
    void (*fire)(void *user);
    void *user;
};

/* ---- Timers ---- */

static void on_timer_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static void end_timer(struct service_timer *t)
{
    *t->at = t->next;
    if (t->next) t->next->at = t->at;
    uv_close((uv_handle_t *)&t->timer, on_timer_closed);
}

static void on_timer(uv_timer_t *handle)
{
    struct service_timer *t = handle->data;
    end_timer(t);
    t->fire(t->user);
}

static struct service_timer *op_timer(struct service *service, uint64_t ms,
                                      void (*fire)(void *user), void *user)
{
    struct service_uv *s = (struct service_uv *)service;
    struct service_timer *t = mem_calloc(1, sizeof *t);
    if (!t) return NULL;
    *t = (struct service_timer){ .owner = s, .fire = fire, .user = user, .next = s->timers };
    t->at = &s->timers;
    if (t->next) t->next->at = &t->next;
    s->timers = t;
    t->timer.data = t;
    (void)uv_timer_init(s->loop, &t->timer); /* Neither fails with a live loop. */
    (void)uv_timer_start(&t->timer, on_timer, ms, 0);
    return t;
}

static void op_timer_cancel(struct service *service, struct service_timer *timer)
{
    (void)service;
    if (timer) end_timer(timer);
}

/* ---- Work ---- */

struct service_job {
    uv_work_t work;
    struct service_work *what;
};

static void on_work(uv_work_t *work) /* on a thread of libuv's */
{
    struct service_job *job = work->data;
    job->what->run(job->what);
}

static void on_worked(uv_work_t *work, int status)
{
    struct service_job *job = work->data;
    struct service_work *what = job->what;
    (void)status; /* Only what is cancelled fails, and nothing is. */
    mem_free(job);
    what->done(what);
}

static int op_work(struct service *service, struct service_work *what, struct err *err)
{
    struct service_uv *s = (struct service_uv *)service;
    struct service_job *job = mem_calloc(1, sizeof *job);
    if (!job) return err_set(err, ERR_NO_MEMORY, "There is no memory for the request.");
    *job = (struct service_job){ .what = what };
    job->work.data = job;
    (void)uv_queue_work(s->loop, &job->work, on_work, on_worked); /* Always 0 with both. */
    return 0;
}

static int op_extract(struct service *service, struct extraction *x, struct err *err)
{
    return extractor_begin(((struct service_uv *)service)->extractor, x, err);
}

static void op_extract_cancel(struct service *service, struct extraction *x)
{
    extractor_cancel(((struct service_uv *)service)->extractor, x);
}

static int op_press(struct service *service, struct extraction *x, struct err *err)
{
    return extractor_begin(((struct service_uv *)service)->press, x, err);
}

static void op_press_cancel(struct service *service, struct extraction *x)
{
    extractor_cancel(((struct service_uv *)service)->press, x);
}

static const struct service_ops service_uv_ops = {
    .timer = op_timer,
    .timer_cancel = op_timer_cancel,
    .work = op_work,
    .extract = op_extract,
    .extract_cancel = op_extract_cancel,
    .press = op_press,
    .press_cancel = op_press_cancel,
};

/* ---- Store ---- */

static void on_wake(uv_async_t *wake)
{
    struct service_uv *s = wake->data;
    if (s->service.store) store_collect(s->service.store);
}

static void wake_loop(void *ctx) /* on the store's thread */
{
    struct service_uv *s = ctx;
    (void)uv_async_send(&s->wake); /* Fails only when closing; then store_close collects. */
}

int service_uv_open(struct service_uv **ret, uv_loop_t *loop, const char *data_dir,
                    const char *database, const char *program, struct err *err)
{
    char url[URL_MAX_LEN];
    int n = snprintf(url, sizeof url, "sqlite:%s/tiro.db", data_dir);
    if (n < 0 || (size_t)n >= sizeof url)
        return err_set(err, ERR_LIMIT, "the data directory's path is too long");
    struct service_uv *s = mem_calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NO_MEMORY, "no memory for the store");
    s->loop = loop;
    s->service.ops = &service_uv_ops;
    s->service.data_dir = data_dir;
    int rc = uv_async_init(loop, &s->wake, on_wake);
    assert(rc == 0); /* With a live loop it does not fail. */
    s->wake.data = s;
    *ret = s;
    TRY(extractor_open(&s->extractor, &extractor_decode, loop, data_dir, program, err));
    TRY(extractor_open(&s->press, &extractor_press, loop, data_dir, program, err));
    struct store_options options = { .url = database ? database : url,
                                     .wake = wake_loop,
                                     .ctx = s };
    return store_open(&s->service.store, &options, err);
}

void service_uv_close(struct service_uv *s)
{
    if (!s) return;
    runners_stop(&s->service);
    extractor_close(s->extractor);
    extractor_close(s->press);
    store_close(s->service.store);
    s->service.store = NULL;
    while (s->timers) end_timer(s->timers);
    uv_close((uv_handle_t *)&s->wake, NULL);
}

void service_uv_free(struct service_uv *s)
{
    mem_free(s);
}

struct service *service_uv_service(struct service_uv *s)
{
    return &s->service;
}
