#include "api/runner.h"

#include "base/seam.h"

#include <assert.h>

int runners_start(struct service *service, struct err *err)
{
    service->runners = mem_calloc(runner_registry_len + 1, sizeof *service->runners);
    if (!service->runners) return err_set(err, ERR_NO_MEMORY, "no memory for the server's work");
    for (size_t i = 0; i < runner_registry_len; i++)
        TRY(runner_registry[i]->start(service, &service->runners[i], err));
    return 0;
}

void runners_drain(struct service *service)
{
    service->draining = true;
    for (size_t i = 0; service->runners && i < runner_registry_len; i++)
        if (service->runners[i] && runner_registry[i]->drain)
            runner_registry[i]->drain(service->runners[i]);
}

void runners_stop(struct service *service)
{
    for (size_t i = 0; service->runners && i < runner_registry_len; i++)
        if (service->runners[i]) runner_registry[i]->stop(service->runners[i]);
    mem_free(service->runners);
    service->runners = NULL;
}

void *runner_state(const struct service *service, const struct runner *runner)
{
    for (size_t i = 0; service->runners && i < runner_registry_len; i++)
        if (runner_registry[i] == runner) return service->runners[i];
    assert(!service->runners); /* Else it is no runner. */
    return NULL;
}
