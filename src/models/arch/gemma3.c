/* gemma3: norms before and behind attention and MLP, normalised queries and keys, GeGLU, and layers
 * that see only a window of the past between layers that see all of it (Gemma 3 Technical Report,
 * arXiv 2503.19786). Text only. The KV store keeps all of the past for the windowed layers, too.
 * Reference: HF transformers' modeling_gemma3.py; golden data: tests/golden/gemma3. */
#include "models/arch.h"

#include <math.h>

struct gemma3_layer {
    struct weight attn_norm, q, k, v, o, q_norm, k_norm, attn_post_norm;
    struct weight ffn_norm, gate, up, down, ffn_post_norm;
};

struct gemma3 {
    struct arch_model m;
    struct weight tok_embd, out_norm, output;
    int32_t window, period; /* Every period-th layer sees all. */
    float local_base;       /* Of rope in the windowed layers. */
    float query_scalar;     /* Scores are divided by its root. */
    bool is_local[ARCH_LAYERS_MAX];
    float local_inv_freq[ARCH_ROT_MAX / 2]; /* (n_rot / 2) */
};

enum { LAYERS_OF_27B = 62 };

#define GEMMA_COUNT(member, gguf, hf, required, def, least, most)                     \
    {                                                                                 \
        gguf, hf, ARCH_OFFSET(gemma3, member), HPARAM_I32, required, def, least, most \
    }
#define GEMMA_REAL(member, gguf, hf, def, least, most)                             \
    {                                                                              \
        gguf, hf, ARCH_OFFSET(gemma3, member), HPARAM_F32, false, def, least, most \
    }

static const struct hparam hparams[] = {
    ARCH_DECODER_HPARAMS(gemma3),
    GEMMA_REAL(m.rope_base, "%s.rope.freq_base",
               "rope_parameters.full_attention.rope_theta|rope_theta", 1e6, 1, 1e12),
    GEMMA_REAL(local_base, "%s.rope.freq_base_swa",
               "rope_parameters.sliding_attention.rope_theta|rope_local_base_freq", 1e4, 1, 1e12),
    GEMMA_REAL(query_scalar, NULL, "query_pre_attn_scalar", 0, 0, 1e6),
    GEMMA_COUNT(window, "%s.attention.sliding_window", "sliding_window", true, 0, 1, 1e8),
    GEMMA_COUNT(period, "%s.attention.sliding_window_pattern",
                "sliding_window_pattern|_sliding_window_pattern", false, 6, 1, ARCH_LAYERS_MAX),
    { NULL },
};

#define V             ARCH_DIM(n_vocab)
#define D             ARCH_DIM(n_embd)
#define F             ARCH_DIM(n_ff)
#define Q             ARCH_DIM(n_q)
#define K             ARCH_DIM(n_kv)
#define H             ARCH_DIM(head_len)
#define HF(name)      "model.layers.%d." name
#define LAYER(member) ARCH_OFFSET(gemma3_layer, member)

static const struct arch_tensor tensors[] = {
    { "token_embd.weight", "model.embed_tokens.weight", ARCH_OFFSET(gemma3, tok_embd), { V, D } },
    { "output_norm.weight", "model.norm.weight", ARCH_OFFSET(gemma3, out_norm), { D } },
    { "output.weight", "lm_head.weight", ARCH_OFFSET(gemma3, output), { V, D }, .optional = true },
    { "blk.%d.attn_norm.weight", HF("input_layernorm.weight"), LAYER(attn_norm), { D } },
    { "blk.%d.attn_q.weight", HF("self_attn.q_proj.weight"), LAYER(q), { Q, D } },
    { "blk.%d.attn_k.weight", HF("self_attn.k_proj.weight"), LAYER(k), { K, D } },
    { "blk.%d.attn_v.weight", HF("self_attn.v_proj.weight"), LAYER(v), { K, D }, .wide = true },
    { "blk.%d.attn_output.weight",
      HF("self_attn.o_proj.weight"),
      LAYER(o),
      { D, Q },
      .wide = true },
    { "blk.%d.attn_q_norm.weight", HF("self_attn.q_norm.weight"), LAYER(q_norm), { H } },
    { "blk.%d.attn_k_norm.weight", HF("self_attn.k_norm.weight"), LAYER(k_norm), { H } },
    { "blk.%d.post_attention_norm.weight",
      HF("post_attention_layernorm.weight"),
      LAYER(attn_post_norm),
      { D } },
    { "blk.%d.ffn_norm.weight", HF("pre_feedforward_layernorm.weight"), LAYER(ffn_norm), { D } },
    { "blk.%d.ffn_gate.weight", HF("mlp.gate_proj.weight"), LAYER(gate), { F, D } },
    { "blk.%d.ffn_up.weight", HF("mlp.up_proj.weight"), LAYER(up), { F, D } },
    { "blk.%d.ffn_down.weight", HF("mlp.down_proj.weight"), LAYER(down), { D, F } },
    { "blk.%d.post_ffw_norm.weight",
      HF("post_feedforward_layernorm.weight"),
      LAYER(ffn_post_norm),
      { D } },
    { NULL },
};

static const char *const ignored[] = { "*.rotary_emb.inv_freq", NULL };

extern const struct model_arch model_arch_gemma3;

/* Newer config.json files list what each layer is; others and GGUF have the period. */
static int settle_layers(struct gemma3 *m, const struct checkpoint *c, struct err *err)
{
    for (int l = 0; l < m->m.n_layers; l++) m->is_local[l] = (l + 1) % m->period != 0;
    if (c->kind == CHECKPOINT_GGUF) return 0;
    const json_t *types = json_object_get(c->json[CHECKPOINT_CONFIG], "layer_types");
    if (!types || json_is_null(types)) return 0;
    if (json_array_size(types) != (size_t)m->m.n_layers)
        return err_set(err, ERR_FORMAT, "%s: layer_types has %zu entries for %d layers", c->path,
                       json_array_size(types), m->m.n_layers);
    for (int l = 0; l < m->m.n_layers; l++) {
        const char *type = json_string_value(json_array_get(types, (size_t)l));
        m->is_local[l] = type && slice_is(slice_of(type), "sliding_attention");
        if (!m->is_local[l] && !(type && slice_is(slice_of(type), "full_attention")))
            return err_set(err, ERR_UNSUPPORTED_FORMAT,
                           "%s: layer_types[%d] is neither sliding_attention nor full_attention",
                           c->path, l);
    }
    return 0;
}

/* GGUF does not say: the head's size for all but the largest of the family. */
static void settle_scale(struct gemma3 *m)
{
    if (m->query_scalar > 0) return;
    bool large = m->m.kind == CHECKPOINT_GGUF && m->m.n_layers == LAYERS_OF_27B;
    m->query_scalar = (float)(large ? m->m.n_embd / m->m.n_heads : m->m.head_len);
}

static int refuse_softcap(const struct checkpoint *c, const char *key, struct err *err)
{
    if (!checkpoint_has(c, key)) return 0;
    return err_set(err, ERR_UNSUPPORTED_FORMAT, "%s: %s is not supported", c->path, key);
}

static int settle(struct arch_model *base, const struct checkpoint *c, struct err *err)
{
    struct gemma3 *m = (struct gemma3 *)(void *)base;
    bool gguf = c->kind == CHECKPOINT_GGUF;
    TRY(arch_require_dense(c, "gemma3", err));
    TRY(arch_require_string(c, NULL, "hidden_activation", "gelu_pytorch_tanh", err));
    TRY(arch_require_string(c, NULL, "rope_parameters.sliding_attention.rope_type", "default",
                            err));
    TRY(arch_require_false(c, "use_bidirectional_attention", err));
    TRY(arch_require_false(c, "attention_bias", err));
    TRY(refuse_softcap(c, gguf ? "gemma3.attn_logit_softcapping" : "attn_logit_softcapping", err));
    TRY(refuse_softcap(c, gguf ? "gemma3.final_logit_softcapping" : "final_logit_softcapping",
                       err));
    if (base->head_len == 0) base->head_len = 256;
    TRY(arch_settle_heads(base, c, err));
    TRY(settle_layers(m, c, err));
    settle_scale(m);
    for (int i = 0; i < base->n_rot / 2; i++)
        m->local_inv_freq[i] = (float)pow((double)m->local_base, -2.0 * i / base->n_rot);
    return arch_settle_rope(base, "gemma3", c, err);
}

/* x / rms(x) * gain. GGUF files hold the gains themselves, HF files hold them less 1. */
static struct node *norm(struct graph *g, struct gemma3 *m, struct weight *gain, struct node *x)
{
    gain->plus = m->m.kind == CHECKPOINT_HF ? 1 : 0;
    return graph_rms_norm(g, gain, x, m->m.norm_eps);
}

static struct node *norm_heads(struct graph *g, struct gemma3 *m, struct weight *gain,
                               struct node *x)
{
    struct head_norm_attr attr = { m->m.head_len, m->m.norm_eps };
    gain->plus = m->m.kind == CHECKPOINT_HF ? 1 : 0;
    return graph_head_norm(g, gain, x, &attr);
}

static struct node *attention(struct graph *g, struct gemma3 *m, int l, struct node *x,
                              struct node *angles)
{
    struct gemma3_layer *y = (struct gemma3_layer *)m->m.layers + l;
    struct rope_attr rope = { arch_rope_style(&m->m, &model_arch_gemma3), m->m.head_len,
                              m->m.n_rot };
    struct attention_attr heads = { .layer = l,
                                    .n_heads = m->m.n_heads,
                                    .n_kv_heads = m->m.n_kv_heads,
                                    .head_len = m->m.head_len,
                                    .window = m->is_local[l] ? m->window : 0,
                                    .scale = 1 / sqrtf(m->query_scalar) };
    x = norm(g, m, &y->attn_norm, x);                 /* (T, D) */
    struct node *q = graph_linear(g, &y->q, NULL, x); /* (T, Q) */
    struct node *k = graph_linear(g, &y->k, NULL, x); /* (T, K) */
    struct node *v = graph_linear(g, &y->v, NULL, x); /* (T, K) */
    q = norm_heads(g, m, &y->q_norm, q);              /* (T, Q) */
    k = norm_heads(g, m, &y->k_norm, k);              /* (T, K) */
    q = graph_rope(g, q, angles, &rope);              /* (T, Q) */
    k = graph_rope(g, k, angles, &rope);              /* (T, K) */
    x = graph_attention(g, q, k, v, &heads);          /* (T, Q) */
    x = graph_linear(g, &y->o, NULL, x);              /* (T, D) */
    return norm(g, m, &y->attn_post_norm, x);         /* (T, D) */
}

static struct node *geglu(struct graph *g, struct gemma3 *m, int l, struct node *x)
{
    struct gemma3_layer *y = (struct gemma3_layer *)m->m.layers + l;
    x = norm(g, m, &y->ffn_norm, x);                             /* (T, D) */
    struct node *gate = graph_linear(g, &y->gate, NULL, x);      /* (T, F) */
    struct node *up = graph_linear(g, &y->up, NULL, x);          /* (T, F) */
    x = graph_mul(g, graph_unary(g, UNARY_GELU_TANH, gate), up); /* (T, F) */
    x = graph_linear(g, &y->down, NULL, x);                      /* (T, D) */
    return norm(g, m, &y->ffn_post_norm, x);                     /* (T, D) */
}

static void build(struct graph *g, struct arch_model *base)
{
    struct gemma3 *m = (struct gemma3 *)(void *)base;
    struct rope_table_attr global = { base->n_rot, base->inv_freq, 1 };
    struct rope_table_attr local = { base->n_rot, m->local_inv_freq, 1 };
    struct node *far = graph_rope_table(g, &global); /* (2, T, R / 2) */
    struct node *near = graph_rope_table(g, &local); /* (2, T, R / 2) */
    struct node *x = graph_embed_scaled(g, &m->tok_embd, sqrtf((float)base->n_embd)); /* (T, D) */
    for (int l = 0; l < base->n_layers; l++) {
        x = graph_add(g, x, attention(g, m, l, x, m->is_local[l] ? near : far)); /* (T, D) */
        x = graph_add(g, x, geglu(g, m, l, x));                                  /* (T, D) */
    }
    x = graph_rows(g, x);                                             /* (O, D) */
    x = norm(g, m, &m->out_norm, x);                                  /* (O, D) */
    struct weight *head = m->output.data ? &m->output : &m->tok_embd; /* tied */
    g->output = graph_linear(g, head, NULL, x);                       /* (O, V) */
}

const struct model_arch model_arch_gemma3 = {
    .name = "gemma3",
    .gguf = "gemma3",
    .hf = { "Gemma3ForCausalLM" },
    .kind = MODEL_CAUSAL,
    .rope_gguf = ROPE_NEOX,
    .rope_hf = ROPE_NEOX,
    .wide_ends = true,
    .size = sizeof(struct gemma3),
    .layer_size = sizeof(struct gemma3_layer),
    .hparams = hparams,
    .tensors = tensors,
    .ignored = ignored,
    .settle = settle,
    .build = build,
};
