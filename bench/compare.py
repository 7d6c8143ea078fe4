#!/usr/bin/env python3
"""Prefill, decode and batched decode against llama.cpp's own benchmarks, interleaved.

    bench/compare.py --peer DIR MODEL.gguf...
    bench/compare.py --peer DIR --pairs 5 --batch 4,16 --depth 4096 --json out.json --svg out.svg M.gguf
    bench/compare.py --peer llama.cpp=DIR --peer ik=DIR2 --bench-args 'ik=-rtr 1 -fa 1' \\
        --batched-args 'ik=-rtr -fa 1' MODEL.gguf           two peers, one with options of its own
    bench/compare.py --pairs 5 MODEL.gguf                   ours alone, against the bandwidth

DIR holds a peer's llama-bench and llama-batched-bench, built elsewhere: llama.cpp, or a relative of it
such as ik_llama.cpp. Each pair runs ours and then each peer's (the next pair the other way round) on
the same file and threads; the figures are medians over the pairs with the smallest and the largest,
and the ratio of each pair. A peer keeps its own defaults except for what --bench-args and
--batched-args add, so give it the options it does best with: nothing may put it at a disadvantage.

With --depth, what is read and written comes behind so many tokens. A peer whose llama-bench has no
--n-depth is asked with -gp, which times decoding only.

Memory bandwidth is read in every pair by build/bandwidth. The roofline of decoding is that, divided
by the bytes a step must read: every weight once (the token embeddings only where they are the head,
too) and the keys and values of --depth tokens a sequence. `share` is what was reached of it; beyond
some sequences arithmetic is the limit, and the share falls. Facts about the machine go into the JSON
(bench/machine.py): a load average above 0.5 at the start means that the figures mean nothing, and the
script says so.
"""
import argparse
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys

import machine
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


class Peer:
    """A folder of llama.cpp's programs, or a relative's."""

    def __init__(self, name, folder, bench_args, batched_args, is_batched=True):
        self.name, self.folder, self.is_batched = name, folder, is_batched
        self.bench_args, self.batched_args = bench_args, batched_args
        text = subprocess.run([folder / "llama-bench", "--help"], capture_output=True, text=True).stdout
        self.has_depth = "--n-depth" in text

    def single(self, model, args):
        options = ["-p", args.prompt, "-n", args.gen]
        if args.depth:
            options = (options + ["-d", args.depth] if self.has_depth
                       else ["-p", 0, "-n", 0, "-gp", f"{args.depth},{args.gen}"])
        return single_of(run([self.folder / "llama-bench", "-m", model, "-t", args.threads, *options,
                              "-r", 1, "-o", "json", *self.bench_args]))

    def batched(self, model, args):
        text = run([self.folder / "llama-batched-bench", "-m", model, "-t", args.threads, "-c",
                    max(args.batch) * (BATCH_DEPTH + BATCH_GEN) + 512, "-npp", BATCH_DEPTH, "-ntg",
                    BATCH_GEN, "-npl", ",".join(map(str, args.batch)), *self.batched_args])
        out = batched_of(text)
        if len(out) != len(args.batch):
            sys.exit(f"no figures in the table of {self.name}:\n{text[-2000:]}")
        return out

    def measure(self, model, args):
        batched = self.batched(model, args) if args.batch and self.is_batched else {}
        return {**self.single(model, args), **batched}


def single_of(text):
    """Tokens a second of llama-bench's rows. Some write lines before the JSON."""
    rows = json.loads(text[text.index("[\n"):])
    return {"decode" if row["n_gen"] else "prefill": row["avg_ts"] for row in rows}


def batched_of(text):
    """Tokens a second by batch, from the column S_TG of llama-batched-bench's table."""
    out = {}
    for line in text.splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) >= 8 and cells[0] == str(BATCH_DEPTH) and cells[2].isdigit():
            out[f"batch {cells[2]}"] = float(cells[7])
    return out


def measure_ours(model, args):
    out = ours(model, args, args.prompt, args.gen, 1, args.depth)
    for batch in args.batch:
        # llama-batched-bench gives each sequence its own prompt first; ours starts at that depth.
        out[f"batch {batch}"] = ours(model, args, 0, BATCH_GEN, batch, BATCH_DEPTH)["decode"]
    return out


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


def compare(model, args):
    measures = {"tiro": measure_ours, **{peer.name: peer.measure for peer in args.peers}}
    runs, read = {name: [] for name in measures}, []
    for pair in range(args.pairs):
        read.append(bandwidth(args))
        for name in list(measures)[::-1] if pair % 2 else measures:
            runs[name].append(measures[name](model, args))
        print(f"{model.name}: pair {pair + 1} of {args.pairs}", file=sys.stderr)
    gb_per_s = statistics.median(max(r.values()) for r in read)
    roofs = {what: roofline(what, model, args, gb_per_s) for what in runs["tiro"][0]}
    return {"bandwidth_gb_per_s": {t: spread([r[t] for r in read]) for t in read[0]},
            "rows": {what: row_of(what, runs, roof) for what, roof in roofs.items()}}


def row_of(what, runs, roof):
    """One measure of all engines; a peer that has none is left out."""
    row = {"roofline": roof, "peers": {}}
    for name, values in runs.items():
        if what not in values[0]:
            continue
        figures = [v[what] for v in values]
        if name == "tiro":
            mine, row["tiro"] = figures, spread(figures)
        else:
            row["peers"][name] = {**spread(figures), "ratio": spread([a / b for a, b in zip(mine, figures)])}
    if roof:
        row["share"] = row["tiro"]["median"] / roof
    return row


def tell(name, result):
    def show(r, digits=1):
        return f"{r['median']:.{digits}f} ({r['min']:.{digits}f}-{r['max']:.{digits}f})"

    read = ", ".join(f"{t}: {r['median']:.1f}" for t, r in result["bandwidth_gb_per_s"].items())
    print(f"{name}: read bandwidth in GB/s by threads {read}")
    print(f"  {'':9s} {'tokens/s':24s} {'roofline':>9s} {'share':>6s}")
    for what, r in result["rows"].items():
        roof = f"{r['roofline']:9.1f} {100 * r['share']:4.0f} %" if r["roofline"] else ""
        print(f"  {what:9s} {show(r['tiro']):24s} {roof}".rstrip())
        for peer, p in r["peers"].items():
            print(f"  {'':9s} {show(p):24s} {'':16s} {peer}, ratio {show(p['ratio'], 2)}")


def plot(result):
    panels = []
    for name, model in result["models"].items():
        rows = model["rows"]
        for title, keys in (("prefill", ["prefill"]), ("decode", [k for k in rows if k != "prefill"])):
            keys = [k for k in keys if k in rows]
            if not keys:
                continue
            series = {"tiro": [rows[k]["tiro"]["median"] for k in keys]}
            for peer in result["peers"]:
                series[peer] = [rows[k]["peers"].get(peer, {}).get("median") for k in keys]
            if title == "decode":
                # With many sequences arithmetic is the limit: the memory's would dwarf the bars.
                series["roofline"] = [rows[k]["roofline"] if k == "decode" else None for k in keys]
            panels.append(svg.bars(f"{name}: {title}", "tokens/s", keys, series))
    title = f"{result['machine']['cpu']}, {result['threads']} threads, medians of {result['pairs']}"
    return svg.page(title, panels)


def named(words, default):
    """(name, rest) of NAME=REST; without a name the default."""
    name, equals, rest = words.partition("=")
    return (name, rest) if equals else (default, words)


def peers_of(args):
    folders = dict(named(words, "peer") for words in args.peer)
    extra = []
    for rows in (args.bench_args, args.batched_args):
        extra.append({name: shlex.split(words) for name, words in (named(w, "peer") for w in rows)})
        for name in extra[-1]:
            if name not in folders:
                sys.exit(f"arguments for the peer {name!r}, but there is only {', '.join(folders) or 'none'}")
    return [Peer(name, pathlib.Path(folder), *(e.get(name, []) for e in extra), name not in args.single)
            for name, folder in folders.items()]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--peer", action="append", default=[], metavar="[NAME=]DIR",
                        help="folder of a peer's programs; may be repeated")
    parser.add_argument("--bench-args", action="append", default=[], metavar="[NAME=]ARGS",
                        help="more arguments for its llama-bench")
    parser.add_argument("--batched-args", action="append", default=[], metavar="[NAME=]ARGS",
                        help="more arguments for its llama-batched-bench")
    parser.add_argument("--single", action="append", default=[], metavar="NAME",
                        help="no batched measure for this peer")
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
    args.peers = peers_of(args)
    facts = machine.facts()
    models = {m.name: compare(m, args) for m in args.models}
    machine.finish(facts)
    result = {"machine": facts, "threads": args.threads, "pairs": args.pairs, "prompt": args.prompt,
              "gen": args.gen, "depth": args.depth,
              "peers": {p.name: {"bench_args": p.bench_args, "batched_args": p.batched_args}
                        for p in args.peers}, "models": models}
    print(f"{machine.describe(facts)}; {args.threads} threads, {args.pairs} pairs, depth {args.depth}")
    for name, rows in models.items():
        tell(name, rows)
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")
    if args.svg:
        args.svg.write_text(plot(result))


if __name__ == "__main__":
    main()
