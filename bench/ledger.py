#!/usr/bin/env python3
"""What the ledger's row, on disk before an answer ends, adds to the end of the answer.

    bench/ledger.py build/tiro MODEL.gguf [--at FOLDER] [--memory /dev/shm] [--pairs 7] [--json out.json]

Two servers of the same program take turns: the database of one lies on FOLDER's disk, that of the other
in memory, where a sync costs nothing; what differs is the disk. Each turn asks for short streamed
completions, --clients at a time, and takes:

- row       from a row's handing over to its being on disk, as the server sees it (tiro_ledger_seconds)
- end       from the answer's last text to the end of its stream, as a client sees it
- whole     the whole request

In milliseconds: means of a turn, and of them the median (smallest to largest) over the turns. With several
clients rows that wait together share a sync. `fsync` is what a program alone pays on the same disk to have
4 KiB of a file kept, the least that any durable row can cost.
"""
import argparse
import json
import os
import pathlib
import re
import socket
import statistics
import tempfile
import threading
import time
import urllib.request

import machine
from overhead import spread, start

SYNCS = 100


def ask(port, model, gen):
    """(seconds from the last text to the end, seconds in all) of one streamed completion."""
    body = json.dumps({"model": model, "prompt": "Once upon a time", "max_tokens": gen, "stream": True,
                       "temperature": 0}).encode()
    head = (f"POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    begun, last, whole = time.monotonic(), None, b""
    with socket.create_connection(("127.0.0.1", port)) as conn:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conn.sendall(head + body)
        while piece := conn.recv(1 << 16):
            now = time.monotonic()
            if b'"text":"' in piece.replace(b'"text":""', b""):
                last = now
            whole += piece
    end = time.monotonic()
    if last is None or b"data: [DONE]" not in whole:
        raise SystemExit(f"no whole answer: {whole[:300]}")
    return end - last, end - begun


def rows(port):
    """(seconds, rows) of the ledger so far."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        text = answer.read().decode()
    return tuple(float(re.search(rf"^tiro_ledger_seconds_{what} (\S+)$", text, re.M)[1])
                 for what in ("sum", "count"))


def turn(port, model, args, clients):
    """Means in milliseconds."""
    told, lock = [], threading.Lock()

    def client():
        for _ in range(args.requests):
            one = ask(port, model, args.gen)
            with lock:
                told.append(one)

    before = rows(port)
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = rows(port)
    n = after[1] - before[1]
    if n != clients * args.requests or len(told) != n:
        raise SystemExit(f"{n:.0f} rows for {len(told)} of {clients * args.requests} answers")
    return {"row": (after[0] - before[0]) / n * 1e3,
            "end": statistics.fmean(end for end, _ in told) * 1e3,
            "whole": statistics.fmean(whole for _, whole in told) * 1e3}


def sync_ms(folder):
    """Of a program that appends 4 KiB and waits for the disk."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            begun = time.monotonic()
            os.write(file.fileno(), bytes(4096))
            os.fdatasync(file.fileno())
            times.append((time.monotonic() - begun) * 1e3)
    return statistics.fmean(times)


def measure(sides, model, args, clients):
    turns = {name: [] for name, _ in sides}
    for pair in range(args.pairs):
        for name, port in sides if pair % 2 == 0 else sides[::-1]:
            turns[name].append(turn(port, model, args, clients))
    row = {f"{name}_{what}_ms": spread([t[what] for t in turns[name]])
           for name, _ in sides for what in ("row", "end", "whole")}
    for what in ("row", "end"):
        row[f"added_by_the_disk_{what}_ms"] = spread(
            [a[what] - b[what] for a, b in zip(turns["disk"], turns["memory"])])
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--at", default=tempfile.gettempdir(), help="a folder of the disk (default: TMPDIR or /tmp)")
    parser.add_argument("--memory", default="/dev/shm", help="a folder of a file system in memory")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--requests", type=int, default=20, help="of each client in a turn (default 20)")
    parser.add_argument("--gen", type=int, default=8, help="tokens of an answer (default 8)")
    parser.add_argument("--clients", default="1,8", help="at a time (default 1,8)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    model, facts, servers, out = args.model.resolve(), machine.facts(), [], {}
    name = re.sub(r"\.gguf$", "", model.name)
    with tempfile.TemporaryDirectory(dir=args.at) as disk, tempfile.TemporaryDirectory(dir=args.memory) as memory:
        try:
            sides = []
            for side, data in (("disk", disk), ("memory", memory)):
                os.mkdir(f"{data}/models")
                os.symlink(model, f"{data}/models/{model.name}")
                server, port = start(args.program, data, args.threads)
                servers.append(server)
                sides.append((side, port))
                ask(port, name, args.gen)  # Loads the model.
            out["fsync_ms"] = spread([sync_ms(disk) for _ in range(args.pairs)])
            for clients in map(int, args.clients.split(",")):
                out[f"clients_{clients}"] = measure(sides, name, args, clients)
        finally:
            for server in servers:
                server.terminate()
                server.wait()
    machine.finish(facts)
    out["machine"] = facts
    print(json.dumps(out, indent=1))
    if args.json:
        args.json.write_text(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
