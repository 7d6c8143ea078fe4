#!/usr/bin/env python3
"""How many requests a second a server answers in time: any OpenAI-compatible endpoint, and a peer.

    bench/server.py --url http://127.0.0.1:8080 --model qwen2.5-coder-0.5b
    bench/server.py --url http://127.0.0.1:8080 --model small --rates 0.5,1,2 --json out.json --svg out.svg
    bench/server.py --url http://127.0.0.1:8080 --model small --prefix 1024 \\
        --peer http://127.0.0.1:8081 --peer-model small --ttft-ms 1000 --tbt-ms 100

Requests arrive at Poisson times whatever the server does (an open loop), with prompts and answers of
mixed lengths, drawn from --seed: both servers get the same requests at the same times. With --prefix
N all prompts begin with the same N tokens, as with a system prompt. A request is good when its first
token came within --ttft-ms and its mean time between tokens is within --tbt-ms; goodput is the share
of good ones, and what fails, is cut or is refused is not good.

Without --rates the highest rate at which --share of the requests are good is searched: doubling from
--rate-from, then halving the interval --refine times. A peer's runs take turns with ours. Start the
servers yourself, one model each, with the same number of threads; give the peer the options it does
best with (llama-server: as many slots as requests in flight, a context to match).

A model's answer may end before its length; the mean length answered is reported. Only servers of
this machine are measured, unless --remote says that the other one is yours.
"""
import argparse
import asyncio
import ipaddress
import json
import pathlib
import random
import socket
import statistics
import sys

import load
import machine
import svg

RATE_MAX, REQUESTS_MAX = 1000.0, 5000


def quantiles(values):
    """p50, p95, p99 (nearest rank) and mean, in the unit given; None without values."""
    row = sorted(values)
    if not row:
        return None
    out = {f"p{p}": row[min(len(row) - 1, -(-len(row) * p // 100) - 1)] for p in (50, 95, 99)}
    return {k: round(v, 3) for k, v in {**out, "mean": statistics.fmean(row)}.items()}


def is_good(result, limits):
    if not result["ok"] or result["times"][0] * 1000 > limits["ttft_ms"]:
        return False
    between = (result["times"][-1] - result["times"][0]) / max(1, result["tokens"] - 1)
    return between * 1000 <= limits["tbt_ms"]


def summarise(rate, results, seconds, limits):
    done = [r for r in results if r["ok"]]
    gaps = [b - a for r in done for a, b in zip(r["times"], r["times"][1:])]
    means = [(r["times"][-1] - r["times"][0]) / (r["tokens"] - 1) for r in done if r["tokens"] > 1]
    tokens = sum(r["tokens"] for r in done)
    errors = [r["error"] for r in results if not r["ok"]]
    prompts = [r["prompt_tokens"] for r in done if r["prompt_tokens"]]
    return {
        "rate": round(rate, 4), "requests": len(results), "failed": len(errors),
        "first_error": errors[0] if errors else None,
        "goodput": sum(is_good(r, limits) for r in results) / len(results),
        "good_per_s": round(sum(is_good(r, limits) for r in results) / seconds, 4),
        "tokens_per_s": round(tokens / seconds, 2),
        "answer_tokens_mean": round(tokens / len(done), 1) if done else 0,
        "prompt_tokens_mean": round(statistics.fmean(prompts), 1) if prompts else None,
        "first_token_ms": quantiles([r["times"][0] * 1000 for r in done]),
        "between_tokens_ms": quantiles([g * 1000 for g in gaps]),
        "between_tokens_mean_ms": quantiles([m * 1000 for m in means]),
        "end_to_end_ms": quantiles([r["end"] * 1000 for r in done]),
        "seconds": round(seconds, 2),
    }


def tell(name, s):
    def show(key):
        q = s[key]
        return f"{q['p50']:.0f}/{q['p95']:.0f}/{q['p99']:.0f}" if q else "-"

    print(f"{name:8s} {s['rate']:8.3f}/s {100 * s['goodput']:6.1f} % good  first token "
          f"{show('first_token_ms')} ms  between {show('between_tokens_ms')} ms  whole "
          f"{show('end_to_end_ms')} ms  {s['tokens_per_s']:.1f} tokens/s"
          + (f"  {s['failed']} failed: {s['first_error']}" if s["failed"] else ""), flush=True)


class Search:
    """The next rate to try for one server."""

    def __init__(self, args):
        self.given = list(args.rates or [])
        self.fixed = bool(args.rates)
        self.low, self.high, self.left = 0.0, None, args.refine
        self.rate_from = args.rate_from
        self.tries_left = args.tries

    def next(self):
        if self.tries_left == 0:
            return None
        if self.fixed:
            return self.given[0] if self.given else None
        if self.high is None:
            rate = self.low * 2 or self.rate_from
            return rate if rate <= RATE_MAX else None
        return (self.low + self.high) / 2 if self.left > 0 else None

    def tell(self, rate, good):
        self.tries_left -= 1
        if self.fixed:
            self.given.pop(0)
            self.low = max(self.low, rate) if good else self.low
        elif good:
            self.low = rate
            self.left -= self.high is not None
        else:
            self.left -= self.high is not None
            self.high = rate


async def measure(endpoints, args):
    limits = {"ttft_ms": args.ttft_ms, "tbt_ms": args.tbt_ms}
    mix = {"prompt": args.prompt, "answer": args.answer, "prefix": args.prefix}
    searches = {e.name: Search(args) for e in endpoints}
    runs = {e.name: [] for e in endpoints}
    for endpoint in endpoints:  # Loads the model, learns its tokens, and puts the prefix in place.
        await load.calibrate(endpoint, random.Random(args.seed))
        warm = load.plan(args.seed + 1, 2.0, args.warm_up, mix)
        await load.run(endpoint, warm, mix, args.drain)
    while any(s.next() for s in searches.values()):
        for endpoint in endpoints:
            search = searches[endpoint.name]
            rate = search.next()
            if not rate:
                continue
            n = max(1, min(args.requests, round(rate * args.seconds)))
            requests = load.plan(args.seed, rate, n, mix)
            results, seconds = await load.run(endpoint, requests, mix, args.drain)
            summary = summarise(rate, results, seconds, limits)
            runs[endpoint.name].append(summary)
            search.tell(rate, summary["goodput"] >= args.share)
            tell(endpoint.name, summary)
            await asyncio.sleep(1)  # What was cut is freed by now.
    return {name: {"highest_rate": searches[name].low, "runs": sorted(r, key=lambda s: s["rate"])}
            for name, r in runs.items()}


def plot(result):
    runs = {name: s["runs"] for name, s in result["servers"].items()}

    def series(value):
        return {n: [(s["rate"], value(s)) for s in r if value(s) is not None] for n, r in runs.items()}

    def p95(key):
        return lambda s: s[key]["p95"] if s[key] else None

    a = result["arguments"]
    title = (f"{a['model']}: prompts of {a['prompt'][0]} to {a['prompt'][1]} tokens behind {a['prefix']} "
             f"shared, answers to {a['answer'][1]}")
    return svg.page(title, [
        svg.lines("answered in time", "requests/s", "%", series(lambda s: 100 * s["goodput"]),
                  100 * a["share"]),
        svg.lines("first token, 95th percentile", "requests/s", "ms", series(p95("first_token_ms")),
                  a["ttft_ms"]),
        svg.lines("between tokens, 95th percentile of requests' means", "requests/s", "ms",
                  series(p95("between_tokens_mean_ms")), a["tbt_ms"])])


def span(words):
    low, _, high = words.partition("-")
    out = [int(low), int(high or low)]
    if not 1 <= out[0] <= out[1]:
        raise argparse.ArgumentTypeError(f"{words}: give MIN-MAX, at least 1")
    return out


def rates(words):
    out = sorted(float(w) for w in words.split(","))
    if not all(0 < r <= RATE_MAX for r in out):
        raise argparse.ArgumentTypeError(f"rates are above 0 and at most {RATE_MAX:g}")
    return out


def check_local(endpoint):
    for *_, address in socket.getaddrinfo(endpoint.host, endpoint.port):
        if not ipaddress.ip_address(address[0]).is_loopback:
            sys.exit(f"{endpoint.host} is not this machine; --remote if it is yours to load")


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--url", required=True)
    p.add_argument("--model", required=True)
    p.add_argument("--peer", metavar="URL")
    p.add_argument("--peer-model", help="its name there (default: --model)")
    p.add_argument("--key", default="none", help="API key for both")
    p.add_argument("--rates", type=rates, help="requests a second, with commas; else search")
    p.add_argument("--rate-from", type=float, default=0.25, help="where the search begins (default 0.25)")
    p.add_argument("--refine", type=int, default=3, help="halvings of the interval (default 3)")
    p.add_argument("--tries", type=int, default=14, help="most runs a server (default 14)")
    p.add_argument("--seconds", type=float, default=60, help="length of a run (default 60)")
    p.add_argument("--requests", type=int, default=200, help="most requests a run (default 200)")
    p.add_argument("--drain", type=float, default=60, help="seconds until the rest is cut (default 60)")
    p.add_argument("--warm-up", type=int, default=4, help="requests before all (default 4)")
    p.add_argument("--prompt", type=span, default=[32, 256], help="own tokens, MIN-MAX (default 32-256)")
    p.add_argument("--answer", type=span, default=[16, 128], help="tokens, MIN-MAX (default 16-128)")
    p.add_argument("--prefix", type=int, default=0, help="shared tokens before each prompt (default 0)")
    p.add_argument("--ttft-ms", type=float, default=1000, help="limit of the first token (default 1000)")
    p.add_argument("--tbt-ms", type=float, default=100, help="limit between tokens (default 100)")
    p.add_argument("--share", type=float, default=0.95, help="that must be good (default 0.95)")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--remote", action="store_true", help="allow servers of other machines")
    p.add_argument("--json", type=pathlib.Path)
    p.add_argument("--svg", type=pathlib.Path)
    args = p.parse_args()
    if not 1 <= args.requests <= REQUESTS_MAX or not 0 < args.seconds <= 3600 or args.tries < 1:
        p.error(f"--requests is from 1 to {REQUESTS_MAX}, --seconds to 3600, --tries at least 1")
    return args


def main():
    args = arguments()
    endpoints = [load.Endpoint("tiro", args.url, args.model, args.key)]
    if args.peer:
        endpoints.append(load.Endpoint("peer", args.peer, args.peer_model or args.model, args.key))
    for endpoint in endpoints:
        if not args.remote:
            check_local(endpoint)
    facts = machine.facts()
    shown = {k: str(v) if isinstance(v, pathlib.Path) else v for k, v in vars(args).items() if k != "key"}
    result = {"arguments": shown, "servers": asyncio.run(measure(endpoints, args)), "machine": facts}
    machine.finish(facts)
    print(machine.describe(facts))
    for name, server in result["servers"].items():
        print(f"{name}: {100 * args.share:.0f} % in time up to {server['highest_rate']:.3f} requests/s")
    ours = result["servers"]["tiro"]["highest_rate"]
    theirs = result["servers"].get("peer", {}).get("highest_rate")
    if theirs:
        print(f"ratio {ours / theirs:.2f}")
    if args.json:
        args.json.write_text(json.dumps(result, indent=1) + "\n")
    if args.svg:
        args.svg.write_text(plot(result))


if __name__ == "__main__":
    main()
