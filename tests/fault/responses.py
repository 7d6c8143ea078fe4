#!/usr/bin/env python3
"""Responses, and a server and workers that are killed (kill -9) at random moments meanwhile.

usage: tests/fault/responses.py [--kills N] [--seed N] [--clients N]

Clients ask for responses of all kinds (in the background, streamed, both, or neither), go on reading
where they stopped when their connection breaks, and write down what they were told. Then the checker
looks at all of it, and at the database:

- every response that was acknowledged has ended, once, with the text that the same request gives
  when nothing is killed;
- no event is missing or doubled, and each is the same, byte for byte, whenever it was told;
- the ledger has exactly one line for each response, which says what its usage says.

Prints its counts; exits with 1 when anything is wrong.
"""
import argparse
import collections
import http.client
import json
import os
import pathlib
import random
import signal
import sqlite3
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "api"))

from server import CHAT, Server, model_folder

PROMPTS = ["Name three rivers.", "Tell me about lamps.", "Count to ten.", "What is a bridge?",
           "Write one line about winter.", "Why is the sky blue?"]
TOKENS = (16, 96)
KINDS = ["background", "background stream", "stream", "plain"]
ENDED = {"completed", "incomplete", "failed", "cancelled"}
KILL_AFTER_S = (0.02, 2.5)
WORKER_SHARE = 0.4  # Of the kills; the others are the server's.
WORKERS_MAX = 2  # That are killed in a row: a model that is being loaded for the third time is given up.
GIVE_UP_S = 120


class Broken(Exception):
    """The connection or the server is gone; or it is too early."""


class Place:
    """The server of the moment: killed, and started again over the same data."""

    def __init__(self, data):
        self.data, self.server = data, None
        self.up = threading.Event()
        self.workers_killed, self.killed_at = 0, time.monotonic()
        self.start()

    def start(self):
        self.server = Server(self.data, ("--default-model", CHAT))
        self.up.set()

    def kill_worker(self, pid):
        self.workers_killed += 1
        self.killed_at = time.monotonic()
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # It was being replaced.

    def kill(self):
        self.up.clear()
        self.workers_killed, self.killed_at = 0, time.monotonic()
        self.server.process.kill()
        self.server.process.wait()
        self.server.process.stdout.close()
        self.server.tap.close()

    def connect(self):
        if not self.up.wait(GIVE_UP_S):
            raise AssertionError("the server does not come back")
        return http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=GIVE_UP_S)

    def ask(self, method, path, body=None):
        """(status, answer) of a request without a stream; Broken when there is none."""
        connection = self.connect()
        try:
            connection.request(method, path, json.dumps(body) if body else None,
                               {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Broken(error) from error
        finally:
            connection.close()
        if answer.status == 503:
            raise Broken(data)
        return answer.status, json.loads(data)

    def events(self, method, path, body=None):
        """The data of the events of a stream, as bytes; Broken at an early end."""
        connection = self.connect()
        try:
            connection.request(method, path, json.dumps(body) if body else None,
                               {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            if answer.status != 200:
                raise Broken(answer.read())
            event = b""
            while line := answer.readline():
                if line == b"\n":
                    name, data = event.split(b"\n")[:2]
                    assert name.startswith(b"event: ") and data.startswith(b"data: "), event
                    if name == b"event: error":
                        raise Broken(data)
                    yield data.removeprefix(b"data: ")
                    event = b""
                else:
                    event += line
        except (OSError, http.client.HTTPException) as error:
            raise Broken(error) from error
        finally:
            connection.close()


class Asked:
    """One response as its client sees it."""

    def __init__(self, request):
        self.request, self.id, self.final = request, None, None
        self.events, self.breaks = {}, 0

    def take(self, data):
        event = json.loads(data)
        number = event["sequence_number"]
        assert self.events.get(number, data) == data, \
            f"{self.id}: event {number} was\n{self.events[number]}\nand is now\n{data}"
        self.events[number] = data
        if "response" in event:
            self.id = event["response"]["id"]
            if event["response"]["status"] in ENDED:
                self.final = event["response"]

    def first(self, place):
        """The POST."""
        if self.request.get("stream"):
            for data in place.events("POST", "/v1/responses", self.request):
                self.take(data)
            return
        status, answer = place.ask("POST", "/v1/responses", self.request)
        assert status == 200, answer
        self.id = answer["id"]
        if answer["status"] in ENDED:
            self.final = answer

    def resume(self, place):
        """Where it stopped: exactly what comes behind the last event it has."""
        if not self.request.get("stream"):
            status, answer = place.ask("GET", f"/v1/responses/{self.id}")
            assert status == 200, f"{self.id} was acknowledged, and is lost: {answer}"
            if answer["status"] in ENDED:
                self.final = answer
            else:
                time.sleep(0.05)
            return
        last = max(self.events)
        for data in place.events("GET", f"/v1/responses/{self.id}?stream=true&starting_after={last}"):
            number = json.loads(data)["sequence_number"]
            assert number == max(self.events) + 1, f"{self.id}: event {number} after {max(self.events)}"
            self.take(data)

    def run(self, place):
        """Until it has ended; False when it was never acknowledged."""
        begun = time.monotonic()
        step = self.first
        while self.final is None:
            undisturbed = time.monotonic() - max(begun, place.killed_at)
            assert undisturbed < GIVE_UP_S, f"{self.id} does not end"
            try:
                step(place)
            except Broken:
                self.breaks += 1
                time.sleep(0.02)
            else:
                self.breaks += self.final is None and self.request["stream"]  # It just stopped.
            if self.id is None:
                return False
            step = self.resume
        return True


class Clients:
    def __init__(self, place, n, seed):
        self.place, self.asked, self.unanswered = place, [], 0
        self.problems, self.lock, self.over = [], threading.Lock(), False
        self.threads = [threading.Thread(target=self.work, args=(random.Random(f"{seed} {i}"),))
                        for i in range(n)]
        for thread in self.threads:
            thread.start()

    def work(self, dice):
        try:
            while not self.over and not self.problems:
                kind = dice.choice(KINDS)
                one = Asked({"model": CHAT, "input": dice.choice(PROMPTS), "seed": dice.randrange(3),
                             "max_output_tokens": dice.randint(*TOKENS),
                             "background": "background" in kind, "stream": "stream" in kind})
                told = one.run(self.place)
                with self.lock:
                    self.unanswered += not told
                    if told:
                        self.asked.append(one)
        except Exception as error:  # Of any kind: it is what we look for.
            self.problems.append(f"{type(error).__name__}: {error}")

    def finish(self):
        self.over = True
        for thread in self.threads:
            thread.join()


def workers(place):
    return [pid for pid in place.server.processes() if pid != place.server.process.pid]


def kill_one(place, dice):
    """The server or one of its workers, at a random moment."""
    time.sleep(dice.uniform(*KILL_AFTER_S))
    victims = workers(place) if place.workers_killed < WORKERS_MAX else []
    if victims and dice.random() < WORKER_SHARE:
        place.kill_worker(dice.choice(victims))
        return "worker"
    place.kill()
    place.start()
    return "server"


def text_of(response):
    return "".join(part["text"] for item in response["output"] if item["type"] == "message"
                   for part in item["content"])


def usage_of(response):
    """(prompt, cached, completion)"""
    usage = response["usage"]
    return usage["input_tokens"], usage["input_tokens_details"]["cached_tokens"], usage["output_tokens"]


class Checker:
    def __init__(self, place):
        self.place, self.wrong, self.texts = place, [], {}
        self.counts = collections.Counter()

    def expect(self, holds, what):
        self.counts["checks"] += 1
        if not holds:
            self.wrong.append(what)

    def undisturbed(self, request):
        """The text of the same request when nothing is killed."""
        request = {k: v for k, v in request.items() if k not in ("background", "stream")}
        key = json.dumps(request, sort_keys=True)
        if key not in self.texts:
            status, answer = self.place.ask("POST", "/v1/responses", {**request, "store": False})
            assert status == 200, answer
            self.texts[key] = text_of(answer)
        return self.texts[key]

    def look_at(self, one):
        _, stored = self.place.ask("GET", f"/v1/responses/{one.id}")
        self.counts["responses"] += 1
        self.counts["broken connections"] += one.breaks
        self.expect(stored == one.final, f"{one.id} ended as {one.final}, and is stored as {stored}")
        self.expect(stored["status"] in ("completed", "incomplete"), f"{one.id} is {stored['status']}")
        self.expect(text_of(stored) == self.undisturbed(one.request),
                    f"{one.id} says {text_of(stored)!r}, not {self.undisturbed(one.request)!r}")
        if one.events:
            self.look_at_events(one)

    def look_at_events(self, one):
        again = list(self.place.events("GET", f"/v1/responses/{one.id}?stream=true"))
        self.counts["events"] += len(again)
        self.expect(sorted(one.events) == list(range(len(again))),
                    f"{one.id}: events {sorted(one.events)} of {len(again)}")
        for number, data in enumerate(again):
            self.expect(one.events.get(number) == data,
                        f"{one.id}: event {number} was {one.events.get(number)}, and is {data}")

    def look_at_database(self, path):
        """Also of what was never acknowledged: begun, it has ended, and is booked once."""
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            rows = db.execute("SELECT id, status, body FROM responses").fetchall()
            booked = collections.defaultdict(list)
            for id, *tokens in db.execute(
                    "SELECT id, prompt_tokens, cached_tokens, completion_tokens FROM ledger "
                    "WHERE id LIKE 'resp_%'"):
                booked[id].append(tuple(tokens))
            outputs = collections.Counter(
                id for id, in db.execute("SELECT list_id FROM items WHERE part = 2"))
        self.counts["rows"] = len(rows)
        self.counts["lines of the ledger"] = sum(map(len, booked.values()))
        for id, status, body in rows:
            response = json.loads(body)
            self.expect(status in ENDED, f"{id} is {status} at the end")
            self.expect(outputs[id] == len(response["output"]), f"{id} has {outputs[id]} output items")
            expected = [usage_of(response)] if response["usage"] else None
            self.expect(len(booked[id]) == 1 and expected in (None, booked[id]),
                        f"{id} is booked as {booked[id]}, and its usage is {expected}")
        strangers = set(booked) - {id for id, *_ in rows}
        self.expect(not strangers, f"booked without a row: {strangers}")


def wait_until_idle(path):
    end = time.monotonic() + GIVE_UP_S
    while time.monotonic() < end:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            left, = db.execute("SELECT COUNT(*) FROM responses WHERE status IN "
                               "('queued', 'in_progress')").fetchone()
        if left == 0:
            return
        time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10 ** 6))
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    dice, begun = random.Random(options.seed), time.monotonic()
    killed = collections.Counter()
    with tempfile.TemporaryDirectory() as data:
        data = model_folder(pathlib.Path(data) / "data")
        place = Place(data)
        clients = Clients(place, options.clients, options.seed)
        while sum(killed.values()) < options.kills and not clients.problems:
            killed[kill_one(place, dice)] += 1
        clients.finish()
        wait_until_idle(data / "tiro.db")
        checker = Checker(place)
        checker.wrong += clients.problems
        for one in clients.asked:
            checker.look_at(one)
        checker.look_at_database(data / "tiro.db")
        place.server.stop()
    print(f"seed {options.seed}: killed {killed['server']} servers and {killed['worker']} workers in "
          f"{time.monotonic() - begun:.0f} s; {clients.unanswered} requests without any answer")
    print(", ".join(f"{n} {what}" for what, n in checker.counts.items()))
    for wrong in checker.wrong[:20]:
        print(f"WRONG: {wrong[:2000]}")
    print(f"{len(checker.wrong)} wrong")
    sys.exit(1 if checker.wrong or not clients.asked else 0)


if __name__ == "__main__":
    main()
