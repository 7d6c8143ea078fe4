#!/usr/bin/env python3
"""Prefill, decode and batched decode against llama.cpp's own benchmarks, interleaved.

    bench/compare.py --peer DIR [--pairs 5] [--threads 2] [--batch 16] [--json OUT] MODEL.gguf...

DIR holds the peer's llama-bench and llama-batched-bench, built elsewhere. Each pair runs ours and
then the peer's on the same file and threads; the figures are medians over the pairs with the
smallest and the largest, and the ratio of each pair. The peer keeps its own defaults (flash
attention auto, repacking on), so nothing puts it at a disadvantage. The load average is recorded:
above 0.5 at the start the figures mean nothing, and the script says so.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys

TIRO = pathlib.Path(__file__).resolve().parent.parent / "build" / "tiro"


def run(argv):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{argv[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def ours(model, threads, prompt, gen, batch):
    out = json.loads(run([TIRO, "bench", model, "--prompt", prompt, "--gen", gen, "--batch", batch,
                          "--threads", threads, "--repeat", 1, "--json"]))
    return {k: out[k]["median"] for k in ("prefill_tokens_per_s", "decode_tokens_per_s") if k in out}


def peer_single(peer, model, threads, prompt, gen):
    rows = json.loads(run([peer / "llama-bench", "-m", model, "-t", threads, "-p", prompt, "-n", gen,
                           "-r", 1, "-o", "json"]))
    out = {}
    for row in rows:
        key = "prefill_tokens_per_s" if row["n_prompt"] else "decode_tokens_per_s"
        out[key] = row["avg_ts"]
    return out


def peer_batched(peer, model, threads, prompt, gen, batch):
    text = run([peer / "llama-batched-bench", "-m", model, "-t", threads, "-c",
                batch * (prompt + gen) + 512, "-npp", prompt, "-ntg", gen, "-npl", batch])
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) >= 8 and cells[0] == str(prompt) and cells[2] == str(batch):
            return float(cells[7])
    sys.exit(f"no figure in the peer's table:\n{text[-2000:]}")


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def cpu():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    match = re.search(r"model name\s*:\s*(.*)", text)
    return match.group(1) if match else platform.processor()


def compare(model, args):
    rows = {"prefill": ([], []), "decode": ([], []), "batched": ([], [])}
    for pair in range(args.pairs):
        a = ours(model, args.threads, args.prompt, args.gen, 1)
        b = peer_single(args.peer, model, args.threads, args.prompt, args.gen)
        for name in ("prefill", "decode"):
            rows[name][0].append(a[f"{name}_tokens_per_s"])
            rows[name][1].append(b[f"{name}_tokens_per_s"])
        # llama-batched-bench gives each sequence its own prompt first; ours starts at that depth.
        a = json.loads(run([TIRO, "bench", model, "--prompt", 0, "--gen", 64, "--batch", args.batch,
                            "--depth", 128, "--threads", args.threads, "--repeat", 1, "--json"]))
        rows["batched"][0].append(a["decode_tokens_per_s"]["median"])
        rows["batched"][1].append(peer_batched(args.peer, model, args.threads, 128, 64, args.batch))
        print(f"{model.name}: pair {pair + 1} of {args.pairs}", file=sys.stderr)
    out = {}
    for name, (mine, theirs) in rows.items():
        out[name] = {"tiro": spread(mine), "peer": spread(theirs),
                     "ratio": spread([m / t for m, t in zip(mine, theirs)])}
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--peer", type=pathlib.Path, required=True)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--gen", type=int, default=128)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"load average {load:.2f}: other work is running; do not believe the figures",
              file=sys.stderr)
    result = {"cpu": cpu(), "threads": args.threads, "load": load, "pairs": args.pairs,
              "models": {m.name: compare(m, args) for m in args.models}}
    print(f"{result['cpu']}, {args.threads} threads, load {load:.2f}, {args.pairs} pairs; tokens/s")
    for name, rows in result["models"].items():
        for what, r in rows.items():
            print(f"{name:28s} {what:8s} {r['tiro']['median']:9.1f} ({r['tiro']['min']:.1f}-"
                  f"{r['tiro']['max']:.1f})  peer {r['peer']['median']:9.1f} ({r['peer']['min']:.1f}-"
                  f"{r['peer']['max']:.1f})  ratio {r['ratio']['median']:.2f} "
                  f"({r['ratio']['min']:.2f}-{r['ratio']['max']:.2f})")
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
