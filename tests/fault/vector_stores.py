#!/usr/bin/env python3
"""Vector stores, and a server and workers that are killed (kill -9) at random moments meanwhile.

usage: tests/fault/vector_stores.py [--kills N] [--seed N] [--clients N] [--copies N]

With TIRO_TEST_POSTGRES (a URL) the database is that one.

Clients upload files, attach them (one by one, again, in batches), cancel batches, search, and take files
out again or delete them; they write down what they were told. Then the checker looks at all of it, and
at the database:

- every file whose attachment was acknowledged has ended: completed, or failed for its own reason,
  or cancelled where that was asked for;
- its chunks are there once, numbered without a gap, and are those (bit for bit) of an attachment
  that nothing disturbed (of --copies files), and no chunk is there of what is not there;
- the ledger has one row for each completed attachment, with the tokens of the undisturbed one, at most
  one of any other, and one for each search that was answered;
- counts and sizes of stores and batches equal what is there;
- a search finds the sentence of every completed file, and nothing of a file that is gone.

Prints its counts; exits with 1 when anything is wrong.
"""
import argparse
import collections
import json
import pathlib
import random
import sys
import tempfile
import threading
import time

import responses
from responses import Broken
from server import model_folder

KILL_AFTER_S = (0.02, 1.5)
WORKER_SHARE = 0.6  # Of the kills; the others are the server's.
PAUSE_S = 0.2  # Of a client after what it has done, at most.
STORES = 3
GIVE_UP_S = 120
WORDS = "the river keeps winter light under seven bridges while paper boats drift north with the engine".split()
WORDS_FIRST = {"hybrid_search": {"embedding_weight": 0.1, "text_weight": 0.9}}  # One word is of one file.
# What is no text, and what is said of it.
BROKEN = [("broken.pdf", b"%PDF-1.4 and then nothing of a PDF", "damaged"), ("nothing.txt", b" \n ", "empty"),
          ("picture.txt", bytes(range(256)) * 8, "no text in UTF-8")]
STATUS = ["in_progress", "completed", "failed", "cancelled"]  # By their numbers in the database.
FLOAT_BYTES, CHUNK_ROW_BYTES = 4, 64


class Place(responses.Place):
    def upload(self, name, data):
        edge = "edge-of-the-file"
        body = (f'--{edge}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n'
                f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
                ).encode() + data + f"\r\n--{edge}--\r\n".encode()
        status, answer, _ = self.send("POST", "/v1/files", body, f"multipart/form-data; boundary={edge}")
        assert status == 200, answer
        return answer["id"]

    def send(self, method, path, body=None, kind="application/json"):
        """(status, answer, id of the request); Broken when there is no answer, or it has to wait."""
        connection = self.connect()
        try:
            connection.request(method, path, body, {"Content-Type": kind} if body else {})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, responses.http.client.HTTPException) as error:
            raise Broken(error) from error
        finally:
            connection.close()
        if answer.status == 503:
            raise Broken(data)
        return answer.status, json.loads(data), answer.headers["x-request-id"]

    def ask(self, method, path, body=None):
        return self.send(method, path, json.dumps(body) if body is not None else None)[:2]

    def insist(self, method, path, body=None):
        """Until there is an answer."""
        end = time.monotonic() + GIVE_UP_S
        while True:
            try:
                return self.ask(method, path, body)
            except Broken as error:
                assert time.monotonic() < end, f"{method} {path}: no answer, but {error}"
                time.sleep(0.02)


class File:
    """One file in one store, as its client knows it."""

    def __init__(self, store, id, sentence, why=None):
        self.store, self.id = store, id
        self.sentence = sentence  # None: it has no text,
        self.why = why            # of which this is said.
        self.attached = False     # That was acknowledged.
        self.gone = False         # Likewise.
        self.cancelled = False    # That was asked for.
        self.path = f"/v1/vector_stores/{store}/files/{id}"


class Clients:
    def __init__(self, place, n, seed):
        self.place, self.files, self.batches, self.searches = place, [], [], []
        self.problems, self.lock, self.over = [], threading.Lock(), False
        self.did, self.number = collections.Counter(), 0
        self.stores = [place.insist("POST", "/v1/vector_stores", {"name": f"store {n}"})[1]["id"]
                       for n in range(STORES)]
        self.threads = [threading.Thread(target=self.work, args=(random.Random(f"{seed} {i}"),))
                        for i in range(n)]
        for thread in self.threads:
            thread.start()

    def finish(self):
        self.over = True
        for thread in self.threads:
            thread.join()

    def work(self, dice):
        mine = []
        try:
            while not self.over and not self.problems:
                what = dice.choices([self.attach, self.batch, self.again, self.search, self.remove],
                                    [5, 2, 1, 4, 2])[0]
                try:
                    what(mine, dice)
                    self.did[what.__name__] += 1
                    time.sleep(dice.uniform(0, PAUSE_S))
                except Broken:
                    self.did["broken connections"] += 1
                    time.sleep(0.02)
        except Exception as error:  # Of any kind: it is what we look for.
            self.problems.append(f"{type(error).__name__}: {error}")

    def upload(self, store, dice):
        if dice.random() < 0.1:
            name, data, why = dice.choice(BROKEN)
            return File(store, self.place.upload(name, data), None, why)
        with self.lock:
            self.number += 1
            sentence = f"The key of door zq{self.number}x is under the mat."
        words = dice.choices(WORDS, k=dice.choice([30, 300, 900]))
        words.insert(dice.randrange(len(words)), sentence)
        data = " ".join(words).encode()
        return File(store, self.place.upload("door.txt", data), sentence)

    def attach(self, mine, dice):
        file = self.upload(dice.choice(self.stores), dice)
        with self.lock:
            self.files.append(file)  # Before it is asked for: it may be done, and not told.
        status, answer = self.place.ask("POST", f"/v1/vector_stores/{file.store}/files",
                                        {"file_id": file.id, "attributes": {"door": file.id}})
        assert status == 200, answer
        file.attached = True
        mine.append(file)

    def again(self, mine, dice):
        """What is attached already is read anew."""
        here = [f for f in mine if not f.gone]
        if not here:
            return
        file = dice.choice(here)
        status, answer = self.place.ask("POST", f"/v1/vector_stores/{file.store}/files", {"file_id": file.id})
        assert status == 200, answer

    def batch(self, mine, dice):
        store = dice.choice(self.stores)
        files = [self.upload(store, dice) for _ in range(dice.randint(2, 4))]
        with self.lock:
            self.files += files
        status, batch = self.place.ask("POST", f"/v1/vector_stores/{store}/file_batches",
                                       {"file_ids": [f.id for f in files]})
        assert status == 200, batch
        with self.lock:
            self.batches.append((store, batch["id"], len(files)))
        for file in files:
            file.attached = True
        mine += files
        if dice.random() < 0.3:
            for file in files:
                file.cancelled = True
            status, batch = self.place.ask(
                "POST", f"/v1/vector_stores/{store}/file_batches/{batch['id']}/cancel")
            assert status == 200 and batch["file_counts"]["in_progress"] == 0, batch

    def search(self, mine, dice):
        here = [f for f in mine if f.sentence and not f.gone]
        if not here:
            return
        file = dice.choice(here)
        state = self.place.ask("GET", file.path)[1]
        results = self.found(file.store, file.sentence)
        if state["status"] == "completed":
            assert any(file.sentence in text for id, text in results if id == file.id), \
                f"{file.id} is completed, and {file.sentence!r} finds {results}"
        gone = {f.id for f in mine if f.gone and f.store == file.store}
        assert not gone & {id for id, _ in results}, f"found, and removed: {gone}"

    def found(self, store, query):
        status, answer, request = self.place.send(
            "POST", f"/v1/vector_stores/{store}/search",
            json.dumps({"query": query, "max_num_results": 20, "ranking_options": WORDS_FIRST}))
        assert status == 200, answer
        if answer["data"]:  # Nothing is asked of the model while nothing is there.
            with self.lock:
                self.searches.append(request)
        return [(r["file_id"], r["content"][0]["text"]) for r in answer["data"]]

    def remove(self, mine, dice):
        here = [f for f in mine if not f.gone]
        if len(here) < 3:
            return
        file = dice.choice(here)
        path = file.path if dice.random() < 0.5 else f"/v1/files/{file.id}"
        mine.remove(file)  # Until it is known again.
        status, answer = self.place.insist("DELETE", path)
        assert status in (200, 404), answer
        file.gone = True
        mine.append(file)


def kind_of(pid):
    """What a worker does."""
    command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    if b"--kind" in command:
        return command[command.index(b"--kind") + 1].decode() + " worker"
    return "model's worker"


def kill_one(place, dice):
    """The server or one of its workers, of each kind alike, at a random moment."""
    time.sleep(dice.uniform(*KILL_AFTER_S))
    kinds = collections.defaultdict(list)
    if dice.random() < WORKER_SHARE and place.workers_killed < responses.WORKERS_MAX:
        for pid in responses.workers(place):
            try:
                kinds[kind_of(pid)].append(pid)
            except OSError:
                pass  # It was being replaced.
    if kinds:
        kind = dice.choice(sorted(kinds))
        place.kill_worker(dice.choice(kinds[kind]))
        return kind
    place.kill()
    place.start()
    return "server"


class Checker:
    def __init__(self, place, clients):
        self.place, self.clients, self.wrong = place, clients, list(clients.problems)
        self.counts = collections.Counter()
        self.sql = place.server.database.sql

    def expect(self, holds, what):
        self.counts["checks"] += 1
        if not holds:
            self.wrong.append(what)

    def wait(self):
        """Until all are ended and what was removed is gone, or it does not go on."""
        before, end = None, 0
        while left := self.sql("SELECT (SELECT COUNT(*) FROM vector_files WHERE status = 0), "
                               "(SELECT COUNT(*) FROM vector_purges)")[0]:
            if left == (0, 0):
                return
            if left != before:
                before, end = left, time.monotonic() + GIVE_UP_S
            if time.monotonic() > end:
                self.expect(False, f"{left[0]} files do not end, {left[1]} are not purged")
                return
            time.sleep(0.2)

    def chunks_of(self, seq):
        return self.sql("SELECT number, from_byte, to_byte, text, vector FROM vector_chunks "
                        f"WHERE file_seq = {seq} ORDER BY number")

    def tokens_of(self, seq):
        return self.sql(f"SELECT prompt_tokens, status FROM ledger WHERE id = 'vsfile_{seq}'")

    def look_at(self, file):
        status, told = self.place.ask("GET", file.path)
        if file.gone:
            self.counts["removed files"] += 1
            self.expect(status == 404, f"{file.id} was removed, and is {told}")
            return
        if status != 200:
            self.expect(not file.attached, f"{file.id} was acknowledged, and is lost: {told}")
            return
        self.counts["files"] += 1
        self.counts[told["status"]] += 1
        error = told["last_error"] or {}
        right = (not error and told["status"] == "completed" if file.sentence else
                 told["status"] == "failed" and file.why in error.get("message", ""))
        cancelled = told["status"] == "cancelled" and (file.cancelled or not file.attached)
        self.expect(right or cancelled, f"{file.id} is {told['status']}: {error}")
        if told["status"] == "completed":
            results = self.clients.found(file.store, file.sentence)
            self.expect(any(file.sentence in text for id, text in results if id == file.id),
                        f"{file.id}: {file.sentence!r} finds {results}")
            self.expect(len(results) == len(set(results)), f"{file.id}: found twice: {results}")
            gone = {f.id for f in self.clients.files if f.gone}
            self.expect(not gone & {id for id, _ in results}, f"removed, and found: {results}")

    def look_at_rows(self):
        """Of all attachments there are, told or not."""
        rows = self.sql("SELECT seq, id, status, usage_bytes FROM vector_files")
        dimensions = dict(self.sql("SELECT f.seq, s.dimensions FROM vector_files f "
                                   "JOIN vector_stores s ON s.seq = f.store_seq"))
        for seq, id, status, usage in rows:
            chunks = self.chunks_of(seq)
            self.counts["chunks"] += len(chunks)
            completed = STATUS[status] == "completed"
            self.expect([c[0] for c in chunks] == list(range(len(chunks))) and bool(chunks) == completed,
                        f"{id} is {STATUS[status]}, and has the chunks {[c[0] for c in chunks]}")
            size = sum(to - at + dimensions[seq] * FLOAT_BYTES + CHUNK_ROW_BYTES for _, at, to, _, _ in chunks)
            self.expect(usage == size, f"{id}: usage {usage}, and its chunks {size}")
            booked = self.tokens_of(seq)
            self.counts["rows of the ledger"] += len(booked)
            self.expect(len(booked) == 1 and booked[0][1] == 200 if completed else len(booked) <= 1,
                        f"{id} is {STATUS[status]}, and booked as {booked}")
        lost, = self.sql("SELECT COUNT(*) FROM vector_chunks WHERE file_seq NOT IN (SELECT seq FROM vector_files)")
        self.expect(lost[0] == 0, f"{lost[0]} chunks of nothing")
        ids = [id for id, in self.sql("SELECT id FROM ledger WHERE endpoint LIKE '%/search'")]
        self.counts["searches booked"] = len(ids)
        missing = set(self.clients.searches) - set(ids)
        self.expect(not missing, f"{len(missing)} of {len(self.clients.searches)} searches are not booked: {missing}")

    def look_at_counts(self):
        for seq, id in self.sql("SELECT seq, id FROM vector_stores"):
            told = self.place.ask("GET", f"/v1/vector_stores/{id}")[1]
            there = collections.Counter(dict(self.sql(
                f"SELECT status, COUNT(*) FROM vector_files WHERE store_seq = {seq} GROUP BY status")))
            size, = self.sql(f"SELECT COALESCE(SUM(usage_bytes), 0) FROM vector_files WHERE store_seq = {seq}")
            expected = {name: there[i] for i, name in enumerate(STATUS)} | {"total": there.total()}
            self.expect(told["file_counts"] == expected, f"{id} counts {told['file_counts']}, and has {expected}")
            self.expect(told["usage_bytes"] == size[0], f"{id}: {told['usage_bytes']} bytes, its files {size[0]}")
        for store, id, n in self.clients.batches:
            self.counts["batches"] += 1
            counts = self.place.ask("GET", f"/v1/vector_stores/{store}/file_batches/{id}")[1]["file_counts"]
            self.expect(counts["total"] == n and counts["in_progress"] == 0 and
                        sum(counts[name] for name in STATUS) == n, f"{id} of {n} files counts {counts}")

    def look_at_copies(self, n):
        """The same files attached to another store when nothing is killed."""
        rows = self.sql("SELECT id, seq FROM vector_files WHERE status = 1 ORDER BY seq")
        rows = random.Random(0).sample(rows, min(n, len(rows)))
        store = self.place.ask("POST", "/v1/vector_stores", {"file_ids": [id for id, _ in rows]})[1]["id"]
        self.wait()
        for id, seq in rows:
            (copy,), = self.sql("SELECT f.seq FROM vector_files f JOIN vector_stores s ON s.seq = f.store_seq "
                                f"WHERE f.id = '{id}' AND s.id = '{store}'")
            self.counts["copies"] += 1
            self.expect(self.chunks_of(copy) == self.chunks_of(seq), f"{id}: its chunks are not those of a copy")
            self.expect(self.tokens_of(copy) == self.tokens_of(seq),
                        f"{id} is booked as {self.tokens_of(seq)}, and a copy as {self.tokens_of(copy)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10 ** 6))
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--copies", type=int, default=20, help="files that are attached once more at the end")
    options = parser.parse_args()
    dice, begun = random.Random(options.seed), time.monotonic()
    killed = collections.Counter()
    with tempfile.TemporaryDirectory() as data:
        place = Place(model_folder(pathlib.Path(data) / "data"))
        clients = Clients(place, options.clients, options.seed)
        while killed.total() < options.kills and not clients.problems:
            killed[kill_one(place, dice)] += 1
        clients.finish()
        took = time.monotonic() - begun
        checker = Checker(place, clients)
        checker.wait()
        for file in clients.files:
            checker.look_at(file)
        checker.look_at_rows()
        checker.look_at_counts()
        checker.look_at_copies(options.copies)
        place.server.stop()
    print(f"seed {options.seed}: killed {', '.join(f'{n} times the {what}' for what, n in sorted(killed.items()))} "
          f"in {took:.0f} s; {', '.join(f'{n} {what}' for what, n in sorted(clients.did.items()))}")
    print(", ".join(f"{n} {what}" for what, n in checker.counts.items()))
    for wrong in checker.wrong[:20]:
        print(f"WRONG: {wrong[:600]}")
    print(f"{len(checker.wrong)} wrong")
    sys.exit(1 if checker.wrong or not checker.counts["completed"] else 0)


if __name__ == "__main__":
    main()
