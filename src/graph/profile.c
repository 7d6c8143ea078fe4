#include "graph/profile.h"

#include "base/seam.h"

int profile_init(struct profile *ret, const struct plan *plan, int n_threads, struct err *err)
{
    *ret = (struct profile){ .n_threads = n_threads };
    ret->times = mem_calloc((size_t)plan->n_steps * (size_t)n_threads, sizeof *ret->times);
    if (!ret->times) return err_set(err, ERR_NO_MEMORY, "no memory for a profile");
    return 0;
}

void profile_release(struct profile *p)
{
    mem_free(p->times);
    *p = (struct profile){ 0 };
}
