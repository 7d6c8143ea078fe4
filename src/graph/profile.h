/* profile - where the time of a plan's steps goes: computing, and waiting for the other threads.
 *
 *     run.profile = &profile;      profile_init(&profile, plan, n_threads, err) before
 *     run_forward(&run, plan);     as often as wanted, always this plan
 *     profile.times[thread * plan->n_steps + step]
 *
 * Costs two readings of the clock a step and thread; nothing while run.profile is NULL.
 */
#ifndef TIRO_GRAPH_PROFILE_H
#define TIRO_GRAPH_PROFILE_H

#include "graph/plan.h"

struct step_time {
    uint64_t work_ns, wait_ns;
};

struct profile {
    struct step_time *times; /* (n_threads, n_steps) owned */
    int32_t n_threads;
    uint64_t n_runs, n_rows; /* Forwards, and their rows together. */
};

int profile_init(struct profile *ret, const struct plan *plan, int n_threads,
                 struct err *err) MUST_USE;
void profile_release(struct profile *p);

#endif
