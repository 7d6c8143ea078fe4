#!/usr/bin/env python3
"""Compares Tiro's forward pass with an independent one over the dequantised tensors.

    tools/verify_model.py --dump build/tests/model_forward_dump --model smollm2-135m.gguf
        [--tokens 4096] [--window 512] [--kld-auto 3e-3] [--kld-f32 1e-6]
    tools/verify_model.py --dump ... --model all-minilm-l6-v2 [--cosine 1e-4]

The reference below is written from the papers in numpy and shares nothing with src/: weights are
dequantised by the gguf package (llama.cpp's own description of its types), products are f32 by
BLAS, everything else f64. Text is Python's standard library and a licence: what every machine has.
For causal models: mean and largest KL divergence of the next-token distributions, agreement of the
likeliest token, and perplexities. For embedders: cosine distance to sentence-transformers where that
is installed, else to the reference here.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy as np


# --- text -------------------------------------------------------------------------------------------

def sample_text():
    """Code and English in turns."""
    import argparse as a
    import heapq
    import textwrap
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    parts = [open(m.__file__, encoding="utf-8").read() for m in (heapq, textwrap, a)]
    english = ""
    for name in ("LICENSE", "README.md", "ARCHITECTURE.md"):
        path = os.path.join(here, name)
        if os.path.exists(path):
            english += open(path, encoding="utf-8").read()
    parts.insert(1, english)
    return parts


def byte_alphabet():
    """GPT-2's printable stand-ins for bytes."""
    keep = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {b: chr(b) for b in keep}
    extra = 0
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + extra)
            extra += 1
    return table


PLAIN_SPLIT = re.compile(r" ?[A-Za-z]+| ?\d| ?[^\sA-Za-z\d]+|\s+(?!\S)|\s+")


def bpe(text, vocab, merges, split=PLAIN_SPLIT):
    """Byte-level BPE with a plain split: not each model's own, but real tokens of real text."""
    alphabet = byte_alphabet()
    ids = []
    for word in split.findall(text):
        parts = [alphabet[b] for b in word.encode()]
        while len(parts) > 1:
            rank, at = min((merges.get((parts[i], parts[i + 1]), 1 << 30), i)
                           for i in range(len(parts) - 1))
            if rank == 1 << 30:
                break
            parts[at:at + 2] = [parts[at] + parts[at + 1]]
        ids += [vocab[p] for p in parts if p in vocab]
    return ids


def spm(text, tokens, scores, types):
    """SentencePiece's BPE, word by word: the neighbours whose token scores highest become one."""
    normal = {t: (s, i) for i, (t, s, kind) in enumerate(zip(tokens, scores, types)) if kind == 1}
    others = {t: i for i, (t, kind) in enumerate(zip(tokens, types)) if kind in (4, 6)}
    ids = []
    for word in re.findall(r"\n+|\t|\u2581*[^\u2581\n\t]+|\u2581+", text.replace(" ", "\u2581")):
        if word in others:
            ids.append(others[word])
            continue
        parts = list(word)
        while len(parts) > 1:
            score, at = max((normal.get(parts[i] + parts[i + 1], (-np.inf,))[0], -i)
                            for i in range(len(parts) - 1))
            if score == -np.inf:
                break
            parts[-at:-at + 2] = [parts[-at] + parts[-at + 1]]
        for p in parts:
            ids += [normal[p][1]] if p in normal else [others[f"<0x{b:02X}>"] for b in p.encode()]
    return ids


# --- causal reference -------------------------------------------------------------------------------

class Gguf:
    def __init__(self, path):
        from gguf import GGUFReader
        self.reader = GGUFReader(path)
        self.tensors = {t.name: t for t in self.reader.tensors}
        self.arch = self.value("general.architecture")

    def value(self, key, default=None):
        field = self.reader.fields.get(key)
        return default if field is None else field.contents()

    def hp(self, key, default=None):
        return self.value(f"{self.arch}.{key}", default)

    def f32(self, name):
        from gguf.quants import dequantize
        t = self.tensors.get(name)
        if t is None:
            return None
        return np.ascontiguousarray(dequantize(t.data, t.tensor_type).astype(np.float32))

    def tokenize(self):
        """A function from text to ids."""
        tokens = self.value("tokenizer.ggml.tokens")
        if self.value("tokenizer.ggml.model") == "llama":
            scores, types = self.value("tokenizer.ggml.scores"), self.value("tokenizer.ggml.token_type")
            return lambda text: spm(text, tokens, scores, types)
        merges = self.value("tokenizer.ggml.merges")
        vocab = {t: i for i, t in enumerate(tokens)}
        ranks = {tuple(m.split(" ", 1)): i for i, m in enumerate(merges)}
        return lambda text: bpe(text, vocab, ranks)


def rms_norm(x, gain, eps):
    x = x.astype(np.float64)
    return (x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * gain).astype(np.float32)


def rope(x, cos, sin, interleaved):
    """x: (T, heads, head_len)."""
    half = cos.shape[-1]
    cos, sin = cos[:, None, :], sin[:, None, :]
    if interleaved:
        a, b = x[..., 0::2], x[..., 1::2]
        y = np.empty_like(x)
        y[..., 0::2], y[..., 1::2] = a * cos - b * sin, a * sin + b * cos
        return y
    a, b = x[..., :half], x[..., half:]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], -1)


def softmax(s):
    s = s - s.max(-1, keepdims=True)
    e = np.exp(s)
    return e / e.sum(-1, keepdims=True)


class CausalReference:
    """llama and qwen2 of a GGUF file."""

    def __init__(self, path):
        self.g = g = Gguf(path)
        self.n_layers = g.hp("block_count")
        self.n_heads = g.hp("attention.head_count")
        self.n_kv = g.hp("attention.head_count_kv", self.n_heads)
        self.eps = g.hp("attention.layer_norm_rms_epsilon")
        self.base = g.hp("rope.freq_base", 10000.0)
        self.embed = g.f32("token_embd.weight")
        self.head = g.f32("output.weight")
        if self.head is None:
            self.head = self.embed
        self.norm = g.f32("output_norm.weight")
        names = ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate",
                 "ffn_up", "ffn_down")
        self.layers = []
        for i in range(self.n_layers):
            layer = {n: g.f32(f"blk.{i}.{n}.weight") for n in names}
            layer.update({n + "_b": g.f32(f"blk.{i}.{n}.bias") for n in names})
            self.layers.append(layer)

    def linear(self, layer, name, x):
        y = x @ layer[name].T
        return y if layer[name + "_b"] is None else y + layer[name + "_b"]

    def attention(self, layer, x, cos, sin):
        rows, heads, kv = x.shape[0], self.n_heads, self.n_kv
        q = self.linear(layer, "attn_q", x).reshape(rows, heads, -1).astype(np.float64)
        k = self.linear(layer, "attn_k", x).reshape(rows, kv, -1).astype(np.float64)
        v = self.linear(layer, "attn_v", x).reshape(rows, kv, -1).astype(np.float64)
        interleaved = self.g.arch == "llama"
        q, k = rope(q, cos, sin, interleaved), rope(k, cos, sin, interleaved)
        mask = np.triu(np.full((rows, rows), -np.inf), 1)
        out = np.empty_like(q)
        for h in range(heads):
            j = h // (heads // kv)
            s = q[:, h] @ k[:, j].T / np.sqrt(q.shape[-1]) + mask
            out[:, h] = softmax(s) @ v[:, j]
        return self.linear(layer, "attn_output", out.reshape(rows, -1).astype(np.float32))

    def logits(self, ids):
        head_len = self.layers[0]["attn_q"].shape[0] // self.n_heads
        freq = self.base ** (-np.arange(0, head_len, 2, dtype=np.float64) / head_len)
        angle = np.arange(len(ids), dtype=np.float64)[:, None] * freq
        cos, sin = np.cos(angle), np.sin(angle)
        x = self.embed[ids]
        for layer in self.layers:
            x = x + self.attention(layer, rms_norm(x, layer["attn_norm"], self.eps), cos, sin)
            y = rms_norm(x, layer["ffn_norm"], self.eps)
            gate = self.linear(layer, "ffn_gate", y).astype(np.float64)
            up = self.linear(layer, "ffn_up", y)
            x = x + self.linear(layer, "ffn_down", (gate / (1 + np.exp(-gate)) * up).astype(np.float32))
        return rms_norm(x, self.norm, self.eps) @ self.head.T


def gelu_tanh(x):
    x = x.astype(np.float64)
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))


class Gemma3Reference:
    """gemma3 of a GGUF file."""

    def __init__(self, path):
        self.g = g = Gguf(path)
        self.heads, self.kv = g.hp("attention.head_count"), g.hp("attention.head_count_kv")
        self.size = g.hp("attention.key_length")
        self.eps = g.hp("attention.layer_norm_rms_epsilon")
        self.window = g.hp("attention.sliding_window")
        self.bases = {"local": 10000.0, "global": g.hp("rope.freq_base", 1e6)}
        self.embed, self.norm = g.f32("token_embd.weight"), g.f32("output_norm.weight")
        names = ("attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "attn_q_norm", "attn_k_norm",
                 "post_attention_norm", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down", "post_ffw_norm")
        self.layers = [{n: g.f32(f"blk.{i}.{n}.weight") for n in names} for i in range(g.hp("block_count"))]

    def attention(self, w, x, kind):
        rows = len(x)
        freq = self.bases[kind] ** (-np.arange(0, self.size, 2, dtype=np.float64) / self.size)
        angle = np.arange(rows, dtype=np.float64)[:, None] * freq
        cos, sin = np.cos(angle), np.sin(angle)
        q = rms_norm((x @ w["attn_q"].T).reshape(rows, self.heads, self.size), w["attn_q_norm"], self.eps)
        k = rms_norm((x @ w["attn_k"].T).reshape(rows, self.kv, self.size), w["attn_k_norm"], self.eps)
        v = (x @ w["attn_v"].T).reshape(rows, self.kv, self.size).astype(np.float64)
        q, k = (rope(a.astype(np.float64), cos, sin, False) for a in (q, k))
        behind = np.arange(rows)[:, None] - np.arange(rows)[None, :]
        seen = (behind >= 0) & ((behind < self.window) | (kind == "global"))
        out = np.empty((rows, self.heads, self.size))
        for h in range(self.heads):
            j = h // (self.heads // self.kv)
            s = np.where(seen, q[:, h] @ k[:, j].T / np.sqrt(self.size), -np.inf)
            out[:, h] = softmax(s) @ v[:, j]
        return out.reshape(rows, -1).astype(np.float32) @ w["attn_output"].T

    def logits(self, ids):
        x = self.embed[ids] * np.float32(np.sqrt(self.embed.shape[1]))
        for i, w in enumerate(self.layers):
            y = rms_norm(x, w["attn_norm"], self.eps)
            y = self.attention(w, y, "global" if i % 6 == 5 else "local")
            x = x + rms_norm(y, w["post_attention_norm"], self.eps)
            y = rms_norm(x, w["ffn_norm"], self.eps)
            y = (gelu_tanh(y @ w["ffn_gate"].T) * (y @ w["ffn_up"].T)).astype(np.float32)
            x = x + rms_norm(y @ w["ffn_down"].T, w["post_ffw_norm"], self.eps)
        return rms_norm(x, self.norm, self.eps) @ self.embed.T


def log_softmax(x):
    x = x.astype(np.float64)
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def dump(args, text, compute, extra=()):
    with tempfile.NamedTemporaryFile() as out:
        r = subprocess.run([args.dump, args.model, out.name, "--compute", compute, *extra],
                           input=text, text=True, capture_output=True)
        if r.returncode != 0:
            sys.exit(f"{args.dump}: {r.stderr}")
        sys.stderr.write(f"  {compute}: {r.stderr}")
        return np.fromfile(out.name, dtype=np.float32)


ROWS = 64  # Compared at a time: a row of f64 logits of a large vocabulary is 2 MB.


def compare(p, q, targets):
    """KL divergence and agreement by row, and the reference's and our -log of the targets."""
    kld, same, nll = [], 0, ([], [])
    for at in range(0, len(p), ROWS):
        a, b = log_softmax(p[at:at + ROWS]), log_softmax(q[at:at + ROWS])
        kld += list((np.exp(a) * (a - b)).sum(-1))
        same += int((a.argmax(-1) == b.argmax(-1)).sum())
        t = targets[at:at + ROWS]
        for x, out in ((a, nll[0]), (b, nll[1])):
            out += list(-x[np.arange(len(t)), t])
    return kld, same, nll


def verify_causal(args):
    gemma = Gguf(args.model).arch == "gemma3"
    ref = (Gemma3Reference if gemma else CausalReference)(args.model)
    tokenize = ref.g.tokenize()
    per_part = args.tokens // 4
    ids = []
    for part in sample_text():
        ids += tokenize(part[:per_part * 8])[:per_part]
    report = {"model": os.path.basename(args.model), "tokens": len(ids), "window": args.window}
    totals = {c: [] for c in ("auto", "f32")}
    same = {c: 0 for c in totals}
    nll = {c: [] for c in ("reference", "auto", "f32")}
    n_rows = 0
    first = [ref.g.value("tokenizer.ggml.bos_token_id")] if ref.g.value("tokenizer.ggml.add_bos_token") else []
    step = args.window - len(first)
    for at in range(0, len(ids), step):
        window = first + ids[at:at + step]
        p = ref.logits(window)
        targets = np.array(window[1:])
        for compute in totals:
            q = dump(args, " ".join(map(str, window)), compute,
                     ("--window", str(args.window), "--chunk", str(args.chunk), "--threads",
                      str(args.threads)))
            kld, n_same, losses = compare(p, q.reshape(len(window), -1), targets)
            totals[compute] += kld
            same[compute] += n_same
            nll[compute] += losses[1]
        nll["reference"] += losses[0]
        n_rows += len(window)
        print(f"  {n_rows} tokens: " + ", ".join(
            f"{c} {np.mean(totals[c]):.3e}" for c in totals), flush=True)
    report["perplexity"] = {c: float(np.exp(np.mean(v))) for c, v in nll.items()}
    bounds = {"auto": args.kld_auto, "f32": args.kld_f32}
    ok = True
    for c in totals:
        kld = np.array(totals[c])
        report[c] = {"kld_mean": float(kld.mean()), "kld_max": float(kld.max()),
                     "kld_99": float(np.quantile(kld, 0.99)), "same_top": same[c] / n_rows}
        ok = ok and bool(kld.mean() <= bounds[c])
    return report, ok


# --- embedder reference -----------------------------------------------------------------------------

def layer_norm(x, gain, bias, eps):
    x = x.astype(np.float64)
    x = x - x.mean(-1, keepdims=True)
    return (x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * gain + bias).astype(np.float32)


def gelu(x):
    from math import erf
    return (x * 0.5 * (1 + np.vectorize(erf)(x / np.sqrt(2.0)))).astype(np.float32)


def read_safetensors(path):
    raw = open(path, "rb").read()
    n = int.from_bytes(raw[:8], "little")
    out = {}
    for name, t in json.loads(raw[8:8 + n]).items():
        if name != "__metadata__" and t["dtype"] == "F32":
            a, b = t["data_offsets"]
            out[name] = np.frombuffer(raw[8 + n + a:8 + n + b], np.float32).reshape(t["shape"])
    return out


class BertReference:
    def __init__(self, path):
        self.w = read_safetensors(os.path.join(path, "model.safetensors"))
        self.config = json.load(open(os.path.join(path, "config.json"), encoding="utf-8"))

    def linear(self, name, x):
        return x @ self.w[name + ".weight"].T + self.w[name + ".bias"]

    def norm(self, name, x):
        return layer_norm(x, self.w[name + ".weight"], self.w[name + ".bias"],
                          self.config["layer_norm_eps"])

    def embed(self, ids):
        w, heads = self.w, self.config["num_attention_heads"]
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.token_type_embeddings.weight"][0]
        x = x + w["embeddings.position_embeddings.weight"][:len(ids)]
        x = self.norm("embeddings.LayerNorm", x)
        for i in range(self.config["num_hidden_layers"]):
            p = f"encoder.layer.{i}."
            q, k, v = (self.linear(p + "attention.self." + n, x).reshape(len(ids), heads, -1)
                       for n in ("query", "key", "value"))
            s = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(q.shape[-1])
            a = np.einsum("hqk,khd->qhd", softmax(s), v).reshape(len(ids), -1).astype(np.float32)
            x = self.norm(p + "attention.output.LayerNorm",
                          x + self.linear(p + "attention.output.dense", a))
            h = gelu(self.linear(p + "intermediate.dense", x))
            x = self.norm(p + "output.LayerNorm", x + self.linear(p + "output.dense", h))
        y = x.astype(np.float64).mean(0)
        return y / np.linalg.norm(y)


def sentences(n):
    text = " ".join(sample_text()[1].split())
    words = text.split(" ")
    return [" ".join(words[i * 17:i * 17 + 1 + i * i % 150]) for i in range(n)]


def verify_embedder(args):
    vocab = json.load(open(os.path.join(args.model, "tokenizer.json"), encoding="utf-8"))
    texts = sentences(args.texts)
    try:
        from sentence_transformers import SentenceTransformer
        st = SentenceTransformer(args.model, device="cpu")
        want = st.encode(texts, normalize_embeddings=True)
        ids = [list(st.tokenizer(t, truncation=True, max_length=st.max_seq_length)["input_ids"])
               for t in texts]
        against = "sentence-transformers"
    except ImportError:
        table = vocab["model"]["vocab"]
        ids = [[table["[CLS]"]] + [table[w] for w in re.findall(r"[a-z]+|[^\sa-z]", t.lower())
                                   if w in table][:200] + [table["[SEP]"]] for t in texts]
        ref = BertReference(args.model)
        want = np.stack([ref.embed(i) for i in ids])
        against = "numpy reference"
    report = {"model": os.path.basename(args.model), "texts": len(texts), "against": against}
    ok = True
    for compute in ("auto", "f32"):
        got = dump(args, "\n".join(" ".join(map(str, i)) for i in ids) + "\n", compute,
                   ("--threads", str(args.threads)))
        got = got.reshape(len(texts), -1)
        distance = 1 - (got * want).sum(-1)
        report[compute] = {"cosine_distance_max": float(distance.max()),
                           "length_error_max": float(abs(np.linalg.norm(got, axis=-1) - 1).max())}
        ok = ok and bool(distance.max() <= args.cosine)
    return report, ok


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--dump", required=True, help="the program model_forward_dump")
    p.add_argument("--model", required=True)
    p.add_argument("--tokens", type=int, default=4096)
    p.add_argument("--window", type=int, default=512)
    p.add_argument("--chunk", type=int, default=128)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--texts", type=int, default=32)
    p.add_argument("--kld-auto", type=float, default=3e-3)
    p.add_argument("--kld-f32", type=float, default=1e-6)
    p.add_argument("--cosine", type=float, default=1e-4)
    args = p.parse_args()
    verify = verify_embedder if os.path.isdir(args.model) else verify_causal
    report, ok = verify(args)
    print(json.dumps(report, indent=2))
    print("ok" if ok else "FAILED: outside the bounds")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
