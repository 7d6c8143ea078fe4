"""Deadlines, slow and vanished clients, keys, origins, start and end of the server."""

import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from http_server import PROGRAM, Connection, Server, chat, eventually

PATH = "/v1/chat/completions"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("behaviour")) as server:
        server.wait_until_ready()
        yield server


# ---- Deadlines ----


def test_deadlines_are_totals(tmp_path):
    with Server(tmp_path, "--head-ms", "600", "--body-ms", "600", "--idle-ms", "600") as server:
        with server.connect() as c:
            start = time.monotonic()
            c.send("GET /health HTTP/1.1\r\nHost: a\r\nX: ")
            while time.monotonic() - start < 20:  # Never idle, never done.
                c.socket.settimeout(0.1)
                try:
                    if c.more():
                        break
                except TimeoutError:
                    c.send("a")
            c.socket.settimeout(20)
            answer = c.answer()
            assert answer.status == 408 and answer.code == "request_timeout" and answer.closes
        with server.connect() as c:
            c.send(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{{")
            assert c.answer().status == 408
        with server.connect() as c:
            assert c.ask("GET", "/health").status == 200
            assert c.is_closed()  # Idle for too long: no answer to nothing.
        assert server.metric("tiro_request_timeouts_total") == 2


@pytest.mark.parametrize("options", [("--write-ms", "1000"), ("--write-ms", "600000")])
def test_slow_reader_is_cut(tmp_path, options):
    """One that takes nothing for too long; and one for whom too much has piled up."""
    with Server(tmp_path, *options) as server, server.connect() as c:
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.request("POST", PATH, chat("tokens=100000 delay=1 size=1000", stream=True))
        eventually(lambda: server.metric("tiro_write_stalls_total") == 1)
        # Whoever was cut off is no longer answered.
        eventually(lambda: any(line.startswith("cancel") for line in server.worker_log()))
        assert server.metric("tiro_streams_open") == 0


def test_a_burst_is_no_slow_reader(server):
    """Far more at once than a stream may keep queued: whoever reads gets it all."""
    with server.connect() as c:
        c.request("POST", PATH, chat("tokens=20000", stream=True))
        assert c.head().status == 200
        while not c.data.endswith(b"\r\n0\r\n\r\n"):  # Read first, and judged when nobody waits for it.
            assert c.more()
        raw = b"".join(iter(c.chunk, b""))
        assert raw.count(b'"content":"w') == 20000 and raw.endswith(b"data: [DONE]\n\n")


def test_slow_reader_of_a_long_answer_gets_all(tmp_path):
    """Not a stream: what is there is sent, as long as some of it is taken in time."""
    with Server(tmp_path, "--write-ms", "2000") as server, server.connect() as c:
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        c.request("POST", PATH, chat("tokens=150 size=60000"))
        answer = c.head()
        left = int(answer.header("content-length"))
        assert left > 9_000_000
        while left > 0:
            left -= len(c.exactly(min(left, 400_000)))
            time.sleep(0.05)


# ---- Clients that go away ----


def cancelled(server):
    return [line for line in server.worker_log() if line.startswith("cancel")]


@pytest.mark.parametrize("how", ["close", "half-close", "reset"])
@pytest.mark.parametrize("when", ["prefill", "stream", "answer"])
def test_disconnect_cancels(server, how, when):
    before = len(cancelled(server))
    with server.connect() as c:
        stream = when == "stream"
        text = "tokens=100000 delay=5" if stream else "wait=60000"
        c.request("POST", PATH, chat(text, stream=stream or when == "prefill"))
        if stream:
            assert c.head().status == 200
            c.chunk()
        else:
            requests = len([x for x in server.worker_log() if x.startswith("request")])
            eventually(lambda: server.model()["requests"] == 1 or requests)
            eventually(lambda: server.model()["requests"] == 1)
        if how == "half-close":
            c.socket.shutdown(socket.SHUT_WR)
        elif how == "reset":
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if how != "half-close":
            c.close()
        eventually(lambda: len(cancelled(server)) == before + 1, 5)
        assert server.model()["requests"] == 0


def test_disconnect_while_pipelining_too_far(server):
    """Reading has stopped: the end is noticed all the same."""
    before = len(cancelled(server))
    with server.connect() as c:
        c.request("POST", PATH, chat("wait=60000"))
        c.request("POST", PATH, chat("x" * 100_000))
        eventually(lambda: server.model()["requests"] == 1)
        c.close()
        eventually(lambda: len(cancelled(server)) == before + 1)


def test_disconnect_in_the_queue_hurts_nobody_else(tmp_path):
    with Server(tmp_path, models={"m": "load-hold"}, preload=False) as server:
        waiting = [server.connect() for _ in range(10)]
        for i, c in enumerate(waiting):
            c.request("POST", PATH, chat(f"tokens={i + 1}"))
        eventually(lambda: server.model()["waiting"] == 10)
        for c in waiting[::2]:
            c.close()
        eventually(lambda: server.model()["waiting"] == 5)
        server.go()
        for i, c in list(enumerate(waiting))[1::2]:
            assert c.answer().json["usage"]["completion_tokens"] == i + 1
        assert len([x for x in server.worker_log() if x.startswith("request")]) == 5


def test_streams_are_not_disturbed_by_others(server):
    """64 at once, half of them leave somewhere: the others get every byte of theirs."""
    def text_of(raw):
        return b"".join(line for line in raw.split(b"\n") if b'"content":"w' in line)

    def run(i, results):
        with server.connect() as c:
            c.request("POST", PATH, chat(f"tokens={20 + i} delay=2", stream=True))
            if c.head().status != 200:
                return
            raw = b""
            for n in range(10 ** 6):
                if i % 2 and n == 3 + i % 11:
                    return
                piece = c.chunk()
                if not piece:
                    break
                raw += piece
            if i % 2 == 0:  # One that meant to leave may have had all before, in fewer pieces.
                results[i] = raw

    results = {}
    threads = [threading.Thread(target=run, args=(i, results)) for i in range(64)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(results) == list(range(0, 64, 2))
    for i, raw in results.items():
        words = [part.split(b'"')[0] for part in raw.split(b'"content":"')[2:]]
        assert words == [b"w%d " % n for n in range(20 + i)], i
        assert raw.endswith(b"data: [DONE]\n\n")


def test_connections_have_a_limit(tmp_path):
    with Server(tmp_path, "--connections", "5") as server:
        open_ones = [server.connect() for _ in range(5)]
        for c in open_ones:
            assert c.ask("GET", "/health").status == 200
        with server.connect() as c:
            answer = c.answer()
            assert answer.status == 503 and answer.code == "server_overloaded"
        open_ones.pop().close()
        eventually(lambda: server.ask("GET", "/health").status == 200)


# ---- Who may call ----


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "LOCALHOST", "127.0.0.1:8080",
                                  "127.9.9.9", "[::1]:80"])
def test_hosts_of_this_machine(server, host):
    assert server.ask("GET", "/health", headers=[("Host", host)]).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                                  "127.0.0.1.evil",
                                  "127.0.0.1.nip.io", "0.0.0.0", "10.0.0.1", "[::2]", "128.0.0.1",
                                  "127.0.0", "127.0.0.256", "2130706433"])
def test_rebound_names_are_refused(server, host):
    for method in ("GET", "OPTIONS", "POST"):
        answer = server.ask(method, "/health", headers=[("Host", host)])
        assert answer.status == 403 and answer.code == "forbidden_origin"


@pytest.mark.parametrize("origin", ["http://localhost:5173", "http://127.0.0.1:1", "http://[::1]:9",
                                    "https://localhost"])
def test_origins_of_this_machine(server, origin):
    answer = server.ask("GET", "/health", headers=[("Origin", origin)])
    assert answer.status == 200
    assert answer.header("access-control-allow-origin") == origin


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example",
                                    "file://", "http://127.0.0.1.evil.example", "chrome://x", "*",
                                    "http://localhost@evil.example"])
def test_foreign_pages_are_refused(server, origin):
    for method, body in (("GET", None), ("POST", chat("tokens=1")), ("OPTIONS", None)):
        answer = server.ask(method, PATH, body, headers=[("Origin", origin)])
        assert answer.status == 403 and answer.code == "forbidden_origin"
        assert answer.header("access-control-allow-origin") is None


def test_preflight(server):
    answer = server.ask("OPTIONS", PATH, headers=[
        ("Origin", "http://localhost:3000"), ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type")])
    assert answer.status == 204
    assert "POST" in answer.header("access-control-allow-methods")
    assert "authorization" in answer.header("access-control-allow-headers")


def test_allowed_names(tmp_path):
    with Server(tmp_path, "--allow-host", "box.lan", "--allow-origin", "https://a.lan") as server:
        assert server.ask("GET", "/health", headers=[("Host", "box.lan:80")]).status == 200
        assert server.ask("GET", "/health", headers=[("Host", "x.lan")]).status == 403
        assert server.ask("GET", "/health", headers=[("Origin", "https://a.lan")]).status == 200


def bearer(key):
    return [("Authorization", f"Bearer {key}")]


def test_keys(tmp_path):
    (tmp_path / "keys").write_text("# ours\nsk-test-0123456789\n\n  sk-other-abcdefgh  \n")
    with Server(tmp_path, "--key-file", str(tmp_path / "keys")) as server:
        for headers in (bearer("sk-test-0123456789"), bearer("sk-other-abcdefgh"),
                        [("authorization", "bearer sk-test-0123456789")],
                        [("api-key", "sk-test-0123456789")], [("x-api-key", "sk-test-0123456789")],
                        bearer("sk-test-0123456789") + [("api-key", "sk-other-abcdefgh")]):
            assert server.ask("GET", "/v1/models", headers=headers).status == 200
        for headers in ((), [("Authorization", "Basic c2s=")], bearer(""), [("api-key", "")],
                        [("x-key", "sk-test-0123456789")], [("Authorization", "sk-test")]):
            answer = server.ask("GET", "/v1/models", headers=headers)
            assert answer.status == 401 and answer.code is None
            assert answer.message.startswith("You didn't provide an API key.")
            assert answer.json["error"]["type"] == "invalid_request_error"
        for headers in (bearer("sk-wrong-01234567xyz9"), [("api-key", "sk-wrong-01234567xyz9")],
                        bearer("sk-test-0123456789") + [("api-key", "sk-wrong-01234567xyz9")]):
            answer = server.ask("GET", "/v1/models", headers=headers)
            assert answer.status == 401 and answer.code == "invalid_api_key"
            assert answer.message.startswith("Incorrect API key provided: sk-****xyz9.")
        answer = server.ask("GET", "/v1/models", headers=bearer("short"))
        assert "short" not in answer.message
        for path in ("/metrics", "/v1/tiro/status"):
            assert server.ask("GET", path).status == 401
        for path in ("/health", "/ready", "/"):
            assert server.ask("GET", path).status != 401
        with Connection(server.short_socket()) as c:  # Its file's mode is its guard.
            assert c.ask("GET", "/v1/models").status == 200
        assert (server.data / "tiro.sock").stat().st_mode & 0o777 == 0o600
        assert "sk-" not in server.errors()


def test_key_in_the_environment(tmp_path):
    with Server(tmp_path, env={"TIRO_API_KEY": "sk-environment"}) as server:
        assert server.ask("GET", "/v1/models").status == 401
        assert server.ask("GET", "/v1/models", headers=bearer("sk-environment")).status == 200
        server.wait_until_ready()
        pid = server.model()["pid"]
        assert b"sk-environment" not in open(f"/proc/{pid}/environ", "rb").read()


# ---- Start ----


def refusal(tmp_path, *options, env=None):
    found = subprocess.run([str(PROGRAM), "serve", *options], capture_output=True, text=True,
                           timeout=20, env={**os.environ, **(env or {})}, cwd=tmp_path)
    assert found.returncode != 0 and found.stdout == ""
    return found.stderr


def test_starts_that_fail_say_why(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        text = refusal(tmp_path, "--port", port, str(data))
        assert port in text and "in use" in text and "--port" in text
    assert "no address of this machine" in refusal(tmp_path, "--host", "192.0.2.1", str(data),
                                                   env={"TIRO_API_KEY": "sk-x"})
    assert "nowhere.invalid" in refusal(tmp_path, "--host", "nowhere.invalid.", str(data),
                                        env={"RES_OPTIONS": "timeout:1 attempts:1"})
    assert "missing" in refusal(tmp_path, str(tmp_path / "missing"))
    (tmp_path / "empty").write_text("# nothing\n")
    assert "no key" in refusal(tmp_path, "--key-file", str(tmp_path / "empty"), str(data))
    assert "absent" in refusal(tmp_path, "--key-file", str(tmp_path / "absent"), str(data))


def test_unwritable_directory(tmp_path):
    if os.getuid() == 0:
        path = "/proc/self"  # Where even root cannot write.
    else:
        path = str(tmp_path / "data")
        os.mkdir(path, 0o500)
    assert "writable" in refusal(tmp_path, path) or "cannot write" in refusal(tmp_path, path)


def test_one_server_per_directory(tmp_path):
    with Server(tmp_path) as server:
        text = refusal(tmp_path, str(server.data))
        assert server.url in text and str(server.process.pid) in text
        assert server.ask("GET", "/health").status == 200
        with Connection(server.short_socket()) as c:  # The failed start left it alone.
            assert c.ask("GET", "/health").status == 200
        server.process.kill()  # No chance to clean up ...
        server.process.wait()
    with Server(tmp_path) as server:  # ... and yet the next one starts.
        with Connection(server.short_socket()) as c:
            assert c.ask("GET", "/health").status == 200


def test_a_long_data_directory(tmp_path):
    data = tmp_path / ("d" * 120) / ("e" * 120)
    data.mkdir(parents=True)
    with Server(tmp_path, data=data) as server:
        assert server.ask("GET", "/health").status == 200
        assert (data / "tiro.sock").is_socket()


# ---- End ----


def catches(process, number):
    """Whether a signal calls a handler of the process."""
    mask = re.search(r"^SigCgt:\s*(\w+)", open(f"/proc/{process.pid}/status").read(), re.M)[1]
    return bool(int(mask, 16) >> number - 1 & 1)


def begin_to_end(server, sig=signal.SIGTERM):
    """The first signal is not caught any more once it is heard."""
    server.process.send_signal(sig)
    eventually(lambda: not catches(server.process, sig))


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_drain_finishes_what_is_open(tmp_path, sig):
    with Server(tmp_path) as server:
        server.wait_until_ready()
        idle, stream, whole, later = (server.connect() for _ in range(4))
        assert idle.ask("GET", "/health").status == 200
        stream.request("POST", PATH, chat("tokens=60 hold=20", stream=True))
        whole.request("POST", PATH, chat("tokens=60 hold=20"))
        assert stream.head().status == 200
        later.send("GET /ready HTTP/1.1\r\nHost: localhost\r\n")
        eventually(lambda: server.model()["requests"] == 2)
        server.process.send_signal(sig)
        assert idle.is_closed()
        later.send("\r\n")
        answer = later.answer()
        assert answer.status == 503 and answer.code == "server_shutting_down" and answer.closes
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        server.go()
        raw = stream.rest()
        assert raw.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n") and b'"w59 "' in raw
        assert whole.answer().json["usage"]["completion_tokens"] == 60
        assert server.process.wait(20) == 0
        assert server.worker_log()[-1] == "quit 0"
        assert not (server.data / "tiro.sock").exists()


def test_drain_of_many_streams(tmp_path):
    """None of 32 is cut, wherever it is when the signal comes."""
    with Server(tmp_path) as server:
        server.wait_until_ready()
        streams = [server.connect() for _ in range(32)]
        for i, c in enumerate(streams):
            c.request("POST", PATH, chat(f"tokens={10 + i} hold={i}", stream=True))
        eventually(lambda: server.model()["requests"] == 32)
        begin_to_end(server)
        server.go()
        for i, c in enumerate(streams):
            raw = c.rest()
            assert raw.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
            assert raw.count(b'"content":"w') == 10 + i
        assert server.process.wait(20) == 0


def test_drain_ends_streams_after_the_grace(tmp_path):
    with Server(tmp_path, "--grace-ms", "500") as server:
        server.wait_until_ready()
        with server.connect() as stream, server.connect() as whole:
            stream.request("POST", PATH, chat("tokens=100000 delay=20", stream=True))
            whole.request("POST", PATH, chat("wait=60000"))
            assert stream.head().status == 200
            eventually(lambda: server.model()["requests"] == 2)
            server.process.send_signal(signal.SIGTERM)
            raw = stream.rest()
            assert b'data: {"error":' in raw and b"server_shutting_down" in raw
            assert raw.endswith(b"0\r\n\r\n")
            answer = whole.answer()
            assert answer.status == 503 and answer.header("retry-after")
        assert server.process.wait(20) == 0


def test_second_signal_ends_at_once(tmp_path):
    with Server(tmp_path) as server:
        server.wait_until_ready()
        with server.connect() as c:
            c.request("POST", PATH, chat("tokens=100000 delay=20", stream=True))
            assert c.head().status == 200
            pid = server.model()["pid"]
            begin_to_end(server)
            with pytest.raises(subprocess.TimeoutExpired):
                server.process.wait(0.5)
            assert server.stop() == -signal.SIGTERM
        eventually(lambda: not os.path.exists(f"/proc/{pid}"))  # Workers end with it.


def test_drain_while_loading(tmp_path):
    with Server(tmp_path, models={"m": "load=60000"}) as server:
        assert server.ask("GET", "/ready").status == 503
        assert server.stop() == 0
