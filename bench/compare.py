#!/usr/bin/env python3
"""Prefill, decode and batched decode against llama.cpp's own benchmarks, interleaved.

    bench/compare.py --peer DIR MODEL.gguf...
    bench/compare.py --peer DIR --pairs 5 --batch 4,16 --depth 4096 --json out.json --svg out.svg M.gguf
    bench/compare.py --pairs 5 MODEL.gguf                   ours alone, against the bandwidth

DIR holds the peer's llama-bench and llama-batched-bench, built elsewhere. Each pair runs ours and
then the peer's (the next pair the other way round) on the same file and threads; the figures are
medians over the pairs with the smallest and the largest, and the ratio of each pair. The peer keeps
its own defaults (flash attention auto, repacking on), so nothing puts it at a disadvantage.

Memory bandwidth is read in every pair by build/bandwidth. The roofline of decoding is that, divided
by the bytes a step must read: every weight once (the token embeddings only where they are the head,
too) and the keys and values of --depth tokens a sequence. `share` is what was reached of it; beyond
some sequences arithmetic is the limit, and the share falls. The load average is recorded: above 0.5
at the start the figures mean nothing, and the script says so.
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

import svg

BUILD = pathlib.Path(os.environ.get("TIRO_BUILD",
                                    pathlib.Path(__file__).resolve().parent.parent / "build"))
BATCH_DEPTH, BATCH_GEN = 128, 64  # Of the batched measure: what the peer's can be asked for, too.


def run(argv):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{argv[0]} failed:\n{done.stderr[-2000:]}")
    return done.stdout


# --- what is measured ---------------------------------------------------------------------------------

def ours(model, args, prompt, gen, batch, depth):
    out = json.loads(run([BUILD / "tiro", "bench", model, "--prompt", prompt, "--gen", gen, "--batch",
                          batch, "--depth", depth, "--threads", args.threads, "--repeat", 1, "--json"]))
    return {k: out[f"{k}_tokens_per_s"]["median"] for k in ("prefill", "decode")
            if f"{k}_tokens_per_s" in out}


def peer_single(model, args):
    rows = json.loads(run([args.peer / "llama-bench", "-m", model, "-t", args.threads, "-p",
                           args.prompt, "-n", args.gen, "-d", args.depth, "-r", 1, "-o", "json"]))
    return {"prefill" if row["n_prompt"] else "decode": row["avg_ts"] for row in rows}


def peer_batched(model, args):
    """Tokens a second by batch, from the column S_TG of its table."""
    most = max(args.batch)
    text = run([args.peer / "llama-batched-bench", "-m", model, "-t", args.threads, "-c",
                most * (BATCH_DEPTH + BATCH_GEN) + 512, "-npp", BATCH_DEPTH, "-ntg", BATCH_GEN,
                "-npl", ",".join(map(str, args.batch))])
    out = {}
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) >= 8 and cells[0] == str(BATCH_DEPTH) and cells[2].isdigit():
            out[f"batch {cells[2]}"] = float(cells[7])
    if len(out) != len(args.batch):
        sys.exit(f"no figures in the peer's table:\n{text[-2000:]}")
    return out


def measure_ours(model, args):
    out = ours(model, args, args.prompt, args.gen, 1, args.depth)
    for batch in args.batch:
        # llama-batched-bench gives each sequence its own prompt first; ours starts at that depth.
        out[f"batch {batch}"] = ours(model, args, 0, BATCH_GEN, batch, BATCH_DEPTH)["decode"]
    return out


def measure_peer(model, args):
    return {**peer_single(model, args), **(peer_batched(model, args) if args.batch else {})}


def bandwidth(args):
    """GB/s by number of threads."""
    return {row["threads"]: row["gb_per_s"] for row in json.loads(run([BUILD / "bandwidth", args.threads]))}


# --- what can be reached ------------------------------------------------------------------------------

def bytes_read(model):
    """(weights a step reads, keys and values a token of context) in bytes."""
    facts = json.loads(run([BUILD / "tiro", "show", model, "--json"]))
    sizes = {t["name"]: t["bytes"] for t in facts["tensors"]}
    tied = "output.weight" not in sizes
    weights = sum(n for name, n in sizes.items() if tied or name != "token_embd.weight")
    heads, arch = facts["metadata"], facts["architecture"]
    n_heads = heads[f"{arch}.attention.head_count"]
    n_kv = heads.get(f"{arch}.attention.head_count_kv", n_heads)
    width = heads.get(f"{arch}.attention.key_length", heads[f"{arch}.embedding_length"] // n_heads)
    return weights, facts["layers"] * n_kv * width * 2 * 2  # Keys and values, two bytes each.


def roofline(what, model, args, gb_per_s):
    """Tokens a second that the bandwidth allows; None for prefill, which arithmetic limits."""
    if what == "prefill":
        return None
    weights, kv = bytes_read(model)
    batch = 1 if what == "decode" else int(what.split()[1])
    depth = args.depth + args.gen / 2 if what == "decode" else BATCH_DEPTH + BATCH_GEN / 2
    return batch * gb_per_s * 1e9 / (weights + batch * depth * kv)


# --- the comparison -----------------------------------------------------------------------------------

def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def cpu():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    match = re.search(r"model name\s*:\s*(.*)", text)
    return match.group(1) if match else platform.processor()


def compare(model, args):
    mine, theirs, read = [], [], []
    for pair in range(args.pairs):
        read.append(bandwidth(args))
        jobs = [(mine, measure_ours)] + ([(theirs, measure_peer)] if args.peer else [])
        for row, measure in jobs[::-1] if pair % 2 else jobs:
            row.append(measure(model, args))
        print(f"{model.name}: pair {pair + 1} of {args.pairs}", file=sys.stderr)
    gb_per_s = statistics.median(max(r.values()) for r in read)
    out = {"bandwidth_gb_per_s": {t: spread([r[t] for r in read]) for t in read[0]}, "rows": {}}
    for what in mine[0]:
        row = out["rows"][what] = {"tiro": spread([m[what] for m in mine])}
        row["roofline"] = roofline(what, model, args, gb_per_s)
        if row["roofline"]:
            row["share"] = row["tiro"]["median"] / row["roofline"]
        if args.peer:
            row["peer"] = spread([t[what] for t in theirs])
            row["ratio"] = spread([m[what] / t[what] for m, t in zip(mine, theirs)])
    return out


def tell(name, result):
    def show(r, digits=1):
        return f"{r['median']:.{digits}f} ({r['min']:.{digits}f}-{r['max']:.{digits}f})"

    read = ", ".join(f"{t}: {r['median']:.1f}" for t, r in result["bandwidth_gb_per_s"].items())
    print(f"{name}: read bandwidth in GB/s by threads {read}")
    print(f"  {'':9s} {'tokens/s':24s} {'roofline':>9s} {'share':>6s}  {'peer':24s} ratio")
    for what, r in result["rows"].items():
        roof = f"{r['roofline']:9.1f} {100 * r['share']:4.0f} %" if r["roofline"] else " " * 16
        peer = f"{show(r['peer']):24s} {show(r['ratio'], 2)}" if "peer" in r else ""
        print(f"  {what:9s} {show(r['tiro']):24s} {roof}  {peer}".rstrip())


def plot(result):
    panels = []
    for name, model in result["models"].items():
        rows = model["rows"]
        for title, keys in (("prefill", ["prefill"]), ("decode", [k for k in rows if k != "prefill"])):
            series = {"tiro": [rows[k]["tiro"]["median"] for k in keys]}
            if result["peer"]:
                series["peer"] = [rows[k]["peer"]["median"] for k in keys]
            if title == "decode":
                # With many sequences arithmetic is the limit: the memory's would dwarf the bars.
                series["roofline"] = [rows[k]["roofline"] if k == "decode" else None for k in keys]
            panels.append(svg.bars(f"{name}: {title}", "tokens/s", keys, series))
    return svg.page(f"{result['cpu']}, {result['threads']} threads, medians of {result['pairs']}", panels)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--peer", type=pathlib.Path, help="folder of the peer's programs")
    parser.add_argument("--pairs", type=int, default=5, help="(default 5)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="(default: one a core)")
    parser.add_argument("--prompt", type=int, default=512, help="tokens read (default 512)")
    parser.add_argument("--gen", type=int, default=128, help="tokens written (default 128)")
    parser.add_argument("-d", "--depth", type=int, default=0,
                        help="tokens before what is read and written (default 0)")
    parser.add_argument("--batch", type=lambda words: [int(w) for w in words.split(",") if w],
                        default=[16], help="sequences at once, with commas; '' for none (default 16)")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path)
    return parser.parse_args()


def main():
    args = arguments()
    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"load average {load:.2f}: other work is running; do not believe the figures",
              file=sys.stderr)
    result = {"cpu": cpu(), "threads": args.threads, "load": load, "pairs": args.pairs,
              "depth": args.depth, "peer": bool(args.peer),
              "models": {m.name: compare(m, args) for m in args.models}}
    print(f"{result['cpu']}, {args.threads} threads, load {load:.2f}, {args.pairs} pairs, depth {args.depth}")
    for name, rows in result["models"].items():
        tell(name, rows)
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")
    if args.svg:
        args.svg.write_text(plot(result))


if __name__ == "__main__":
    main()
