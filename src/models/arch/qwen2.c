/* qwen2: qwen2 with biases on q, k and v (Qwen2 Technical Report, arXiv 2407.10671; Qwen2.5).
 * Reference: HF transformers' modeling_qwen2.py; golden data: tests/golden/qwen2. */
#include "models/arch.h"

struct qwen2_layer {
    struct weight attn_norm, q, k, v, o;
    struct weight q_bias, k_bias, v_bias;
    struct weight ffn_norm, gate, up, down;
};

struct qwen2 {
    struct arch_model m;
    struct weight tok_embd, out_norm, output;
};

static const struct hparam hparams[] = { ARCH_DECODER_HPARAMS(qwen2), { NULL } };

#define V             ARCH_DIM(n_vocab)
#define D             ARCH_DIM(n_embd)
#define F             ARCH_DIM(n_ff)
#define Q             ARCH_DIM(n_q)
#define K             ARCH_DIM(n_kv)
#define HF(name)      "model.layers.%d." name
#define LAYER(member) ARCH_OFFSET(qwen2_layer, member)

static const struct arch_tensor tensors[] = {
    { "token_embd.weight", "model.embed_tokens.weight", ARCH_OFFSET(qwen2, tok_embd), { V, D } },
    { "output_norm.weight", "model.norm.weight", ARCH_OFFSET(qwen2, out_norm), { D } },
    { "output.weight", "lm_head.weight", ARCH_OFFSET(qwen2, output), { V, D }, .optional = true },
    { "blk.%d.attn_norm.weight", HF("input_layernorm.weight"), LAYER(attn_norm), { D } },
    { "blk.%d.attn_q.weight", HF("self_attn.q_proj.weight"), LAYER(q), { Q, D } },
    { "blk.%d.attn_k.weight", HF("self_attn.k_proj.weight"), LAYER(k), { K, D } },
    { "blk.%d.attn_v.weight", HF("self_attn.v_proj.weight"), LAYER(v), { K, D } },
    { "blk.%d.attn_output.weight", HF("self_attn.o_proj.weight"), LAYER(o), { D, Q } },
    { "blk.%d.attn_q.bias", HF("self_attn.q_proj.bias"), LAYER(q_bias), { Q } },
    { "blk.%d.attn_k.bias", HF("self_attn.k_proj.bias"), LAYER(k_bias), { K } },
    { "blk.%d.attn_v.bias", HF("self_attn.v_proj.bias"), LAYER(v_bias), { K } },
    { "blk.%d.ffn_norm.weight", HF("post_attention_layernorm.weight"), LAYER(ffn_norm), { D } },
    { "blk.%d.ffn_gate.weight", HF("mlp.gate_proj.weight"), LAYER(gate), { F, D } },
    { "blk.%d.ffn_up.weight", HF("mlp.up_proj.weight"), LAYER(up), { F, D } },
    { "blk.%d.ffn_down.weight", HF("mlp.down_proj.weight"), LAYER(down), { D, F } },
    { NULL },
};

static const char *const ignored[] = { "*.rotary_emb.inv_freq", NULL };

extern const struct model_arch model_arch_qwen2;

static int settle(struct arch_model *m, const struct checkpoint *c, struct err *err)
{
    TRY(arch_require_zero(c, "qwen2", "attention.sliding_window", err));
    TRY(arch_require_dense(c, "qwen2", err));
    TRY(arch_require_string(c, NULL, "hidden_act", "silu", err));
    TRY(arch_require_false(c, "use_sliding_window", err));
    TRY(arch_settle_heads(m, c, err));
    return arch_settle_rope(m, "qwen2", c, err);
}

static struct node *attention(struct graph *g, struct qwen2 *m, int l, struct node *x,
                              struct node *angles)
{
    struct qwen2_layer *y = (struct qwen2_layer *)m->m.layers + l;
    struct rope_attr rope = { arch_rope_style(&m->m, &model_arch_qwen2), m->m.head_len,
                              m->m.n_rot };
    struct attention_attr heads = { .layer = l,
                                    .n_heads = m->m.n_heads,
                                    .n_kv_heads = m->m.n_kv_heads,
                                    .head_len = m->m.head_len };
    x = graph_rms_norm(g, &y->attn_norm, x, m->m.norm_eps); /* (T, D) */
    struct node *q = graph_linear(g, &y->q, &y->q_bias, x); /* (T, Q) */
    struct node *k = graph_linear(g, &y->k, &y->k_bias, x); /* (T, K) */
    struct node *v = graph_linear(g, &y->v, &y->v_bias, x); /* (T, K) */
    q = graph_rope(g, q, angles, &rope);                    /* (T, Q) */
    k = graph_rope(g, k, angles, &rope);                    /* (T, K) */
    x = graph_attention(g, q, k, v, &heads);                /* (T, Q) */
    return graph_linear(g, &y->o, NULL, x);                 /* (T, D) */
}

static struct node *swiglu(struct graph *g, struct qwen2 *m, int l, struct node *x)
{
    struct qwen2_layer *y = (struct qwen2_layer *)m->m.layers + l;
    x = graph_rms_norm(g, &y->ffn_norm, x, m->m.norm_eps);               /* (T, D) */
    struct node *gate = graph_linear(g, &y->gate, NULL, x);              /* (T, F) */
    struct node *up = graph_linear(g, &y->up, NULL, x);                  /* (T, F) */
    return graph_linear(g, &y->down, NULL, graph_silu_mul(g, gate, up)); /* (T, D) */
}

static void build(struct graph *g, struct arch_model *base)
{
    struct qwen2 *m = (struct qwen2 *)(void *)base;
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

const struct model_arch model_arch_qwen2 = {
    .name = "qwen2",
    .gguf = "qwen2",
    .hf = { "Qwen2ForCausalLM" },
    .kind = MODEL_CAUSAL,
    .rope_gguf = ROPE_NEOX,
    .rope_hf = ROPE_NEOX,
    .size = sizeof(struct qwen2),
    .layer_size = sizeof(struct qwen2_layer),
    .hparams = hparams,
    .tensors = tensors,
    .ignored = ignored,
    .settle = settle,
    .build = build,
};
