#!/usr/bin/env python3
"""The accuracy gates: how far next-token distributions are from f32 arithmetic, ours and a peer's.

    tools/gates.py --dump build/tests/model_forward_dump --peer ./llama_logits --rows rows.jsonl MODEL.gguf
        [--tokens 32768] [--window 512] [--seconds 80] [--threads 1] [--also NAME=PROGRAM]... [--json]

The reference is the file computed in f32 by --dump (weights dequantised, nothing else rounded), itself
held against an independent implementation by tools/verify_model.py. Each engine is a program called as
`PROGRAM MODEL OUT --window N --threads N < ids` that writes the logits of every id as raw f32: ours, the
peer's (tools/llama_logits.c for llama.cpp), and any other build given by --also. All get the same ids,
run beside each other and are read window by window, so nothing is kept but one line for each window in
--rows. Where that file has windows already, the next run goes on behind them; --seconds ends a run in
time, and the table is of all windows so far.

Gates, against the peer: mean KL divergence at most 1.1 times its own, perplexity within 0.1 % of its own,
and at least its agreement with the reference about the likeliest token. Text: Python's standard library
and its language reference, this repository's C and its documents, a quarter each. Exit status 1: not
all gates are met. Needs numpy and gguf.
"""
import argparse
import contextlib
import json
import math
import os
import pathlib
import pydoc_data.topics
import subprocess
import sys
import tempfile
import time

import numpy as np

from verify_model import Gguf, sample_text

ROOT = pathlib.Path(__file__).resolve().parents[1]
ROWS = 16  # Compared at a time: 16 rows of 150,000 f32 logits stay in the cache.
KLD_RATIO, PERPLEXITY_RATIO = 1.1, 1.001


# --- text ---------------------------------------------------------------------------------------------

def parts():
    """Code and prose by turns: Python, English, C, English."""
    python = "".join(p for i, p in enumerate(sample_text()) if i != 1)
    topics = pydoc_data.topics.topics
    c = sorted((ROOT / "src").glob("*/*.c"))[::4]
    prose = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md")), ROOT / "LICENSE"]
    return [python, "\n".join(topics[k] for k in sorted(topics)),
            *("\n".join(p.read_text() for p in files) for files in (c, prose))]


def tokenize(args, text):
    done = subprocess.run([args.tiro, "tokenize", args.model, "--json"], input=text, text=True,
                          capture_output=True, check=True)
    return json.loads(done.stdout)["ids"]


def ids_of(args):
    share = -(-args.tokens // 4)
    quarters = [tokenize(args, part[:share * 8])[:share] for part in parts()]
    for quarter in quarters:
        if len(quarter) < share:
            sys.exit(f"a quarter of the text has {len(quarter)} tokens, not the {share} asked for")
    return sum(quarters, [])


def windows_of(gguf, args):
    """Full windows, turning from quarter to quarter so that the first few are of every kind."""
    first = [gguf.value("tokenizer.ggml.bos_token_id")] if gguf.value("tokenizer.ggml.add_bos_token") else []
    ids, step = ids_of(args), args.window - len(first)
    quarter = len(ids) // 4
    per_quarter = -(-quarter // step)
    starts = [q * quarter + min(i * step, quarter - step) for i in range(per_quarter) for q in range(4)]
    return [first + ids[at:at + step] for at in starts]


# --- engines ------------------------------------------------------------------------------------------

@contextlib.contextmanager
def engine(program, model, windows, args, *options):
    """A program at work on the windows; gives the pipe its logits come from."""
    read, write = os.pipe()
    with tempfile.TemporaryFile("w+") as ids, os.fdopen(read, "rb") as pipe:
        ids.write(" ".join(str(i) for window in windows for i in window))
        ids.seek(0)
        process = subprocess.Popen([program, model, f"/dev/fd/{write}", "--window", str(args.window),
                                    "--threads", str(args.threads), *options],
                                   stdin=ids, stderr=subprocess.DEVNULL, pass_fds=[write])
        os.close(write)
        try:
            yield pipe
        finally:
            process.kill()
            process.wait()


def logits(pipe, rows, width, name):
    data = pipe.read(rows * width * 4)
    if len(data) != rows * width * 4:
        sys.exit(f"{name} ended early: {len(data)} bytes of a window of {rows * width * 4}")
    return np.frombuffer(data, dtype="<f4").reshape(rows, width)


# --- comparison ---------------------------------------------------------------------------------------

def normaliser(x):
    """exp(x - its largest), the sum of that, and log sum exp, by row."""
    top = x.max(-1, keepdims=True)
    e = np.exp(x - top)
    total = e.sum(-1, dtype=np.float64)
    return e, total, np.log(total) + top[:, 0]


def compare(p, q, ids):
    """KL divergence of q from p by row, rows with the same likeliest token, -log q of each next id."""
    kld, same, nll = [], 0, []
    for at in range(0, len(p), ROWS):
        a, b = p[at:at + ROWS], q[at:at + ROWS]
        e, total, log_a = normaliser(a)
        _, _, log_b = normaliser(b)
        kld += ((e * (a - b)).sum(-1, dtype=np.float64) / total - log_a + log_b).tolist()
        same += int((a.argmax(-1) == b.argmax(-1)).sum())
        t = ids[at + 1:at + 1 + len(b)]
        nll += (log_b[:len(t)] - b[np.arange(len(t)), t]).tolist()
    return {"kld": kld, "same": same, "nll": sum(nll), "n_nll": len(nll)}


def measure(model, width, windows, done, args, rows_file):
    programs = {"reference": (args.dump, "--compute", "f32"), "tiro": (args.dump,), "peer": (args.peer,)}
    programs.update((name, (program,)) for name, program in args.also)
    end = time.monotonic() + args.seconds
    todo = windows[done:]
    with contextlib.ExitStack() as stack:
        pipes = {name: stack.enter_context(engine(p[0], model, todo, args, *p[1:]))
                 for name, p in programs.items()}
        for ids in todo:
            if time.monotonic() > end:
                break
            want = logits(pipes["reference"], len(ids), width, "the reference")
            row = {"rows": len(ids), "reference": compare(want, want, ids)}
            for name in list(programs)[1:]:
                row[name] = compare(want, logits(pipes[name], len(ids), width, name), ids)
            rows_file.write(json.dumps(row) + "\n")
            rows_file.flush()


# --- the table ----------------------------------------------------------------------------------------

def near(engine, peer):
    return 1 / PERPLEXITY_RATIO <= engine["perplexity"] / peer["perplexity"] <= PERPLEXITY_RATIO


def summarise(rows):
    out = {"tokens": sum(r["rows"] for r in rows), "engines": {}}
    for name in rows[0]:
        if name == "rows":
            continue
        kld = np.concatenate([r[name]["kld"] for r in rows])
        out["engines"][name] = {
            "kld_mean": float(kld.mean()), "kld_99": float(np.quantile(kld, 0.99)),
            "kld_max": float(kld.max()),
            "kld_error": float(kld.std() / math.sqrt(len(kld))),
            "same_top": sum(r[name]["same"] for r in rows) / out["tokens"],
            "perplexity": math.exp(sum(r[name]["nll"] for r in rows) / sum(r[name]["n_nll"] for r in rows))}
    tiro, peer = (out["engines"][name] for name in ("tiro", "peer"))
    out["gates"] = {
        "kld": tiro["kld_mean"] <= KLD_RATIO * peer["kld_mean"],
        "perplexity": near(tiro, peer),
        "same_top": tiro["same_top"] >= peer["same_top"]}
    return out


def tell(model, summary):
    print(f"{model}: {summary['tokens']} tokens")
    peer = summary["engines"]["peer"]
    for name, e in summary["engines"].items():
        print(f"  {name:10s} KL {e['kld_mean']:.3e} +- {e['kld_error']:.0e} "
              f"({e['kld_mean'] / peer['kld_mean']:.2f} of the peer's), 99th {e['kld_99']:.1e}, "
              f"max {e['kld_max']:.1e}, same top {100 * e['same_top']:.2f} %, perplexity "
              f"{e['perplexity']:.4f} ({100 * (e['perplexity'] / peer['perplexity'] - 1):+.3f} %)")
    print("  gates: " + ", ".join(f"{gate} {'met' if met else 'MISSED'}"
                                  for gate, met in summary["gates"].items()))
    if not near(summary["engines"]["reference"], peer):
        print("  the reference's own perplexity is not within 0.1 % of the peer's: exact arithmetic would miss")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--dump", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--tiro", default=ROOT / "build" / "tiro", help="tokenizes (default build/tiro)")
    parser.add_argument("--also", action="append", default=[], metavar="NAME=PROGRAM",
                        type=lambda words: tuple(words.split("=", 1)))
    parser.add_argument("--rows", required=True, type=pathlib.Path)
    parser.add_argument("--tokens", type=int, default=32768, help="(default 32768)")
    parser.add_argument("--window", type=int, default=512, help="(default 512)")
    parser.add_argument("--threads", type=int, default=1, help="of each program (default 1)")
    parser.add_argument("--seconds", type=float, default=math.inf, help="begin no window after these")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main():
    args = arguments()
    lines = args.rows.read_text().splitlines() if args.rows.exists() else []
    rows = [json.loads(line) for line in lines]
    gguf = Gguf(args.model)
    windows = windows_of(gguf, args)
    if len(rows) < len(windows):
        with args.rows.open("a") as f:
            measure(args.model, len(gguf.value("tokenizer.ggml.tokens")), windows, len(rows), args, f)
        rows = [json.loads(line) for line in args.rows.read_text().splitlines()]
    summary = summarise(rows)
    if args.json:
        print(json.dumps(summary, indent=1))
    else:
        tell(os.path.basename(args.model), summary)
    return 0 if all(summary["gates"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
