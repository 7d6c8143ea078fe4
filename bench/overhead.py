#!/usr/bin/env python3
"""What gateway, socket, scheduling, sampling and detokenising add to a token of a single stream.

    bench/overhead.py build/tiro MODEL.gguf [--pairs 7] [--gen 256] [--json out.json]

By turns: `tiro bench`, forward passes alone, and a streamed greedy completion of as many tokens, timed
from its first event to its last by a client that only reads. Speculation is off. Prints microseconds a
token of each, their difference and their ratio, medians (smallest to largest) over the pairs. The
difference is an upper bound of what gateway and socket cost: what a worker does besides is in it.
"""
import argparse
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.parse

import machine

PROMPT = "A long story about a lighthouse, a storm and a ship that was late:\n\nOnce upon a time"


def stream(port, model, gen):
    """Microseconds a token between the first and the last event with text."""
    body = json.dumps({"model": model, "prompt": PROMPT, "max_tokens": gen, "stream": True,
                       "temperature": 0}).encode()
    head = (f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    pieces = []
    with socket.create_connection(("127.0.0.1", port)) as conn:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conn.sendall(head + body)
        while piece := conn.recv(1 << 16):
            pieces.append((time.monotonic(), piece))
    times = [at for at, piece in pieces for line in piece.split(b"\n")
             if line.startswith(b"data: {") and b'"text":""' not in line]
    if len(times) < gen * 3 // 4:
        raise SystemExit(f"only {len(times)} of {gen} tokens came: {pieces[-1][1][:300]}")
    return (times[-1] - times[0]) / (len(times) - 1) * 1e6


def alone(program, model, gen, threads):
    out = subprocess.run([program, "bench", model, "--prompt", "0", "--gen", str(gen), "--repeat",
                          "1", "--threads", str(threads), "--json"],
                         check=True, capture_output=True, text=True).stdout
    return 1e6 / json.loads(out)["decode_tokens_per_s"]["median"]


def start(program, data, threads):
    """The server, and its port from the URL that is its first line."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("TIRO_")}
    server = subprocess.Popen(
        [program, "serve", "--port", "0", "--data", data, "--threads", str(threads)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**env, "TIRO_SPECULATION": "off", "TIRO_FIRST_RUN": "no"})
    return server, urllib.parse.urlsplit(server.stdout.readline().strip()).port


def spread(values):
    return {"median": round(statistics.median(values), 2), "min": round(min(values), 2),
            "max": round(max(values), 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--gen", type=int, default=256, help="tokens of a run (default 256)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    model, facts = args.model.resolve(), machine.facts()
    http, engine = [], []
    with tempfile.TemporaryDirectory() as data:
        os.mkdir(f"{data}/models")
        os.symlink(model, f"{data}/models/{model.name}")
        server, port = start(args.program, data, args.threads)
        try:
            name = re.sub(r"\.gguf$", "", model.name)
            stream(port, name, args.gen)  # Loads the model.
            for pair in range(args.pairs):
                for side in ((0, 1), (1, 0))[pair % 2]:
                    if side == 0:
                        http.append(stream(port, name, args.gen))
                    else:
                        engine.append(alone(args.program, model, args.gen, args.threads))
        finally:
            server.terminate()
            server.wait()
    machine.finish(facts)
    row = {"http_us_per_token": spread(http), "engine_us_per_token": spread(engine),
           "added_us": spread([h - e for h, e in zip(http, engine)]),
           "rate_ratio": spread([e / h for h, e in zip(http, engine)]),
           "machine": facts}
    print(json.dumps(row, indent=1))
    if args.json:
        args.json.write_text(json.dumps(row, indent=1))


if __name__ == "__main__":
    main()
