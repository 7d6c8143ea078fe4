#!/usr/bin/env python3
"""Makes tests/golden/{llama,qwen2,gemma3,bert} and tests/golden/ops: tiny random networks and what a current
transformers and torch compute from them, in f32.

    python3 tools/golden_model.py            (needs torch, transformers, safetensors, gguf)

Each network is a folder of config.json and model.safetensors (bf16 or f32) with golden.bin beside it;
llama also comes as GGUF, whose q and k rows are permuted as llama.cpp's converter does, and gemma3,
whose norms have their 1 added there. All weights
are random (seed below) and larger than an initialiser's, so that a wrong sign or order shows.

golden.bin, little endian: i32 n_cases; per case i32 n_ids, n_rows, width; i32 ids[n_ids];
f32 values[n_rows][width]: logits of every position, or one embedding.
ops.bin: per case i32 n_dims, dims.. and f32 values; see write_ops.
"""
import json
import os
import struct
import sys

import numpy as np
import torch
import transformers

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GOLDEN = os.path.join(HERE, "tests", "golden")
SEED = 20260101


def randomise(model, std):
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            is_gain = "norm" in name.lower() and name.endswith("weight")
            p.copy_(1 + 0.2 * noise if is_gain else std * noise)
    return model.eval()


def save(model, folder, dtype, extra=None):
    os.makedirs(folder, exist_ok=True)
    model.to(dtype).save_pretrained(folder)
    path = os.path.join(folder, "config.json")
    config = json.load(open(path, encoding="utf-8"))
    config.pop("_name_or_path", None)
    json.dump(config, open(path, "w", encoding="utf-8"), indent=1, sort_keys=True)
    for name in os.listdir(folder):
        if name not in ("config.json", "model.safetensors", "golden.bin"):
            os.remove(os.path.join(folder, name))
    for name, content in (extra or {}).items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        json.dump(content, open(os.path.join(folder, name), "w", encoding="utf-8"))
    # Read back, not converted back: a rope's frequencies must not go through bf16.
    return type(model).from_pretrained(folder, dtype=torch.float32).eval()


def write_golden(path, cases):
    with open(path, "wb") as f:
        f.write(struct.pack("<i", len(cases)))
        for ids, values in cases:
            values = np.ascontiguousarray(values, dtype="<f4")
            f.write(struct.pack("<iii", len(ids), *values.shape))
            f.write(np.array(ids, dtype="<i4").tobytes() + values.tobytes())


def inputs(n_vocab, lengths):
    rng = np.random.default_rng(SEED)
    return [rng.integers(0, n_vocab, n).tolist() for n in lengths]


def causal(folder, model, dtype, lengths):
    model = save(randomise(model, 0.15), folder, dtype)
    cases = []
    for ids in inputs(model.config.vocab_size, lengths):
        with torch.no_grad():
            cases.append((ids, model(torch.tensor([ids])).logits[0].numpy()))
    write_golden(os.path.join(folder, "golden.bin"), cases)
    return model


def permute(w, n_heads):
    """HF's order of rows (halves of a head) to llama.cpp's (pairs)."""
    rows, columns = w.shape
    return w.reshape(n_heads, 2, rows // n_heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def write_gguf(path, model):
    import gguf
    c = model.config
    w = gguf.GGUFWriter(path, "llama")
    w.add_name("tiny random llama")
    w.add_context_length(c.max_position_embeddings)
    w.add_embedding_length(c.hidden_size)
    w.add_feed_forward_length(c.intermediate_size)
    w.add_block_count(c.num_hidden_layers)
    w.add_head_count(c.num_attention_heads)
    w.add_head_count_kv(c.num_key_value_heads)
    w.add_layer_norm_rms_eps(c.rms_norm_eps)
    w.add_rope_dimension_count(c.head_dim)
    w.add_rope_freq_base(c.rope_parameters["rope_theta"])
    names = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
             "self_attn.o_proj": "attn_output", "input_layernorm": "attn_norm",
             "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
             "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
    top = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    for name, t in model.state_dict().items():
        stem = name.removesuffix(".weight")
        a = t.numpy().astype(np.float32)
        if stem.startswith("model.layers."):
            _, _, layer, rest = stem.split(".", 3)
            if rest == "self_attn.q_proj":
                a = permute(a, c.num_attention_heads)
            if rest == "self_attn.k_proj":
                a = permute(a, c.num_key_value_heads)
            out = f"blk.{layer}.{names[rest]}.weight"
        else:
            out = top[stem] + ".weight"
        if a.ndim == 1:
            w.add_tensor(out, a)
        else:
            half = gguf.quants.quantize(a, gguf.GGMLQuantizationType.BF16)
            w.add_tensor(out, half, raw_dtype=gguf.GGMLQuantizationType.BF16)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def write_llama():
    folder = os.path.join(GOLDEN, "llama")
    c = transformers.LlamaConfig(
        vocab_size=288, hidden_size=64, intermediate_size=96, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128,
        tie_word_embeddings=False, rms_norm_eps=1e-5)
    model = causal(os.path.join(folder, "gqa"), transformers.LlamaForCausalLM(c), torch.bfloat16,
                   (1, 7, 40))
    write_gguf(os.path.join(folder, "gqa.gguf"), model)
    # Heads of 8 values, which no fused step takes; tied head; biases; Llama 3.1's rope.
    c = transformers.LlamaConfig(
        vocab_size=256, hidden_size=48, intermediate_size=80, num_hidden_layers=2,
        num_attention_heads=6, num_key_value_heads=6, max_position_embeddings=128,
        tie_word_embeddings=True, attention_bias=True, rms_norm_eps=1e-6,
        rope_parameters={"rope_type": "llama3", "rope_theta": 500.0, "factor": 4.0,
                         "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 32})
    causal(os.path.join(folder, "tied"), transformers.LlamaForCausalLM(c), torch.float32, (5, 33))


def write_qwen2():
    c = transformers.Qwen2Config(
        vocab_size=272, hidden_size=64, intermediate_size=112, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=128,
        tie_word_embeddings=True, rms_norm_eps=1e-6, use_sliding_window=False)
    causal(os.path.join(GOLDEN, "qwen2", "tied"), transformers.Qwen2ForCausalLM(c), torch.bfloat16,
           (3, 48))


def write_gemma3_gguf(path, model, period):
    import gguf
    c = model.config
    w = gguf.GGUFWriter(path, "gemma3")
    w.add_name("tiny random gemma3")
    w.add_context_length(c.max_position_embeddings)
    w.add_embedding_length(c.hidden_size)
    w.add_feed_forward_length(c.intermediate_size)
    w.add_block_count(c.num_hidden_layers)
    w.add_head_count(c.num_attention_heads)
    w.add_head_count_kv(c.num_key_value_heads)
    w.add_key_length(c.head_dim)
    w.add_value_length(c.head_dim)
    w.add_layer_norm_rms_eps(c.rms_norm_eps)
    w.add_sliding_window(c.sliding_window)
    w.add_uint32("gemma3.attention.sliding_window_pattern", period)
    w.add_rope_freq_base(c.rope_parameters["full_attention"]["rope_theta"])
    w.add_float32("gemma3.rope.freq_base_swa", c.rope_parameters["sliding_attention"]["rope_theta"])
    names = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
             "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
             "self_attn.k_norm": "attn_k_norm", "input_layernorm": "attn_norm",
             "post_attention_layernorm": "post_attention_norm", "pre_feedforward_layernorm": "ffn_norm",
             "post_feedforward_layernorm": "post_ffw_norm", "mlp.gate_proj": "ffn_gate",
             "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down"}
    top = {"model.embed_tokens": "token_embd", "model.norm": "output_norm"}
    for name, t in model.state_dict().items():
        stem = name.removesuffix(".weight")
        if stem == "lm_head":
            continue
        a = t.numpy().astype(np.float32)
        if stem.startswith("model.layers."):
            _, _, layer, rest = stem.split(".", 3)
            out = f"blk.{layer}.{names[rest]}.weight"
        else:
            out = top[stem] + ".weight"
        if a.ndim == 1:
            w.add_tensor(out, a + 1)
        else:
            half = gguf.quants.quantize(a, gguf.GGMLQuantizationType.BF16)
            w.add_tensor(out, half, raw_dtype=gguf.GGMLQuantizationType.BF16)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def write_gemma3():
    """Texts several times as long as the window; the longest reaches over two chunks of keys."""
    folder = os.path.join(GOLDEN, "gemma3")
    local, full = "sliding_attention", "full_attention"
    c = transformers.Gemma3TextConfig(
        vocab_size=144, hidden_size=48, intermediate_size=80, num_hidden_layers=3,
        num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=128,
        query_pre_attn_scalar=16, sliding_window=9, layer_types=[local, local, full],
        rope_parameters={full: {"rope_type": "default", "rope_theta": 2000.0},
                         local: {"rope_type": "default", "rope_theta": 50.0}})
    model = causal(os.path.join(folder, "window"), transformers.Gemma3ForCausalLM(c), torch.bfloat16,
                   (1, 9, 10, 100))
    write_gemma3_gguf(os.path.join(folder, "window.gguf"), model, 3)
    # Heads of 24 values, which no fused step takes; rope stretched where all is seen; another scale.
    c = transformers.Gemma3TextConfig(
        vocab_size=112, hidden_size=40, intermediate_size=56, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, head_dim=24, max_position_embeddings=128,
        query_pre_attn_scalar=20, sliding_window=33, layer_types=[full, local],
        rope_parameters={full: {"rope_type": "linear", "factor": 8.0, "rope_theta": 1000.0},
                         local: {"rope_type": "default", "rope_theta": 100.0}})
    causal(os.path.join(folder, "stretched"), transformers.Gemma3ForCausalLM(c), torch.float32, (40, 77))


def write_bert():
    for name, pooling in (("mean", "mean"), ("cls", "cls")):
        c = transformers.BertConfig(
            vocab_size=200, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
            num_attention_heads=4, max_position_embeddings=64)
        model = randomise(transformers.BertModel(c, add_pooling_layer=False), 0.15)
        folder = os.path.join(GOLDEN, "bert", name)
        flags = {"word_embedding_dimension": 64, "pooling_mode_cls_token": pooling == "cls",
                 "pooling_mode_mean_tokens": pooling == "mean", "pooling_mode_max_tokens": False}
        dtype = torch.bfloat16
        model = save(model, folder, dtype, {"1_Pooling/config.json": flags})
        cases = []
        for ids in inputs(c.vocab_size, (1, 2, 17, 64)):
            with torch.no_grad():
                h = model(torch.tensor([ids])).last_hidden_state[0]
            v = h.mean(0) if pooling == "mean" else h[0]
            cases.append((ids, torch.nn.functional.normalize(v, dim=0)[None].numpy()))
        write_golden(os.path.join(folder, "golden.bin"), cases)


def write_ops():
    """conv2d: x, w, b, y for a list of (stride, pad, dilation, groups); cross attention: q, k, v, y."""
    generator = torch.Generator().manual_seed(SEED)
    out = []
    for stride, pad, dilation, groups in ((1, 1, 1, 1), (2, 1, 1, 1), (1, 2, 2, 2), (3, 0, 1, 4)):
        x = torch.randn((1, 4, 9, 11), generator=generator)
        w = torch.randn((8, 4 // groups, 3, 3), generator=generator)
        b = torch.randn((8,), generator=generator)
        y = torch.nn.functional.conv2d(x, w, b, stride, pad, dilation, groups)
        out += [x[0], w, b, y[0]]
    q = torch.randn((1, 4, 21, 16), generator=generator)
    k = torch.randn((1, 2, 37, 16), generator=generator)
    v = torch.randn((1, 2, 37, 16), generator=generator)
    y = torch.nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    out += [t[0].transpose(0, 1).reshape(t.shape[2], -1) for t in (q, k, v, y)]
    x = torch.randn((1, 8, 5, 7), generator=generator)
    gain, bias = torch.randn((8,), generator=generator), torch.randn((8,), generator=generator)
    out += [x[0], gain, bias, torch.nn.functional.group_norm(x, 4, gain, bias, 1e-5)[0]]
    os.makedirs(os.path.join(GOLDEN, "ops"), exist_ok=True)
    with open(os.path.join(GOLDEN, "ops", "ops.bin"), "wb") as f:
        for t in out:
            a = np.ascontiguousarray(t.numpy(), dtype="<f4")
            f.write(struct.pack(f"<i{a.ndim}i", a.ndim, *a.shape) + a.tobytes())


def main():
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, transformers {transformers.__version__}")
    write_llama()
    write_qwen2()
    write_gemma3()
    write_bert()
    write_ops()
    return 0


if __name__ == "__main__":
    sys.exit(main())
