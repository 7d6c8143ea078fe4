#!/usr/bin/env python3
"""Makes tests/golden/adapter: random LoRA adapters for the tiny networks of tests/golden, saved by
PEFT, and what PEFT computes with them, in f32.

    python3 tools/golden_adapter.py          (needs torch, transformers, peft, safetensors)

Each adapter is a folder as PEFT writes it, with golden.bin (as in tools/golden_model.py) beside.
Both matrices are random, so that a missing or misplaced term shows.
"""
import json
import os
import struct
import sys

import numpy as np
import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GOLDEN = os.path.join(HERE, "tests", "golden")
SEED = 20260102
ATTENTION = ["q_proj", "k_proj", "v_proj", "o_proj"]
MLP = ["gate_proj", "up_proj", "down_proj"]

# Name: base, lengths of the texts, type of the file, configuration.
ADAPTERS = {
    "qwen2-all": ("qwen2/tied", (1, 21), torch.float32,
                  {"r": 4, "lora_alpha": 8, "target_modules": ATTENTION + MLP}),
    # More than a panel of ranks; exceptions by layer and by module.
    "qwen2-patterns": ("qwen2/tied", (30,), torch.bfloat16,
                       {"r": 20, "lora_alpha": 12, "target_modules": ["q_proj", "v_proj"],
                        "use_rslora": True, "rank_pattern": {"layers.1.self_attn.v_proj": 3},
                        "alpha_pattern": {"q_proj": 5}}),
    # Also for llama's GGUF, whose rows of q and k stand in another order.
    "llama-attention": ("llama/gqa", (1, 19), torch.float16,
                        {"r": 3, "lora_alpha": 6, "target_modules": ATTENTION + ["down_proj"],
                         "layers_to_transform": [0, 2]}),
    # Gate, up and down, where what a linear reads is quantised behind another one.
    "llama-mlp": ("llama/gqa", (9,), torch.float32,
                  {"r": 16, "lora_alpha": 16, "target_modules": MLP + ["o_proj", "k_proj"]}),
    # Heads of 8 values, which no fused step takes.
    "llama-unfused": ("llama/tied", (17,), torch.float32,
                      {"r": 2, "lora_alpha": 2, "target_modules": "all-linear"}),
    # Norms of heads behind q and k; GeLU behind gate.
    "gemma3-some": ("gemma3/window", (24,), torch.float32,
                    {"r": 5, "lora_alpha": 10, "target_modules": ATTENTION + MLP}),
}


def randomise(model):
    generator = torch.Generator().manual_seed(SEED)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_" in name:
                p.copy_(torch.randn(p.shape, generator=generator) * (0.15 if "lora_A" in name else 0.3))


def save(model, folder, dtype):
    model.save_pretrained(folder)
    path = os.path.join(folder, "adapter_model.safetensors")
    save_file({k: v.to(dtype).contiguous() for k, v in load_file(path).items()}, path, {"format": "pt"})
    path = os.path.join(folder, "adapter_config.json")
    config = json.load(open(path, encoding="utf-8"))
    config["base_model_name_or_path"] = None
    config["target_modules"] = sorted(config["target_modules"])
    json.dump(config, open(path, "w", encoding="utf-8"), indent=1, sort_keys=True)
    readme = os.path.join(folder, "README.md")
    if os.path.exists(readme):
        os.remove(readme)


def load_base(name):
    path = os.path.join(GOLDEN, name)
    return transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()


def write_golden(path, cases):
    with open(path, "wb") as f:
        f.write(struct.pack("<i", len(cases)))
        for ids, values in cases:
            values = np.ascontiguousarray(values, dtype="<f4")
            f.write(struct.pack("<iii", len(ids), *values.shape))
            f.write(np.array(ids, dtype="<i4").tobytes() + values.tobytes())


def make(name, base, lengths, dtype, config):
    folder = os.path.join(GOLDEN, "adapter", name)
    model = peft.get_peft_model(load_base(base), peft.LoraConfig(**config))
    randomise(model)
    save(model, folder, dtype)
    model = peft.PeftModel.from_pretrained(load_base(base), folder).eval()
    plain, rng, cases = load_base(base), np.random.default_rng(SEED), []
    for n in lengths:
        ids = rng.integers(0, plain.config.vocab_size, n).tolist()
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0].float().numpy()
            before = plain(torch.tensor([ids])).logits[0].float().numpy()
        assert np.abs(logits - before).max() > 0.1, "the adapter does nothing"
        cases.append((ids, logits))
    write_golden(os.path.join(folder, "golden.bin"), cases)


def main():
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, transformers {transformers.__version__}, peft {peft.__version__}")
    for name, what in ADAPTERS.items():
        make(name, *what)
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
