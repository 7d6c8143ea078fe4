/* adapter_config - what adapter_config.json says, checked for what we do not do. */
#ifndef TIRO_MODELS_ADAPTER_CONFIG_H
#define TIRO_MODELS_ADAPTER_CONFIG_H

#include "models/checkpoint.h"

struct adapter_config {
    int32_t rank;
    double alpha;
    bool by_root;                 /* use_rslora: divided by the rank's root. */
    const json_t *ranks, *alphas; /* rank_pattern, alpha_pattern; the checkpoint's; may be NULL */
};

int adapter_config_read(struct adapter_config *ret, const struct checkpoint *c,
                        struct err *err) MUST_USE;
/* Rank and scale of a module, "model.layers.3.self_attn.q_proj". */
int adapter_config_of(const struct adapter_config *config, int32_t *ret_rank, float *ret_scale,
                      const char *module, const struct checkpoint *c, struct err *err) MUST_USE;

#endif
