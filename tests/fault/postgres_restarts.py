#!/usr/bin/env python3
"""PostgreSQL crashes (pg_ctl restart -m immediate) again and again under load: nothing is lost, nothing is
there twice, nothing fails.

usage: tests/fault/postgres_restarts.py [RESTARTS]          5 if not said; 50 by hand before a release

Two loads at once, each on a schema of its own: fault_store_writer, whose numbers have no key, so that one
written twice is there twice; and `tiro serve` with clients whose told usage must be the ledger's.
"""
import collections
import http.client
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "api"))

from server import CHAT, EMBED, Server, model_folder  # noqa: E402

WRITER = ROOT / "build" / "tests" / "fault_store_writer"
CLIENTS = 6


def postgres(*arguments):
    return subprocess.run([ROOT / "tools" / "postgres.sh", *arguments],
                          check=True, capture_output=True, text=True).stdout.strip()


def sql(url, statement):
    done = subprocess.run(["psql", "-XqAt", "-F", "\t", url, "-c", statement],
                          check=True, capture_output=True, text=True)
    return [tuple(line.split("\t")) for line in done.stdout.splitlines()]


class Clients:
    """Each asks again and again; what was told is kept by the request's id."""

    def __init__(self, port):
        self.port, self.told, self.failed, self.stop = port, {}, [], False
        self.threads = [threading.Thread(target=self.run, args=(seed,)) for seed in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self, seed):
        dice = random.Random(seed)
        while not self.stop:
            kind = dice.choice(["embed", "whole", "stream"])
            path, body = "/v1/completions", {"model": CHAT, "prompt": "A", "max_tokens": dice.randint(1, 12)}
            if kind == "embed":
                path, body = "/v1/embeddings", {"model": EMBED, "input": ["one"] * dice.randint(1, 3)}
            if kind == "stream":
                body |= {"stream": True, "stream_options": {"include_usage": True}}
            try:
                self.ask(kind, path, body)
            except Exception as error:  # Of any kind: it is what we look for.
                self.failed.append((type(error).__name__, str(error)))
                return

    def ask(self, kind, path, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        data = answer.read().decode()
        connection.close()
        if answer.status != 200 or (kind == "stream" and not data.endswith("data: [DONE]\n\n")):
            self.failed.append((answer.status, data[-300:]))
            return
        text = data.split("\n\n")[-3].removeprefix("data: ") if kind == "stream" else data
        usage = json.loads(text)["usage"]
        self.told[answer.headers["x-request-id"]] = (usage["prompt_tokens"], usage.get("completion_tokens", 0))

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()


def with_schema(url, name):
    sql(url, f"CREATE SCHEMA {name}")
    return f"{url}&options=-csearch_path%3D{name}"


def check_numbers(url, lines):
    said = collections.defaultdict(set)
    for line in lines:
        word, number = line.split()
        said[word].add(int(number))
    there = collections.Counter(int(row[0]) for row in sql(url, "SELECT n FROM numbers.fault_numbers"))
    lost = [n for n in said["ok"] if there[n] == 0]
    doubled = [n for n, count in there.items() if count > 1]
    asked = said["ok"] | said["failed"]
    unasked = [n for n in there if n not in asked]
    print(f"numbers: {len(said['ok'])} acknowledged, {len(said['failed'])} failed, {len(there)} there, "
          f"{len(lost)} lost, {len(doubled)} doubled, {len(unasked)} unasked")
    return not (lost or doubled or unasked or said["failed"]) and len(said["ok"]) > 100


def check_ledger(url, clients):
    rows = sql(url, "SELECT id, prompt_tokens, completion_tokens, status FROM served.ledger")
    ledger = {row[0]: (int(row[1]), int(row[2])) for row in rows}
    lost = [i for i in clients.told if i not in ledger]
    other = [i for i, usage in clients.told.items() if i in ledger and ledger[i] != usage]
    doubled = len(rows) - len(ledger)
    untold = [row for row in rows if row[0] not in clients.told]
    print(f"ledger: {len(clients.told)} answers told, {len(clients.failed)} failed, {len(rows)} rows, {len(lost)} lost, "
          f"{len(other)} differ, {doubled} doubled, {len(untold)} nobody was told")
    for failure in clients.failed[:3]:
        print("  failed:", *failure)
    return not (lost or other or doubled or untold or clients.failed) and len(clients.told) > 20


def run(folder, n_restarts):
    url = postgres("start", str(folder / "pg"))
    server = clients = writer = None
    try:
        writer_url = with_schema(url, "numbers")
        writer = subprocess.Popen([WRITER, writer_url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        server = Server(model_folder(folder / "data"), env={"TIRO_DATABASE": with_schema(url, "served")})
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(writer.stdout))
        reader.start()
        clients = Clients(server.port)
        dice, worst = random.Random(n_restarts), 0
        for _ in range(n_restarts):
            time.sleep(dice.uniform(0.3, 1.5))
            postgres("restart", str(folder / "pg"), "immediate")
            before, back = len(clients.told), time.monotonic()
            while len(clients.told) <= before + CLIENTS and time.monotonic() < back + 30:
                time.sleep(0.02)
            worst = max(worst, time.monotonic() - back)
        time.sleep(0.5)
        clients.end()
        writer.stdin.close()
        ended = writer.wait(60)
        reader.join()
        server.stop()
        print(f"{n_restarts} restarts; at most {worst:.2f} s from one's end to the next answers")
        good = [check_numbers(url, lines), check_ledger(url, clients), ended == 0]
        return all(good)
    finally:
        if clients:
            clients.end()
        if writer and writer.poll() is None:
            writer.kill()
        if server and server.process.poll() is None:
            server.process.kill()
        postgres("stop", str(folder / "pg"))


def main():
    n_restarts = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory(prefix="tiro-fault-") as folder:
        os.chmod(folder, 0o755)  # The server's user passes through.
        return 0 if run(pathlib.Path(folder), n_restarts) else 1


if __name__ == "__main__":
    sys.exit(main())
