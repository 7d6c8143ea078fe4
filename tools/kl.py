#!/usr/bin/env python3
"""What a quantised copy loses: KL divergence of its next-token distributions from the original's.

    tools/kl.py --dump build/tests/model_forward_dump ORIGINAL.gguf COPY.gguf...
        [--tokens 2048] [--window 512] [--threads 2] [--compute auto|f32]
        [--kv-type auto|f16|f32|q8_0] [--json]

The reference is the original computed in f32 (weights dequantised, nothing else rounded); each copy,
and the original itself, is computed as the server computes it (--compute f32: the loss of the weights
alone). Text is what every machine has: this
repository's and Python's standard library (tools/verify_model.py). Token ids are those of a plain
BPE over the model's vocabulary, the same for all. Needs numpy and gguf.
"""
import argparse
import json
import subprocess
import tempfile

import numpy as np

from verify_model import Gguf, log_softmax, sample_text

CHUNK = 64  # Positions at a time: 64 of 150,000 logits are 40 MB.


def ids_of(model, n):
    tokenize, parts = Gguf(model).tokenize(), sample_text()
    share = -(-n // len(parts))  # Code and English in equal parts.
    ids = []
    for part in parts:
        ids += tokenize(part[:share * 8])[:share]
    return ids[:n]


def forward(args, model, ids, compute, kv_type, out):
    text = " ".join(str(i) for i in ids)
    subprocess.run([args.dump, model, out.name, "--compute", compute, "--window", str(args.window),
                    "--threads", str(args.threads), "--kv-type", kv_type], input=text, text=True, check=True)
    return np.memmap(out.name, dtype="<f4", mode="r").reshape(len(ids), -1)


def compare(want, got, ids, window):
    kld, same, loss, scored = [], 0, 0.0, 0
    for at in range(0, len(ids), CHUNK):
        p, q = log_softmax(want[at:at + CHUNK]), log_softmax(got[at:at + CHUNK])
        kld.append((np.exp(p) * (p - q)).sum(-1))
        same += int((p.argmax(-1) == q.argmax(-1)).sum())
        for i in range(len(q)):
            if (at + i + 1) % window and at + i + 1 < len(ids):  # The next id is of this window.
                loss -= q[i, ids[at + i + 1]]
                scored += 1
    kld = np.concatenate(kld)
    return {"kld_mean": float(kld.mean()), "kld_99": float(np.quantile(kld, 0.99)),
            "kld_max": float(kld.max()), "same_top": same / len(ids),
            "perplexity": float(np.exp(loss / scored))}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("original")
    parser.add_argument("copies", nargs="*")
    parser.add_argument("--dump", required=True)
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--window", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compute", choices=("auto", "f32"), default="auto")
    parser.add_argument("--kv-type", choices=("auto", "f16", "f32", "q8_0"), default="auto")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    ids = ids_of(args.original, args.tokens)
    report = {"tokens": len(ids), "window": args.window, "models": {}}
    with tempfile.NamedTemporaryFile() as reference, tempfile.NamedTemporaryFile() as out:
        want = forward(args, args.original, ids, "f32", "auto", reference)
        report["perplexity_f32"] = compare(want, want, ids, args.window)["perplexity"]
        for model in [args.original, *args.copies]:
            got = forward(args, model, ids, args.compute, args.kv_type, out)
            report["models"][model] = r = compare(want, got, ids, args.window)
            if not args.json:
                print(f"{model}: KL mean {r['kld_mean']:.5f}, 99th {r['kld_99']:.4f}, "
                      f"max {r['kld_max']:.3f}, same top {100 * r['same_top']:.2f} %, perplexity "
                      f"{r['perplexity']:.3f} (f32 of the original {report['perplexity_f32']:.3f})",
                      flush=True)
    if args.json:
        print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
