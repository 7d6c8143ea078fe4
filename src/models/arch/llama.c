/* llama: pre-norm transformer with RMS norm, rotary positions, grouped-query attention and SwiGLU.
 * Touvron et al. 2023 (arXiv 2302.13971, 2307.09288); SmolLM2, Llama 3 and many others are of it.
 * Reference: HF transformers' modeling_llama.py; golden data: tests/golden/llama. */
#include "models/arch.h"

struct llama_layer {
    struct weight attn_norm, q, k, v, o;
    struct weight q_bias, k_bias, v_bias, o_bias;
    struct weight ffn_norm, gate, up, down;
};

struct llama {
    struct arch_model m;
    struct weight tok_embd, out_norm, output;
};

static const struct hparam hparams[] = { ARCH_DECODER_HPARAMS(llama), { NULL } };

#define V             ARCH_DIM(n_vocab)
#define D             ARCH_DIM(n_embd)
#define F             ARCH_DIM(n_ff)
#define Q             ARCH_DIM(n_q)
#define K             ARCH_DIM(n_kv)
#define HF(name)      "model.layers.%d." name
#define LAYER(member) ARCH_OFFSET(llama_layer, member)

static const struct arch_tensor tensors[] = {
    { "token_embd.weight", "model.embed_tokens.weight", ARCH_OFFSET(llama, tok_embd), { V, D } },
    { "output_norm.weight", "model.norm.weight", ARCH_OFFSET(llama, out_norm), { D } },
    { "output.weight", "lm_head.weight", ARCH_OFFSET(llama, output), { V, D }, .optional = true },
    { "blk.%d.attn_norm.weight", HF("input_layernorm.weight"), LAYER(attn_norm), { D } },
    { "blk.%d.attn_q.weight",
      HF("self_attn.q_proj.weight"),
      LAYER(q),
      { Q, D },
      .heads = ARCH_DIM(n_heads) },
    { "blk.%d.attn_k.weight",
      HF("self_attn.k_proj.weight"),
      LAYER(k),
      { K, D },
      .heads = ARCH_DIM(n_kv_heads) },
    { "blk.%d.attn_v.weight", HF("self_attn.v_proj.weight"), LAYER(v), { K, D }, .wide = true },
    { "blk.%d.attn_output.weight", HF("self_attn.o_proj.weight"), LAYER(o), { D, Q } },
    { "blk.%d.attn_q.bias", HF("self_attn.q_proj.bias"), LAYER(q_bias), { Q }, true },
    { "blk.%d.attn_k.bias", HF("self_attn.k_proj.bias"), LAYER(k_bias), { K }, true },
    { "blk.%d.attn_v.bias", HF("self_attn.v_proj.bias"), LAYER(v_bias), { K }, true },
    { "blk.%d.attn_output.bias", HF("self_attn.o_proj.bias"), LAYER(o_bias), { D }, true },
    { "blk.%d.ffn_norm.weight", HF("post_attention_layernorm.weight"), LAYER(ffn_norm), { D } },
    { "blk.%d.ffn_gate.weight", HF("mlp.gate_proj.weight"), LAYER(gate), { F, D } },
    { "blk.%d.ffn_up.weight", HF("mlp.up_proj.weight"), LAYER(up), { F, D } },
    { "blk.%d.ffn_down.weight", HF("mlp.down_proj.weight"), LAYER(down), { D, F } },
    { NULL },
};

static const char *const ignored[] = { "rope_freqs.weight", "*.rotary_emb.inv_freq", NULL };

extern const struct model_arch model_arch_llama;

static int settle(struct arch_model *m, const struct checkpoint *c, struct err *err)
{
    TRY(arch_require_zero(c, "llama", "attention.sliding_window", err));
    TRY(arch_require_dense(c, "llama", err));
    TRY(arch_require_string(c, NULL, "hidden_act", "silu", err));
    TRY(arch_settle_heads(m, c, err));
    return arch_settle_rope(m, "llama", c, err);
}

static struct node *attention(struct graph *g, struct llama *m, int l, struct node *x,
                              struct node *angles)
{
    struct llama_layer *y = (struct llama_layer *)m->m.layers + l;
    struct rope_attr rope = { arch_rope_style(&m->m, &model_arch_llama), m->m.head_len,
                              m->m.n_rot };
    struct attention_attr heads = { .layer = l,
                                    .n_heads = m->m.n_heads,
                                    .n_kv_heads = m->m.n_kv_heads,
                                    .head_len = m->m.head_len };
    x = graph_rms_norm(g, &y->attn_norm, x, m->m.norm_eps);                 /* (T, D) */
    struct node *q = graph_linear(g, &y->q, weight_or_null(&y->q_bias), x); /* (T, Q) */
    struct node *k = graph_linear(g, &y->k, weight_or_null(&y->k_bias), x); /* (T, K) */
    struct node *v = graph_linear(g, &y->v, weight_or_null(&y->v_bias), x); /* (T, K) */
    q = graph_rope(g, q, angles, &rope);                                    /* (T, Q) */
    k = graph_rope(g, k, angles, &rope);                                    /* (T, K) */
    x = graph_attention(g, q, k, v, &heads);                                /* (T, Q) */
    return graph_linear(g, &y->o, weight_or_null(&y->o_bias), x);           /* (T, D) */
}

static struct node *swiglu(struct graph *g, struct llama *m, int l, struct node *x)
{
    struct llama_layer *y = (struct llama_layer *)m->m.layers + l;
    x = graph_rms_norm(g, &y->ffn_norm, x, m->m.norm_eps);               /* (T, D) */
    struct node *gate = graph_linear(g, &y->gate, NULL, x);              /* (T, F) */
    struct node *up = graph_linear(g, &y->up, NULL, x);                  /* (T, F) */
    return graph_linear(g, &y->down, NULL, graph_silu_mul(g, gate, up)); /* (T, D) */
}

static void build(struct graph *g, struct arch_model *base)
{
    struct llama *m = (struct llama *)(void *)base;
    struct rope_table_attr rope = { base->n_rot, base->inv_freq, 1 };
    struct node *angles = graph_rope_table(g, &rope);               /* (2, T, R / 2) */
    struct node *x = graph_embed(g, &m->tok_embd, EMBED_TOKENS, 0); /* (T, D) */
    for (int l = 0; l < base->n_layers; l++) {
        x = graph_add(g, x, attention(g, m, l, x, angles)); /* (T, D) */
        x = graph_add(g, x, swiglu(g, m, l, x));            /* (T, D) */
    }
    x = graph_rows(g, x);                                             /* (O, D) */
    x = graph_rms_norm(g, &m->out_norm, x, base->norm_eps);           /* (O, D) */
    struct weight *head = m->output.data ? &m->output : &m->tok_embd; /* tied */
    g->output = graph_linear(g, head, NULL, x);                       /* (O, V) */
}

const struct model_arch model_arch_llama = {
    .name = "llama",
    .gguf = "llama",
    .hf = { "LlamaForCausalLM" },
    .kind = MODEL_CAUSAL,
    .rope_gguf = ROPE_NORM, /* llama.cpp's converter permutes the rows of q and k. */
    .rope_hf = ROPE_NEOX,
    .wide_ends = true,
    .size = sizeof(struct llama),
    .layer_size = sizeof(struct llama_layer),
    .hparams = hparams,
    .tensors = tensors,
    .ignored = ignored,
    .settle = settle,
    .build = build,
};
