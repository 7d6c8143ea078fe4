/* bert: post-norm bidirectional encoder with learned positions and GELU (Devlin et al. 2018, arXiv
 * 1810.04805), pooled and scaled to length one as sentence embedders are (arXiv 1908.10084).
 * Reference: HF transformers' modeling_bert.py, sentence-transformers; golden data:
 * tests/golden/bert. */
#include "models/arch.h"

struct bert_layer {
    struct weight q, k, v, o, q_bias, k_bias, v_bias, o_bias;
    struct weight attn_norm, attn_norm_bias;
    struct weight up, up_bias, down, down_bias;
    struct weight ffn_norm, ffn_norm_bias;
};

struct bert {
    struct arch_model m;
    struct weight tok_embd, pos_embd, type_embd, norm, norm_bias;
};

#define AT(member) ARCH_OFFSET(bert, m.member)

static const struct hparam hparams[] = {
    { "%s.context_length", "max_position_embeddings", AT(n_ctx), HPARAM_I32, true, 0, 1, 1e6 },
    { "%s.embedding_length", "hidden_size", AT(n_embd), HPARAM_I32, true, 0, 1, 1e6 },
    { "%s.feed_forward_length", "intermediate_size", AT(n_ff), HPARAM_I32, true, 0, 1, 1e6 },
    { "%s.block_count", "num_hidden_layers", AT(n_layers), HPARAM_I32, true, 0, 1,
      ARCH_LAYERS_MAX },
    { "%s.attention.head_count", "num_attention_heads", AT(n_heads), HPARAM_I32, true, 0, 1, 4096 },
    { "%s.attention.layer_norm_epsilon", "layer_norm_eps", AT(norm_eps), HPARAM_F32, false, 1e-12,
      0, 1 },
    { "tokenizer.ggml.token_type_count", "type_vocab_size", AT(n_types), HPARAM_I32, false, 2, 1,
      64 },
    { NULL },
};

#define V             ARCH_DIM(n_vocab)
#define P             ARCH_DIM(n_ctx)
#define S             ARCH_DIM(n_types)
#define D             ARCH_DIM(n_embd)
#define F             ARCH_DIM(n_ff)
#define OF(member)    ARCH_OFFSET(bert, member)
#define LAYER(member) ARCH_OFFSET(bert_layer, member)
#define HF(name)      "encoder.layer.%d." name

static const struct arch_tensor tensors[] = {
    { "token_embd.weight", "embeddings.word_embeddings.weight", OF(tok_embd), { V, D } },
    { "position_embd.weight", "embeddings.position_embeddings.weight", OF(pos_embd), { P, D } },
    { "token_types.weight", "embeddings.token_type_embeddings.weight", OF(type_embd), { S, D } },
    { "token_embd_norm.weight", "embeddings.LayerNorm.weight", OF(norm), { D } },
    { "token_embd_norm.bias", "embeddings.LayerNorm.bias", OF(norm_bias), { D } },
    { "blk.%d.attn_q.weight", HF("attention.self.query.weight"), LAYER(q), { D, D } },
    { "blk.%d.attn_q.bias", HF("attention.self.query.bias"), LAYER(q_bias), { D } },
    { "blk.%d.attn_k.weight", HF("attention.self.key.weight"), LAYER(k), { D, D } },
    { "blk.%d.attn_k.bias", HF("attention.self.key.bias"), LAYER(k_bias), { D } },
    { "blk.%d.attn_v.weight", HF("attention.self.value.weight"), LAYER(v), { D, D } },
    { "blk.%d.attn_v.bias", HF("attention.self.value.bias"), LAYER(v_bias), { D } },
    { "blk.%d.attn_output.weight", HF("attention.output.dense.weight"), LAYER(o), { D, D } },
    { "blk.%d.attn_output.bias", HF("attention.output.dense.bias"), LAYER(o_bias), { D } },
    { "blk.%d.attn_output_norm.weight",
      HF("attention.output.LayerNorm.weight"),
      LAYER(attn_norm),
      { D } },
    { "blk.%d.attn_output_norm.bias",
      HF("attention.output.LayerNorm.bias"),
      LAYER(attn_norm_bias),
      { D } },
    { "blk.%d.ffn_up.weight", HF("intermediate.dense.weight"), LAYER(up), { F, D } },
    { "blk.%d.ffn_up.bias", HF("intermediate.dense.bias"), LAYER(up_bias), { F } },
    { "blk.%d.ffn_down.weight", HF("output.dense.weight"), LAYER(down), { D, F } },
    { "blk.%d.ffn_down.bias", HF("output.dense.bias"), LAYER(down_bias), { D } },
    { "blk.%d.layer_output_norm.weight", HF("output.LayerNorm.weight"), LAYER(ffn_norm), { D } },
    { "blk.%d.layer_output_norm.bias", HF("output.LayerNorm.bias"), LAYER(ffn_norm_bias), { D } },
    { NULL },
};

/* Heads for other tasks, and an integer buffer of old files. */
static const char *const ignored[] = {
    "pooler.*", "bert.pooler.*", "cls.*", "embeddings.position_ids", "bert.embeddings.position_ids",
    NULL
};

static int settle(struct arch_model *m, const struct checkpoint *c, struct err *err)
{
    TRY(arch_require_string(c, NULL, "hidden_act", "gelu", err));
    TRY(arch_require_string(c, NULL, "position_embedding_type", "absolute", err));
    TRY(arch_require_false(c, "is_decoder", err));
    TRY(arch_settle_heads(m, c, err));
    return arch_settle_pooling(m, "bert.pooling_type", c, err);
}

static struct node *attention(struct graph *g, struct bert *m, struct bert_layer *y, struct node *x)
{
    struct attention_attr heads = { .n_heads = m->m.n_heads,
                                    .n_kv_heads = m->m.n_heads,
                                    .head_len = m->m.head_len };
    struct node *q = graph_linear(g, &y->q, &y->q_bias, x); /* (T, D) */
    struct node *k = graph_linear(g, &y->k, &y->k_bias, x); /* (T, D) */
    struct node *v = graph_linear(g, &y->v, &y->v_bias, x); /* (T, D) */
    x = graph_encoder_attention(g, q, k, v, &heads);        /* (T, D) */
    return graph_linear(g, &y->o, &y->o_bias, x);           /* (T, D) */
}

static struct node *mlp(struct graph *g, struct bert_layer *y, struct node *x)
{
    x = graph_unary(g, UNARY_GELU_ERF, graph_linear(g, &y->up, &y->up_bias, x)); /* (T, F) */
    return graph_linear(g, &y->down, &y->down_bias, x);                          /* (T, D) */
}

static void build(struct graph *g, struct arch_model *base)
{
    struct bert *m = (struct bert *)(void *)base;
    float eps = base->norm_eps;
    struct node *x = graph_embed(g, &m->tok_embd, EMBED_TOKENS, 0);        /* (T, D) */
    x = graph_add(g, x, graph_embed(g, &m->type_embd, EMBED_TYPES, 0));    /* (T, D) */
    x = graph_add(g, x, graph_embed(g, &m->pos_embd, EMBED_POSITIONS, 0)); /* (T, D) */
    x = graph_layer_norm(g, &m->norm, &m->norm_bias, x, eps);              /* (T, D) */
    for (int l = 0; l < base->n_layers; l++) {
        struct bert_layer *y = (struct bert_layer *)base->layers + l;
        x = graph_add(g, x, attention(g, m, y, x));                         /* (T, D) */
        x = graph_layer_norm(g, &y->attn_norm, &y->attn_norm_bias, x, eps); /* (T, D) */
        x = graph_add(g, x, mlp(g, y, x));                                  /* (T, D) */
        x = graph_layer_norm(g, &y->ffn_norm, &y->ffn_norm_bias, x, eps);   /* (T, D) */
    }
    x = graph_pool(g, arch_pool_kind(base), x); /* (S, D) */
    g->output = graph_l2_norm(g, x, 1e-12f);    /* (S, D) */
}

const struct model_arch model_arch_bert = {
    .name = "bert",
    .gguf = "bert",
    .hf = { "BertModel", "BertForMaskedLM" },
    .hf_prefix = "bert.",
    .kind = MODEL_EMBEDDER,
    .size = sizeof(struct bert),
    .layer_size = sizeof(struct bert_layer),
    .hparams = hparams,
    .tensors = tensors,
    .ignored = ignored,
    .settle = settle,
    .build = build,
};
