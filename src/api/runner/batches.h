/* batches - what endpoints tell the runner of batches. */
#ifndef TIRO_API_RUNNER_BATCHES_H
#define TIRO_API_RUNNER_BATCHES_H

#include "api/runner.h"

extern const struct runner runner_batches;

/* A batch was made, or is to be cancelled: its row says so. */
void batches_tell(struct service *service);

#endif
