"""What connections cost: 5,000 idle and 1,000 open streams at once, and 2,000 requests."""

import pytest

from http_server import Server, chat, eventually

PATH = "/v1/chat/completions"
IDLE, STREAMS = 5000, 1000

pytestmark = pytest.mark.soak


def rss(server):
    with open(f"/proc/{server.process.pid}/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("VmRSS"))


def test_idle_connections_and_open_streams(tmp_path, capsys):
    with Server(tmp_path) as server:
        server.wait_until_ready()
        for _ in range(50):
            assert server.ask("POST", PATH, chat("tokens=2", stream=True)).status == 200
        start = rss(server)
        idle = [server.connect() for _ in range(IDLE)]
        for c in idle:
            assert c.ask("GET", "/health").status == 200
        with_idle = rss(server)
        streams = [server.connect() for _ in range(STREAMS)]
        for c in streams:
            c.request("POST", PATH, chat("tokens=3 delay=2000000", stream=True))
        for c in streams:
            assert c.head().status == 200
        eventually(lambda: server.metric("tiro_streams_open") == STREAMS)
        with_streams = rss(server)
        per_idle = (with_idle - start) / IDLE
        per_stream = (with_streams - with_idle) / STREAMS
        with capsys.disabled():
            print(f"\nbytes per idle connection {per_idle:.0f}, per open stream {per_stream:.0f}")
        # Nobody's place is taken: all still answer.
        assert server.ask("GET", "/health").status == 200
        for c in streams:
            c.close()
        eventually(lambda: server.model()["requests"] == 0)
        for c in idle:
            assert c.ask("GET", "/health").status == 200
        # Room for allocators of other machines, none for a buffer per connection.
        assert per_idle <= 4096
        assert per_stream <= 16384


def test_heads_that_never_end(tmp_path):
    """Slowloris: they cost little, hurt nobody, and are thrown out in time."""
    with Server(tmp_path, "--head-ms", "4000") as server:
        server.wait_until_ready()
        start = rss(server)
        slow = [server.connect() for _ in range(IDLE)]
        for c in slow:
            c.send("GET /health HTTP/1.1\r\nHost: localhost\r\nX: ")
        assert server.ask("POST", PATH, chat("tokens=2")).status == 200
        assert (rss(server) - start) / IDLE <= 8192
        for c in slow:
            assert c.answer().status == 408
        assert server.metric("tiro_request_timeouts_total") == IDLE


def test_requests_leave_nothing_behind(tmp_path):
    with Server(tmp_path) as server:
        server.wait_until_ready()

        def some(n):
            for i in range(n):
                stream = i % 2 == 0
                with server.connect() as c:
                    c.request("POST", PATH, chat("tokens=4", stream=stream))
                    if i % 3:
                        c.answer()

        some(500)
        before = rss(server)
        some(2000)
        eventually(lambda: server.model()["requests"] == 0)
        assert rss(server) - before <= 1 << 20
