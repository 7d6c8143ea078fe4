#!/usr/bin/env python3
"""What holding answers to a JSON Schema costs a server, and what forced stretches give back.

    build/tiro serve --port 8080
    bench/structured.py --url http://127.0.0.1:8080 --model qwen2.5-coder-0.5b --json out.json

Three kinds of requests, --batch of them at a time, take turns --pairs times:

    plain       no schema
    free        a schema whose objects are mostly the model's own words
    templated   a schema whose objects are mostly keys and choices, which need no model

A kind's throughput is its completion tokens by the time of its run; each answer is cut at --tokens,
which all of them reach, and --rounds answers are asked for on each connection. What counts are the
ratios to the plain run beside it: medians, with the least and the most.
"""
import argparse
import asyncio
import json
import pathlib
import statistics
import time

import load
import machine

BATCH_MAX, TOKENS_MAX = 256, 4096


def object_of(properties):
    return {"type": "object", "properties": properties, "required": list(properties),
            "additionalProperties": False}


def list_of(item):
    """Longer than any answer may be."""
    return object_of({"items": {"type": "array", "items": item, "minItems": 1000}})


FREE = list_of(object_of({
    "title": {"type": "string", "minLength": 20}, "story": {"type": "string", "minLength": 200},
}))
TEMPLATED = list_of(object_of({
    "customer_account_reference": {"type": "integer", "minimum": 1, "maximum": 99},
    "shipping_and_delivery_preference": {"enum": ["standard delivery by post", "express courier"]},
    "requires_signature_on_delivery": {"type": "boolean"},
    "payment_terms_and_conditions": {"const": "within thirty days of the date of the invoice"},
}))
KINDS = {"plain": None, "free": FREE, "templated": TEMPLATED}
TEXT = {
    "plain": "Write a very long story about a river, with every detail. Never stop.",
    "free": "Write a very long list of stories about a river, as JSON.",
    "templated": "Write a very long list of orders, as JSON.",
}


def body_of(kind, args, seed):
    body = {"model": args.model, "messages": [{"role": "user", "content": TEXT[kind]}], "seed": seed,
            "temperature": args.temperature, "max_tokens": args.tokens}
    if KINDS[kind]:
        form = {"name": "list", "strict": True, "schema": KINDS[kind]}
        body["response_format"] = {"type": "json_schema", "json_schema": form}
    return body


async def ask(endpoint, body):
    """(completion tokens, whether it reached its length)"""
    lines = []
    status = await load.exchange(endpoint, "/v1/chat/completions", body, lambda now, line: lines.append(line))
    text = b"\n".join(lines)
    if status != 200:
        raise SystemExit(f"{endpoint.name}: status {status}: {text[:300]!r}")
    answer = json.loads(text)
    return answer["usage"]["completion_tokens"], answer["choices"][0]["finish_reason"] == "length"


async def run(endpoint, kind, args, seed):
    """One run: {"tokens_per_s", "tokens", "whole"}; whole: answers that ended before --tokens."""
    async def one(slot):
        first = seed + slot * args.rounds
        return [await ask(endpoint, body_of(kind, args, first + i)) for i in range(args.rounds)]

    start = time.monotonic()
    answers = [a for row in await asyncio.gather(*(one(slot) for slot in range(args.batch))) for a in row]
    seconds = time.monotonic() - start
    tokens = sum(n for n, _ in answers)
    return {"tokens_per_s": tokens / seconds, "tokens": tokens, "whole": sum(not cut for _, cut in answers)}


async def measure(endpoint, args):
    for kind in KINDS:  # Loads the model and compiles the grammars.
        await ask(endpoint, {**body_of(kind, args, 0), "max_tokens": 8})
    runs = {kind: [] for kind in KINDS}
    for pair in range(args.pairs):
        order = list(KINDS) if pair % 2 == 0 else list(KINDS)[::-1]
        for kind in order:
            runs[kind].append(await run(endpoint, kind, args, 1 + pair * args.batch * args.rounds))
            print(f"{kind:10s} {runs[kind][-1]['tokens_per_s']:8.1f} tokens/s", flush=True)
    return runs


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def summarise(runs):
    out = {}
    for kind, rows in runs.items():
        speeds = [r["tokens_per_s"] for r in rows]
        ratios = [a / b["tokens_per_s"] for a, b in zip(speeds, runs["plain"])]
        out[kind] = {"tokens_per_s": spread(speeds), "ratio": spread(ratios), "runs": rows}
    return out


def tell(summary):
    for kind, row in summary.items():
        speed, ratio = row["tokens_per_s"], row["ratio"]
        whole = sum(r["whole"] for r in row["runs"])
        print(f"{kind:10s} {speed['median']:8.1f} ({speed['min']:.1f}-{speed['max']:.1f}) tokens/s  ratio "
              f"{ratio['median']:.2f} ({ratio['min']:.2f}-{ratio['max']:.2f})"
              + (f"  {whole} answers ended early" if whole else ""))


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--url", required=True)
    p.add_argument("--model", required=True)
    p.add_argument("--key", default="none", help="API key")
    p.add_argument("--pairs", type=int, default=5, help="turns of all kinds (default 5)")
    p.add_argument("--batch", type=int, default=8, help="requests at a time (default 8)")
    p.add_argument("--rounds", type=int, default=1, help="answers on each (default 1)")
    p.add_argument("--tokens", type=int, default=128, help="of each answer (default 128)")
    p.add_argument("--temperature", type=float, default=0.7, help="(default 0.7)")
    p.add_argument("--json", type=pathlib.Path)
    args = p.parse_args()
    if args.pairs < 1 or not 1 <= args.batch <= BATCH_MAX or not 16 <= args.tokens <= TOKENS_MAX:
        p.error(f"--pairs is at least 1, --batch from 1 to {BATCH_MAX}, --tokens from 16 to {TOKENS_MAX}")
    return args


def main():
    args = arguments()
    endpoint = load.Endpoint("tiro", args.url, args.model, args.key)
    facts = machine.facts()
    summary = summarise(asyncio.run(measure(endpoint, args)))
    machine.finish(facts)
    print(machine.describe(facts))
    tell(summary)
    if args.json:
        shown = {k: str(v) if isinstance(v, pathlib.Path) else v for k, v in vars(args).items() if k != "key"}
        args.json.write_text(json.dumps({"arguments": shown, "kinds": summary, "machine": facts}, indent=1) + "\n")


if __name__ == "__main__":
    main()
