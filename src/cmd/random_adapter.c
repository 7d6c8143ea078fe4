#include "cmd/random_adapter.h"

#include "base/seam.h"

#include <stdio.h>

enum { HALVES = 4 /* of a layer: A and B of q and of v */, ARENA_EXTRA = 1 << 20 };

static int add_tensor(struct checkpoint *c, int layer, const char *half, int32_t rows,
                      int32_t columns, struct err *err)
{
    size_t n = (size_t)rows * (size_t)columns;
    float *data = ARENA_NEWS(&c->arena, n, float);
    const char *name = arena_printf(
        &c->arena, "base_model.model.model.layers.%d.self_attn.%s.weight", layer, half);
    TRY(arena_check(&c->arena, "a random adapter", err));
    random_bytes_fill(data, n * sizeof *data);
    for (size_t i = 0; i < n; i++) { /* Small: -0.01 to 0.01. */
        int32_t bits;
        memcpy(&bits, &data[i], sizeof bits);
        data[i] = (float)bits * (0.01f / 2147483648.0f);
    }
    c->tensors[c->n_tensors++] = (struct checkpoint_tensor){
        .name = slice_of(name),
        .dtype = DTYPE_F32,
        .type_name = "F32",
        .usable = true,
        .n_dims = 2,
        .dims = { (uint64_t)rows, (uint64_t)columns },
        .n_elements = n,
        .data = data,
        .size = n * sizeof *data,
    };
    return 0;
}

static int fill(struct checkpoint *c, const struct model_facts *f, int rank, struct err *err)
{
    char config[128];
    static const struct json_limits limits = { 128, 4, 32 };
    int32_t q = f->n_heads * f->kv.head_len, v = f->kv.n_heads * f->kv.head_len;
    int len = snprintf(config, sizeof config, "{\"peft_type\":\"LORA\",\"r\":%d,\"lora_alpha\":%d}",
                       rank, rank);
    TRY(json_read(&c->json[CHECKPOINT_CONFIG], (struct slice){ config, (size_t)len }, &limits,
                  "its configuration", err));
    c->tensors = ARENA_NEWS(&c->arena, (size_t)f->n_layers * HALVES, struct checkpoint_tensor);
    TRY(arena_check(&c->arena, "a random adapter", err));
    for (int l = 0; l < f->n_layers; l++) {
        TRY(add_tensor(c, l, "q_proj.lora_A", rank, f->n_embd, err));
        TRY(add_tensor(c, l, "q_proj.lora_B", q, rank, err));
        TRY(add_tensor(c, l, "v_proj.lora_A", rank, f->n_embd, err));
        TRY(add_tensor(c, l, "v_proj.lora_B", v, rank, err));
    }
    return checkpoint_index(c, err);
}

int random_adapter_open(struct checkpoint **ret, const struct model_facts *facts, int rank,
                        struct err *err)
{
    struct checkpoint *c;
    size_t widths = (size_t)facts->n_heads + 2 * (size_t)facts->kv.n_heads;
    size_t layer = (size_t)rank * (2 * (size_t)facts->n_embd + widths * (size_t)facts->kv.head_len);
    TRY(checkpoint_new(&c, CHECKPOINT_HF, "a random adapter",
                       (size_t)facts->n_layers * layer * sizeof(float) + ARENA_EXTRA, err));
    c->is_adapter = true;
    int rc = fill(c, facts, rank, err);
    if (rc < 0) {
        checkpoint_close(c);
        return rc;
    }
    *ret = c;
    return 0;
}
