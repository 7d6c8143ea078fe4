/* fake_responses - the fake service of fake_store.h with the runner that makes responses.
 *
 *     struct fake_service s;
 *     fake_responses_open(&s, "sqlite::memory:");    what is unfinished there is found
 *     fake_init(&f), f.service = &s.service, s.service.backend = &f.backend ...
 *     fake_catch_up(&s);                               all that the store has to do is done
 *     fake_responses_close(&s);
 */
#ifndef TIRO_TESTS_FAKE_RESPONSES_H
#define TIRO_TESTS_FAKE_RESPONSES_H

#include "unit/api/fake_store.h"

#include "api/responses.h"
#include "api/runner.h"

#include <unistd.h>

/* Where the key of seals lies; one for all of a program. */
static inline const char *fake_data_dir(void)
{
    static char dir[] = "/tmp/tiro-responses-XXXXXX";
    static bool made;
    if (!made) assert(mkdtemp(dir));
    made = true;
    return dir;
}

static inline void fake_data_dir_remove(void)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/seal.key", fake_data_dir());
    (void)unlink(path); /* It may not have been needed. */
    (void)rmdir(fake_data_dir());
}

static inline size_t fake_responses_place(void)
{
    size_t i = 0;
    while (runner_registry[i] != &runner_responses) i++;
    return i;
}

static inline void fake_catch_up(struct fake_service *s)
{
    store_wait(s->service.store);
}

static inline void fake_responses_open(struct fake_service *s, const char *url)
{
    struct err err = { 0 };
    *s = (struct fake_service){ .service = { .ops = &fake_service_ops } };
    struct store_options options = { .url = url };
    int rc = store_open(&s->service.store, &options, &err);
    assert(rc == 0);
    s->service.data_dir = fake_data_dir();
    s->service.runners = mem_calloc(runner_registry_len, sizeof *s->service.runners);
    rc = runner_responses.start(&s->service, &s->service.runners[fake_responses_place()], &err);
    assert(rc == 0);
    fake_catch_up(s);
}

static inline void fake_responses_close(struct fake_service *s)
{
    runner_responses.stop(s->service.runners[fake_responses_place()]);
    mem_free(s->service.runners);
    store_close(s->service.store);
}

#endif
