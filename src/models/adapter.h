/* adapter - a LoRA adapter in PEFT's layout, read, checked against a model, and packed.
 *
 *     struct adapter *a;
 *     TRY(adapter_open(&a, net, arch, &kernels, checkpoint, err));     checkpoint.is_adapter
 *     adapter_set(a, slot);                     the terms of its weights, in place
 *     adapter_close(a);                         clears them
 *
 * PEFT names a pair of matrices after the module that they change, by its Hugging Face name, which
 * the architecture's table of tensors knows whatever format the model itself has:
 *
 *     base_model.model.model.layers.3.self_attn.q_proj.lora_A.weight    (rank, in)
 *     base_model.model.model.layers.3.self_attn.q_proj.lora_B.weight    (out, rank)
 *
 * Any of a layer's matrices may be changed. adapter_config.json says how the product is scaled:
 * lora_alpha / r, or with use_rslora lora_alpha / sqrt(r); rank_pattern and alpha_pattern make
 * exceptions. Whatever else PEFT can do (DoRA, biases, whole modules, embeddings, weights changed
 * before training ...) is refused by the name of its key or tensor.
 *
 * Memory: the packed matrices, at the width they are stored in; the checkpoint may be closed.
 */
#ifndef TIRO_MODELS_ADAPTER_H
#define TIRO_MODELS_ADAPTER_H

#include "graph/lora.h"
#include "models/arch.h"

struct adapter;

/* Gives each weight that adapters may change its table of terms, all empty; *ret is to be freed
 * after the plans that read it. */
int adapter_make_tables(struct lora_term **ret, struct arch_model *net,
                        const struct model_arch *arch, struct err *err) MUST_USE;

int adapter_open(struct adapter **ret, struct arch_model *net, const struct model_arch *arch,
                 const struct kernels *k, const struct checkpoint *c, struct err *err) MUST_USE;
void adapter_close(struct adapter *a); /* NULL is fine. */
/* Once, after adapter_make_tables; the slot is empty. */
void adapter_set(struct adapter *a, int32_t slot);
uint64_t adapter_bytes(const struct adapter *a);

#endif
