/* random_adapter - a LoRA adapter of random numbers on q and v of every layer, for measuring. */
#ifndef TIRO_CMD_RANDOM_ADAPTER_H
#define TIRO_CMD_RANDOM_ADAPTER_H

#include "models/model.h"

/* In F32, as PEFT trains and saves by default. checkpoint_close frees it. */
int random_adapter_open(struct checkpoint **ret, const struct model_facts *facts, int rank,
                        struct err *err) MUST_USE;

#endif
