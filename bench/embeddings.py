#!/usr/bin/env python3
"""Texts a second that a server embeds: any OpenAI-compatible endpoint, and a peer by turns.

    bench/embeddings.py --url http://127.0.0.1:8080 --model all-minilm-l6-v2
    bench/embeddings.py --url http://127.0.0.1:8080 --model all-minilm-l6-v2 \\
        --peer http://127.0.0.1:8081 --peer-model minilm --pairs 5 --texts 32 --words 5-150
    bench/embeddings.py --url ... --model ... --onnx minilm.onnx --tokenizer tokenizer.json

Each run sends the same --requests requests of --texts texts, --in-flight at a time, over and over the
same seed; the figures are medians over the pairs with the smallest and the largest. Texts differ
within a run and from pair to pair, so a cache of answers gains nothing. With --onnx the same texts also go
to onnxruntime, inside this process and all at once (bench/onnx_peer.py).
"""
import argparse
import asyncio
import json
import os
import pathlib
import random
import sys
import time

import load
import machine
from compare import spread
from server import check_local, span


async def one_run(endpoint, bodies, in_flight):
    """(texts a second, tokens a second)."""
    waiting, tokens = list(bodies), 0

    async def client():
        nonlocal tokens
        while waiting:
            lines = []
            body = {"model": endpoint.model, "input": waiting.pop()}
            status = await load.exchange(endpoint, "/v1/embeddings", body,
                                         lambda _, line: lines.append(line))
            if status != 200:
                sys.exit(f"{endpoint.name}: status {status}: {b''.join(lines)[:300]!r}")
            tokens += json.loads(b"\n".join(lines))["usage"]["prompt_tokens"]

    start = time.monotonic()
    await asyncio.gather(*(client() for _ in range(in_flight)))
    seconds = time.monotonic() - start
    return sum(map(len, bodies)) / seconds, tokens / seconds


async def measure(endpoints, onnx, args):
    peers = endpoints + ([onnx] if onnx else [])
    rows = {e.name: [] for e in peers}
    for pair in range(-1, args.pairs):  # The first one warms up.
        rng = random.Random(f"{args.seed} {pair}")
        bodies = [[load.words(rng, rng.randint(*args.words)) for _ in range(args.texts)]
                  for _ in range(args.requests)]
        for peer in peers[::-1] if pair % 2 else peers:
            row = onnx.run(bodies) if peer is onnx else await one_run(peer, bodies, args.in_flight)
            if pair >= 0:
                rows[peer.name].append(row)
    return rows


def show(r, digits):
    return f"{r['median']:.{digits}f} ({r['min']:.{digits}f}-{r['max']:.{digits}f})"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--url", required=True)
    p.add_argument("--model", required=True)
    p.add_argument("--peer", metavar="URL")
    p.add_argument("--peer-model", help="its name there (default: --model)")
    p.add_argument("--onnx", metavar="FILE", help="the model for onnxruntime")
    p.add_argument("--tokenizer", metavar="FILE", help="its tokenizer.json")
    p.add_argument("--onnx-batch", type=int, default=4, help="texts in a batch of its (default 4: the fastest here)")
    p.add_argument("--threads", type=int, default=os.cpu_count(), help="of onnxruntime (default: one a core)")
    p.add_argument("--key", default="none", help="API key for both")
    p.add_argument("--pairs", type=int, default=5, help="(default 5)")
    p.add_argument("--requests", type=int, default=16, help="in a run (default 16)")
    p.add_argument("--texts", type=int, default=32, help="in a request (default 32)")
    p.add_argument("--words", type=span, default=[5, 150], help="in a text, MIN-MAX (default 5-150)")
    p.add_argument("--in-flight", type=int, default=4, help="requests at a time (default 4)")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--remote", action="store_true", help="allow servers of other machines")
    p.add_argument("--json", type=pathlib.Path)
    args = p.parse_args()
    endpoints = [load.Endpoint("tiro", args.url, args.model, args.key)]
    if args.peer:
        endpoints.append(load.Endpoint("peer", args.peer, args.peer_model or args.model, args.key))
    for endpoint in endpoints:
        if not args.remote:
            check_local(endpoint)
    onnx = None
    if args.onnx:
        from onnx_peer import OnnxPeer
        onnx = OnnxPeer(args.onnx, args.tokenizer, args.threads, args.onnx_batch)
    facts = machine.facts()
    rows = asyncio.run(measure(endpoints, onnx, args))
    machine.finish(facts)
    print(machine.describe(facts))
    result = {"machine": facts, "pairs": args.pairs, "requests": args.requests, "texts": args.texts,
              "words": args.words, "in_flight": args.in_flight, "engines": {}}
    for name, row in rows.items():
        r = {"texts_per_s": spread([r[0] for r in row]), "tokens_per_s": spread([r[1] for r in row]),
             "ratio": spread([a[0] / b[0] for a, b in zip(rows["tiro"], row)])}
        result["engines"][name] = r
        print(f"{name}: {show(r['texts_per_s'], 1)} texts/s, {r['tokens_per_s']['median']:.0f} tokens/s"
              + ("" if name == "tiro" else f", ratio {show(r['ratio'], 2)}"))
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
