#!/usr/bin/env python3
"""What people notice of a batch that runs beside them: the same requests, in turns with and without.

    bench/beside_batch.py --url http://127.0.0.1:8080 --model smollm2-135m --pairs 7

In each of the pairs --requests completions are streamed, one after the other with a pause (--pause-s, in which
the batch has the model for itself), once without a batch and once while one runs whose lines have
prompts and answers of their own. Printed are p50 and p99 of the time to the first token and of that
between tokens, and the median over the pairs of with / without, with its least and most; and how many
lines a second the batch did.
"""
import argparse
import asyncio
import http.client
import json
import random
import statistics
import time
import urllib.parse

import load
from server import quantiles

URL = "/v1/completions"


class Api:
    def __init__(self, url):
        self.parts = urllib.parse.urlsplit(url)

    def ask(self, method, path, body=None, media="application/json"):
        connection = http.client.HTTPConnection(self.parts.hostname, self.parts.port, timeout=60)
        connection.request(method, path, body, {"Content-Type": media} if body else {})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        assert answer.status == 200, data
        return json.loads(data)


def input_file(api, model, n, rng):
    lines = "\n".join(json.dumps({"custom_id": str(i), "method": "POST", "url": URL, "body": {
        "model": model, "prompt": load.words(rng, rng.randint(20, 200)), "max_tokens": rng.randint(8, 64)}})
        for i in range(n))
    form = ('--B\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
            '--B\r\nContent-Disposition: form-data; name="file"; filename="in.jsonl"\r\n\r\n'
            f"{lines}\r\n--B--\r\n")
    return api.ask("POST", "/v1/files", form.encode(), "multipart/form-data; boundary=B")["id"]


def begin_batch(api, file):
    batch = api.ask("POST", "/v1/batches", json.dumps(
        {"input_file_id": file, "endpoint": URL, "completion_window": "24h"}).encode())["id"]
    while done_of(api, batch) < 1:
        time.sleep(0.1)
    return batch


def done_of(api, batch):
    return api.ask("GET", f"/v1/batches/{batch}")["request_counts"]["completed"]


def end_batch(api, batch):
    api.ask("POST", f"/v1/batches/{batch}/cancel")
    while api.ask("GET", f"/v1/batches/{batch}")["status"] != "cancelled":
        time.sleep(0.1)


async def people(endpoint, options, seed):
    """(first tokens, gaps) in ms."""
    rng = random.Random(seed)
    firsts, gaps = [], []
    for _ in range(options.requests):
        await asyncio.sleep(rng.uniform(0, 2 * options.pause_s))
        result = await load.stream(endpoint, load.words(rng, options.words), options.tokens)
        assert result["ok"], result["error"]
        firsts.append(1000 * result["times"][0])
        times = sorted(set(result["times"]))  # Several tokens may come at once.
        gaps += [1000 * (b - a) for a, b in zip(times, times[1:])]
    return firsts, gaps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--requests", type=int, default=12)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--words", type=int, default=60)
    parser.add_argument("--pause-s", type=float, default=0.3)
    parser.add_argument("--lines", type=int, default=5000)
    options = parser.parse_args()
    api, endpoint = Api(options.url), load.Endpoint("tiro", options.url, options.model)
    rows, lines_per_s = {}, []
    file = input_file(api, options.model, options.lines, random.Random(1))
    asyncio.run(people(endpoint, options, -1))  # Loads the model.
    for pair in range(options.pairs):
        found = {}
        for beside in ((False, True) if pair % 2 else (True, False)):
            batch = begin_batch(api, file) if beside else None
            before, begun = done_of(api, batch) if batch else 0, time.monotonic()
            found[beside] = asyncio.run(people(endpoint, options, pair))
            if batch:
                lines_per_s.append((done_of(api, batch) - before) / (time.monotonic() - begun))
                end_batch(api, batch)
        for name, i in (("first token", 0), ("between tokens", 1)):
            alone, both = quantiles(found[False][i]), quantiles(found[True][i])
            for p in ("p50", "p99"):
                rows.setdefault((name, p), []).append((alone[p], both[p]))
    for (name, p), values in rows.items():
        ratios = [b / a for a, b in values]
        alone, both = (statistics.median(v[i] for v in values) for i in (0, 1))
        print(f"{name:15} {p}: {alone:7.1f} ms alone, {both:7.1f} ms beside; x {statistics.median(ratios):.2f} "
              f"({min(ratios):.2f} .. {max(ratios):.2f})")
    print(f"the batch: {statistics.median(lines_per_s):.1f} lines/s")


if __name__ == "__main__":
    main()
