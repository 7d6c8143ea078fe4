#!/usr/bin/env python3
"""Batches, and a server and workers that are killed (kill -9) at random moments meanwhile.

usage: tests/fault/batches.py [--kills N] [--lines N] [--kind texts|embeddings|both] [--seed N] [--postgres]

Batches of so many lines run, one after the other, until so many kills are done and the last one is
over; with --postgres the database is one, and crashes in its turn. Then the checker looks at all of them,
and at the database:

- every custom_id of a batch stands exactly once in its output and error files, and its counts say so;
- what a line says is what the same request says when nothing is killed;
- the ledger has exactly one row for each line, with the tokens that its answer's usage says, and the
  batch's usage is their sum;
- no line and no file is left over.

Prints its counts; exits with 1 when anything is wrong.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "api"))

import batch_file
from server import CHAT, EMBED, ROOT, Server, model_folder

KILL_AFTER_S = (0.01, 1.5)
WORKER_SHARE = 0.4  # Of the kills; the others are the gateway's.
WORKERS_MAX = 2  # That are killed in a row: a model that is being loaded for the third time is given up.
GIVE_UP_S = 3600
AGAIN_MAX = 300  # Lines of a batch whose request is asked again.
WORDS = "river lamp winter bridge seven paper north engine".split()
URLS = {"texts": "/v1/completions", "embeddings": "/v1/embeddings"}


class Sqlite:
    url, crashes = None, 0

    def __init__(self, data):
        self.path = f"{data}/tiro.db"

    def rows(self, statement):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as db:
            return [tuple(map(str, row)) for row in db.execute(statement)]

    def stop(self):
        pass


class Postgres:
    crashes = 1 / 3  # Of the kills.

    def __init__(self, data):
        self.folder = data.parent / "postgres"
        data.parent.chmod(0o755)  # It is another user's.
        self.url = self.run("start")

    def run(self, *what):
        return subprocess.run([ROOT / "tools" / "postgres.sh", what[0], self.folder, *what[1:]],
                              check=True, capture_output=True, text=True).stdout.strip()

    def rows(self, statement):
        done = subprocess.run(["psql", "-XqAt", "-F", "\t", self.url, "-c", statement],
                              check=True, capture_output=True, text=True)
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]

    def crash(self):
        self.run("restart", "immediate")

    def stop(self):
        self.run("stop")


class Place:
    """The server of the moment: killed, and started again over the same data."""

    def __init__(self, data, database):
        self.data, self.database, self.server, self.workers_killed = data, database, None, 0
        self.start()

    def start(self):
        env = {"TIRO_DATABASE": self.database.url} if self.database.url else {}
        self.server = Server(self.data, ("--default-model", CHAT), env=env)

    def kill(self):
        self.workers_killed = 0
        self.server.process.kill()
        self.server.process.wait()
        self.server.process.stdout.close()
        self.server.tap.close()

    def ask(self, method, path, body=None, raw=False):
        status, _, data = self.server.request(method, path, body)
        assert status == 200, f"{method} {path}: {status} {data}"
        return data if raw else json.loads(data)

    def upload(self, text):
        edge = "edge-of-the-file"
        body = (f'--{edge}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
                f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="in.jsonl"\r\n\r\n'
                f"{text}\r\n--{edge}--\r\n").encode()
        status, _, data = self.server.request(
            "POST", "/v1/files", body, {"Content-Type": f"multipart/form-data; boundary={edge}"})
        assert status == 200, data
        return json.loads(data)["id"]


class Batch:
    """What was asked: by custom_id the body of each line."""

    def __init__(self, place, kind, n, dice):
        self.kind, self.bodies = kind, {}
        for i in range(n):
            prompt = " ".join(dice.choices(WORDS, k=dice.randint(1, 6)))
            self.bodies[f"line {i}"] = (
                {"model": EMBED, "input": prompt} if kind == "embeddings" else
                {"model": CHAT, "prompt": prompt, "max_tokens": dice.randint(1, 4), "temperature": 1.2})
        if kind == "texts" and n > 10:
            self.bodies["line 7"]["max_tokens"] = -1  # Refused when it runs.
        text = "\n".join(batch_file.line(key, URLS[kind], body) for key, body in self.bodies.items())
        self.id = place.ask("POST", "/v1/batches", {
            "input_file_id": place.upload(text), "endpoint": URLS[kind], "completion_window": "24h"})["id"]

    def is_over(self, place):
        return place.ask("GET", f"/v1/batches/{self.id}")["status"] in batch_file.DONE


def kill_one(place, dice):
    """The server, one of its workers or the database, at a random moment."""
    time.sleep(dice.uniform(*KILL_AFTER_S))
    if dice.random() < place.database.crashes:
        place.database.crash()
        return "database"
    victims = [pid for pid in place.server.processes() if pid != place.server.process.pid]
    if victims and dice.random() < WORKER_SHARE and place.workers_killed < WORKERS_MAX:
        place.workers_killed += 1
        try:
            os.kill(dice.choice(victims), signal.SIGKILL)
        except ProcessLookupError:
            pass  # It was being replaced.
        return "worker"
    place.kill()
    place.start()
    return "server"


def said(kind, body):
    return body["data"][0]["embedding"] if kind == "embeddings" else body["choices"][0]["text"]


class Checker:
    def __init__(self, place):
        self.place, self.wrong, self.counts = place, [], collections.Counter()
        self.rows = place.database.rows

    def count(self, of):
        return int(self.rows(f"SELECT COUNT(*) FROM {of}")[0][0])

    def expect(self, holds, what):
        self.counts["checks"] += 1
        if not holds:
            self.wrong.append(what)

    def files_of(self, told):
        """Of both files: (kind, line), in their order."""
        for kind in ("output", "error"):
            if file := told.get(f"{kind}_file_id"):
                self.counts["files"] += 1
                for one in self.place.ask("GET", f"/v1/files/{file}/content", raw=True).splitlines():
                    yield kind, json.loads(one)

    def look_at(self, batch):
        told = self.place.ask("GET", f"/v1/batches/{batch.id}")
        self.counts["batches"] += 1
        self.expect(told["status"] == "completed", f"{batch.id} is {told['status']}")
        times, found, ids, n = collections.Counter(), {}, {}, collections.Counter()
        for kind, one in self.files_of(told):
            times[one["custom_id"]] += 1
            found[one["custom_id"]] = one["response"]
            ids[one["custom_id"]] = one["id"]
            n[kind] += 1
            self.expect((kind == "output") == (one["response"]["status_code"] == 200),
                        f"{batch.id}: {one['custom_id']} stands in the {kind} file")
        self.counts["lines"] += len(found)
        self.expect(times == collections.Counter(dict.fromkeys(batch.bodies, 1)),
                    f"{batch.id}: not once: {[(k, times[k]) for k in {*batch.bodies, *times} if times[k] != 1][:9]}")
        self.expect(told["request_counts"] == {"total": len(batch.bodies), "completed": n["output"],
                                               "failed": n["error"]},
                    f"{batch.id} counts {told['request_counts']}, and has {n}")
        self.look_at_books(batch, told, found, ids)
        for key in random.Random(batch.id).sample(sorted(found), min(AGAIN_MAX, len(found))):
            self.look_at_text(batch, key, found[key])

    def look_at_books(self, batch, told, found, ids):
        rows = {id.removeprefix(batch.id + "/"): tuple(map(int, numbers)) for id, *numbers in self.rows(
            "SELECT id, status, prompt_tokens, cached_tokens, completion_tokens FROM ledger "
            f"WHERE id LIKE '{batch.id}/%'")}
        self.counts["rows of the ledger"] += len(rows)
        self.expect(set(rows) == set(ids.values()), f"{batch.id}: {len(rows)} rows in the ledger, {len(found)} lines")
        total = [0, 0, 0]
        for key, response in found.items():
            usage = response["body"].get("usage", {})
            tokens = (usage.get("prompt_tokens", 0),
                      usage.get("prompt_tokens_details", {}).get("cached_tokens", 0),
                      usage.get("completion_tokens", 0))
            total = [a + b for a, b in zip(total, tokens)]
            row = rows.get(ids[key])
            self.expect(row == (response["status_code"], *tokens),
                        f"{batch.id}: {key} is booked as {row}, and says {usage}")
        usage = told["usage"]
        self.expect([usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"],
                     usage["output_tokens"]] == total, f"{batch.id}: usage {usage}, and its lines {total}")

    def look_at_text(self, batch, key, response):
        if response["status_code"] != 200:
            return
        self.counts["lines asked again"] += 1
        body = dict(batch.bodies[key])
        if batch.kind == "texts":
            body["seed"] = batch_file.seed(batch.id, key)
        again = said(batch.kind, self.place.ask("POST", URLS[batch.kind], body))
        now = said(batch.kind, response["body"])
        self.expect(now == again, f"{batch.id}: {key} says {str(now)[:200]}, not {str(again)[:200]}")

    def look_at_rest(self, n_batches):
        end = time.monotonic() + 30
        lines = None
        while lines != 0 and time.monotonic() < end:  # They go in steps.
            lines = self.count("batch_lines")
            time.sleep(0.2)
        self.expect(lines == 0, f"{lines} lines are left over")
        self.expect(self.count("batches") == n_batches, f"{self.count('batches')} batches")
        files = self.count("files WHERE purpose = 'batch_output'")
        self.expect(files == self.counts["files"], f"{files} files, {self.counts['files']} of batches")


def run(options, data, database):
    """(what was killed, seconds, the checker)"""
    kinds = [*URLS] if options.kind == "both" else [options.kind]
    dice, begun = random.Random(options.seed), time.monotonic()
    killed, batches = collections.Counter(), []
    place = Place(data, database)
    while killed.total() < options.kills or not batches or not batches[-1].is_over(place):
        assert time.monotonic() < begun + GIVE_UP_S, "it does not end"
        if not batches or batches[-1].is_over(place):
            batches.append(Batch(place, kinds[len(batches) % len(kinds)], options.lines, dice))
        if killed.total() < options.kills:
            killed[kill_one(place, dice)] += 1
        else:
            time.sleep(0.2)
    took = time.monotonic() - begun
    checker = Checker(place)
    for batch in batches:
        checker.look_at(batch)
    checker.look_at_rest(len(batches))
    place.server.stop()
    return killed, took, checker


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--lines", type=int, default=400)
    parser.add_argument("--kind", choices=["texts", "embeddings", "both"], default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10 ** 6))
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = model_folder(pathlib.Path(folder) / "data")
        database = Postgres(data) if options.postgres else Sqlite(data)
        try:
            killed, took, checker = run(options, data, database)
        finally:
            database.stop()
    print(f"seed {options.seed}: killed {', '.join(f'{n} times a {what}' for what, n in killed.items())} in {took:.0f} s")
    print(", ".join(f"{n} {what}" for what, n in checker.counts.items()))
    for wrong in checker.wrong[:20]:
        print(f"WRONG: {wrong[:2000]}")
    print(f"{len(checker.wrong)} wrong")
    sys.exit(1 if checker.wrong else 0)


if __name__ == "__main__":
    main()
