/* evaluations - what endpoints tell the runner of exams. */
#ifndef TIRO_API_RUNNER_EVALUATIONS_H
#define TIRO_API_RUNNER_EVALUATIONS_H

#include "api/runner.h"

extern const struct runner runner_evaluations;

/* There is something to ask. */
void evaluations_tell(struct service *service);

#endif
