"""One `tiro serve` as a child process, and plain HTTP to it; every answer is judged (spec.py).

TIRO        the program (default build/tiro)
TIRO_MODELS the folder with smollm2-135m.gguf, qwen2.5-coder-0.5b.gguf and all-minilm-l6-v2/
            (default ~/.cache/tiro/models)
"""
import http.client
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.parse

import spec
from database import Database
from tap import Tap

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("TIRO", str(ROOT / "build" / "tiro"))
MODELS = pathlib.Path(os.environ.get("TIRO_MODELS", "~/.cache/tiro/models")).expanduser()
CHAT, CODE, EMBED = "smollm2-135m", "qwen2.5-coder-0.5b", "all-minilm-l6-v2"
START_S = 120


def model_folder(where):
    """A data folder whose models/ has links to the real files."""
    folder = where / "models"
    folder.mkdir(parents=True)
    for name in (f"{CHAT}.gguf", f"{CODE}.gguf", EMBED):
        assert (MODELS / name).exists(), f"{MODELS / name} is missing: see TIRO_MODELS"
        (folder / name).symlink_to(MODELS / name)
    return where


class Server:
    """`url` is for the official clients and leads through a tap; `port` is the server's own."""

    def __init__(self, data, arguments=(), env=None, rewrite=None):
        self.data, self.ended = pathlib.Path(data), False
        self.log_path = self.data / "stderr.log"
        self.database = Database(self.data)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TIRO_")}
        command = [PROGRAM, "serve", "--host", "127.0.0.1", "--port", "0", "--data", str(data)]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                command + list(arguments),
                stdout=subprocess.PIPE,
                stderr=log,
                env={**clean, **self.database.environment(), **(env or {})},
                text=True,
            )
        # The first line on stdout is the URL, and nothing else stands on it.
        own_url = self.process.stdout.readline().strip()
        if not own_url.startswith("http://127.0.0.1:"):
            raise AssertionError(f"no URL but {own_url!r}; stderr:\n{self.log()}")
        self.port = urllib.parse.urlsplit(own_url).port
        self.wait_until_ready()
        self.tap = Tap(self.port, rewrite)
        self.url = self.tap.url

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_until_ready(self):
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            assert self.process.poll() is None, f"the server ended:\n{self.log()}"
            if self.request("GET", "/ready")[0] == 200:
                return
            time.sleep(0.1)
        raise AssertionError(f"not ready after {START_S} s:\n{self.log()}")

    def request(self, method, path, body=None, headers=None):
        """(status, headers, body) of one request on a connection of its own; a dict is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = dict(headers or {})
        if isinstance(body, dict):
            body = json.dumps(body)
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
            spec.must(method, path, answer.status, answer.headers["content-type"], data)
            return answer.status, answer.headers, data
        finally:
            connection.close()

    def post(self, path, body):
        status, _, data = self.request("POST", path, body)
        return status, json.loads(data)

    def events(self, path, body):
        """The `data:` values of a stream, as text, checking the framing of every event."""
        status, headers, data = self.request("POST", path, body)
        assert status == 200, data
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-cache"
        assert data.endswith(b"\n\n")
        values = []
        for event in data.decode().removesuffix("\n\n").split("\n\n"):
            assert event.startswith("data: ") and "\n" not in event, event
            values.append(event.removeprefix("data: "))
        return values

    def named_events(self, path, body):
        """(name, value) of the events of a stream that names them, checking the framing."""
        status, headers, data = self.request("POST", path, body)
        assert status == 200, data
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        found = []
        for event in data.decode().removesuffix("\n\n").split("\n\n"):
            first, second = event.split("\n")
            assert first.startswith("event: ") and second.startswith("data: "), event
            value = json.loads(second.removeprefix("data: "))
            assert value["type"] == first.removeprefix("event: ")
            found.append((value["type"], value))
        return found

    def processes(self):
        """Ids of the server and its workers."""
        found, wanted = [self.process.pid], [self.process.pid]
        parents = {}
        for status in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                # pid (name) state parent: the name may hold spaces and parentheses.
                parent = int(status.read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue  # It ended meanwhile.
            parents.setdefault(parent, []).append(int(status.parent.name))
        while wanted:
            children = parents.get(wanted.pop(), [])
            found += children
            wanted += children
        return found

    def worker(self, kind):
        """The id of a worker ("text", "embed", "index" ...); None: none runs. One that has ended says no kind."""
        for pid in self.processes():
            try:
                command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue  # It ended meanwhile.
            if f"--kind\0{kind}\0".encode() in command:
                return pid
        return None

    def rss_kib(self):
        """Resident memory without file pages (the models are mapped), by process id."""
        sizes = {}
        for pid in self.processes():
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
            except OSError:
                continue  # It ended meanwhile.
            for line in status.splitlines():
                if line.startswith("RssAnon:"):
                    sizes[pid] = int(line.split()[1])
        return sizes

    def kill(self):
        """As a power cut does, but for the disk."""
        self.tap.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.ended = True

    def stop(self):
        """Ends it as an administrator would; it must end by itself, and say that all went well."""
        if self.ended:
            return
        self.ended = True
        self.tap.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        self.process.stdout.close()
        assert code == 0, f"exit status {code}:\n{self.log()}"
        for word in ("Sanitizer:", "runtime error:"):
            assert word not in self.log(), self.log()
