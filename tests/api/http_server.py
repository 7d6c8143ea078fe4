"""The gateway with fake workers, and raw sockets to it, for test_http_*.py.

The program is tests/unit/gateway/test_gateway.c: `gateway_test_gateway serve ...`. What its workers
do is said in the prompt and in the model's path; see tests/unit/gateway/fake_worker.h. What is
answered is judged (spec.py): by its operation where request() asked, else errors alone.
"""

import collections
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

import spec

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TIRO_BUILD", ROOT / "build"))
PROGRAM = BUILD / "tests" / "gateway_test_gateway"


class Answer:
    """One HTTP answer read from a socket."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        self.body, self.asked = b"", ("?", None)  # asked: its method and path

    def header(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else None

    @property
    def closes(self):
        return self.header("connection") == "close"

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["error"]["code"]

    @property
    def message(self):
        return self.json["error"]["message"]


class Connection:
    def __init__(self, address, timeout=20):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(address)
        self.data = b""
        self.asked = collections.deque()  # (method, path) of requests without an answer yet
        self.events = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def more(self):
        """Reads on; False at the end."""
        try:
            piece = self.socket.recv(65536)
        except ConnectionResetError:
            piece = b""
        self.data += piece
        return bool(piece)

    def until(self, mark):
        while mark not in self.data:
            if not self.more():
                raise EOFError(f"the connection ended before {mark!r}: {self.data[-400:]!r}")
        at = self.data.index(mark) + len(mark)
        taken, self.data = self.data[:at], self.data[at:]
        return taken

    def exactly(self, n):
        while len(self.data) < n:
            if not self.more():
                raise EOFError("the connection ended inside a body")
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def rest(self):
        while self.more():
            pass
        taken, self.data = self.data, b""
        return taken

    def is_closed(self):
        """Whether the server ends the connection, saying no more."""
        return not self.more() and self.data == b""

    def head(self):
        answer = Answer(self.until(b"\r\n\r\n")[:-4])
        if answer.status != 100 and self.asked:
            answer.asked = self.asked.popleft()
        streams = answer.status == 200 and (answer.header("content-type") or "").startswith(spec.EVENTS)
        self.events = spec.Events(*answer.asked) if streams else None
        return answer

    def chunk(self):
        """The next chunk of a chunked answer; b"" is the last."""
        size = int(self.until(b"\r\n"), 16)
        data = self.exactly(size)
        assert self.exactly(2) == b"\r\n"
        if self.events:
            assert not (wrong := self.events.feed(data)), wrong
        return data

    def answer(self, head_only=False):
        answer = self.head()
        if head_only or answer.status in (100, 204, 304):
            return answer
        if answer.header("transfer-encoding") == "chunked":
            while piece := self.chunk():
                answer.body += piece
        elif (length := answer.header("content-length")) is not None:
            answer.body = self.exactly(int(length))
        else:
            answer.body = self.rest()
        if answer.header("transfer-encoding") != "chunked" or not self.events:
            spec.must(*answer.asked, answer.status, answer.header("content-type"), answer.body)
        return answer

    def event(self):
        """The text of the next `data:` line of a stream of chunks."""
        return self.chunk().decode()

    def request(self, method, path, body=None, headers=(), version="1.1"):
        lines = [f"{method} {path} HTTP/{version}"]
        if not any(name.lower() == "host" for name, _ in headers):
            lines.append("Host: localhost")
        lines += [f"{name}: {value}" for name, value in headers]
        data = b""
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        self.asked.append((method, path))
        self.send("\r\n".join(lines) + "\r\n\r\n")
        self.send(data)

    def ask(self, *args, **kwargs):
        self.request(*args, **kwargs)
        return self.answer(head_only=args[0] == "HEAD")


def chat(text, stream=False, model="m", **extra):
    body = {"model": model, "messages": [{"role": "user", "content": text}], **extra}
    if stream:
        body["stream"] = True
    return body


class Server:
    """`options` as test_gateway.c has them; `models` maps names to words of the model's path."""

    def __init__(self, folder, *options, models=None, embed=(), env=None, preload=True, data=None):
        self.folder = pathlib.Path(folder)
        self.data = pathlib.Path(data) if data else self.folder / "data"
        self.data.mkdir(exist_ok=True)
        self.paths = {}
        args = [str(PROGRAM), "serve"] + (["--preload"] if preload else [])
        for name, words in (models if models is not None else {"m": ""}).items():
            path = self.folder / f"{name} {words}".strip()
            path.touch()
            self.paths[name] = path
            args += ["--embed" if name in embed else "--model", f"{name}={path}"]
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            args + list(options) + [str(self.data)],
            stdout=subprocess.PIPE,
            stderr=self.log,
            env={**os.environ, **(env or {})},
        )
        self.url = self.process.stdout.readline().decode().strip()
        if match := re.fullmatch(r"http://(.*):(\d+)", self.url):
            self.address = ("127.0.0.1", int(match[2]))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def connect(self, **kwargs):
        return Connection(self.address, **kwargs)

    def ask(self, *args, **kwargs):
        with self.connect() as c:
            return c.ask(*args, **kwargs)

    def status(self):
        with Connection(self.short_socket()) as c:
            return c.ask("GET", "/v1/tiro/status").json

    def short_socket(self):
        return os.path.relpath(self.data / "tiro.sock")

    def model(self, name="m"):
        return next(m for m in self.status()["models"] if m["id"] == name)

    def worker_log(self, name="m"):
        path = pathlib.Path(f"{self.paths[name]}.log")
        return path.read_text().split("\n")[:-1] if path.exists() else []

    def go(self, name="m"):
        """For what holds: see tests/unit/gateway/fake_worker.h."""
        pathlib.Path(f"{self.paths[name]}.go").touch()

    def metric(self, name):
        text = self.ask("GET", "/metrics").body.decode()
        return float(re.search(rf"^{re.escape(name)} (.*)$", text, re.M)[1])

    def wait_until_ready(self):
        eventually(lambda: self.ask("GET", "/ready").status == 200)

    def stop(self, sig=signal.SIGTERM, timeout=20):
        self.process.send_signal(sig)
        return self.process.wait(timeout)

    def errors(self):
        return (self.folder / "log").read_text()


def eventually(condition, seconds=20):
    """Waits for something that will come true, however slow the machine."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.01)
    return value
