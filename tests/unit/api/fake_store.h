/* fake_store - a service with a real store, for the fake calls of fake.h: a database in memory, and
 * timers that fire when the test says so. */
#ifndef TIRO_TESTS_FAKE_STORE_H
#define TIRO_TESTS_FAKE_STORE_H

#include "unit/api/fake.h"

enum { FAKE_TIMERS_MAX = 16 };

struct service_timer {
    void (*fire)(void *user);
    void *user;
    uint64_t ms;
};

struct fake_service {
    struct service service;                       /* first */
    struct service_timer timers[FAKE_TIMERS_MAX]; /* fire NULL: none */
};

static inline struct service_timer *fake_timer(struct service *service, uint64_t ms,
                                               void (*fire)(void *user), void *user)
{
    struct fake_service *s = (struct fake_service *)service;
    for (int i = 0; i < FAKE_TIMERS_MAX; i++) {
        if (s->timers[i].fire) continue;
        s->timers[i] = (struct service_timer){ fire, user, ms };
        return &s->timers[i];
    }
    return NULL;
}

static inline void fake_timer_cancel(struct service *service, struct service_timer *timer)
{
    (void)service;
    if (timer) timer->fire = NULL;
}

/* Fires those that are set now; returns how many. */
static inline int fake_fire(struct fake_service *s)
{
    struct service_timer due[FAKE_TIMERS_MAX];
    int n = 0;
    memcpy(due, s->timers, sizeof due);
    memset(s->timers, 0, sizeof s->timers);
    for (int i = 0; i < FAKE_TIMERS_MAX; i++) {
        if (!due[i].fire) continue;
        due[i].fire(due[i].user);
        n++;
    }
    return n;
}

static const struct service_ops fake_service_ops = {
    .timer = fake_timer,
    .timer_cancel = fake_timer_cancel,
};

static inline void fake_service_open(struct fake_service *s)
{
    struct err err = { 0 };
    *s = (struct fake_service){ .service = { .ops = &fake_service_ops } };
    struct store_options options = { .url = "sqlite::memory:" };
    int rc = store_open(&s->service.store, &options, &err);
    assert(rc == 0);
}

static inline void fake_service_close(struct fake_service *s)
{
    store_close(s->service.store);
}

/* A whole request as `principal`, and what happened, which lives until the fake is released. The
 * answer may still wait for a model: play its events, then fake_settled. */
static inline void fake_ask(struct fake *f, struct fake_service *s,
                            const struct principal *principal, const char *method, const char *path,
                            const char *body)
{
    fake_init(f);
    f->service = &s->service;
    f->principal = *principal;
    fake_request(f, method, path, slice_of(body));
    store_wait(s->service.store);
}

#endif
