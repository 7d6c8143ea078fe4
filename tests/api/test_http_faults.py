"""The k-th allocation of the server fails, for every k of a request: it costs that request only."""

import signal

import pytest

from http_server import Server, chat, eventually

PATH = "/v1/chat/completions"
REQUESTS = {
    "whole": ("POST", PATH, chat("tokens=3")),
    "stream": ("POST", PATH, chat("tokens=3", stream=True)),
    "long": ("POST", PATH, chat("x" * 300_000 + " tokens=1")),
    "page": ("GET", "/v1/tiro/status"),
    "metrics": ("GET", "/metrics"),
    "models": ("GET", "/v1/models"),
    "document": ("GET", "/openapi.json"),
    "unknown": ("GET", "/nosuch"),
}


def attempt(server, request):
    """The answer; None when there was no memory even to say so."""
    try:
        return server.ask(*request)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return None


@pytest.mark.parametrize("what", REQUESTS)
def test_one_allocation_fails(tmp_path, what):
    with Server(tmp_path) as server:
        server.wait_until_ready()
        assert server.ask(*REQUESTS[what]).status in (200, 404)
        for k in range(1, 400):
            hits = server.errors().count("no memory\n")
            server.process.send_signal(signal.SIGUSR1)
            answer = attempt(server, REQUESTS[what])
            assert answer is None or answer.status in (200, 404, 500, 503), answer.body
            assert server.process.poll() is None, server.errors()
            if server.errors().count("no memory\n") == hits:
                break  # It needed fewer than k.
        assert 2 < k < 399
        attempt(server, REQUESTS["whole"])  # Takes the last fault, which has not happened yet.
        eventually(lambda: server.ask(*REQUESTS["whole"]).status == 200)
        assert server.stop() == 0, server.errors()
