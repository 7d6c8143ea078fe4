"""Where a request begins and ends: raw bytes to the server, and the same bytes to llhttp."""

import random

import httptools
import pytest

from http_server import Server, chat

PATH = "/v1/chat/completions"
HOST = "Host: localhost\r\n"
JSON = "Content-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("framing")) as server:
        server.wait_until_ready()
        yield server


def ours(server, data):
    """"ok": a request was understood; "bad": refused and closed; "more": not whole yet."""
    with server.connect() as c:
        c.send(data)
        c.socket.shutdown(1)  # The end of what we say: the server hangs up if it wants more.
        try:
            answer = c.answer()
        except EOFError:
            return "more"
        if answer.closes and answer.status >= 400:
            assert c.is_closed()
            return "bad"
        return "ok"


class Listener:
    whole = False

    def on_message_complete(self):
        self.whole = True


def theirs(data):
    listener = Listener()
    parser = httptools.HttpRequestParser(listener)
    try:
        parser.feed_data(data)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError:
        return "ok" if listener.whole else "bad"
    return "ok" if listener.whole else "more"


def agree(server, data):
    """We never take what llhttp refuses, nor see an end where it sees none."""
    them = theirs(data)
    us = ours(server, data)
    if them == "bad":
        assert us == "bad", data
    elif them == "more":
        assert us != "ok", data
    return us, them


POST = f"POST {PATH} HTTP/1.1\r\n{HOST}{JSON}"
CHUNKED = POST + "Transfer-Encoding: chunked\r\n\r\n"
AMBIGUOUS = [
    POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    POST + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
    POST + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    POST + "Content-Length: +5\r\n\r\nhello",
    POST + "Content-Length: -5\r\n\r\nhello",
    POST + "Content-Length: 0x5\r\n\r\nhello",
    POST + "Content-Length: 5, 5\r\n\r\nhello",
    POST + "Content-Length: 5 5\r\n\r\nhello",
    POST + "Content-Length: 05\r\n\r\nhello",
    POST + "Content-Length:\r\n\r\nhello",
    POST + "Content-Length : 5\r\n\r\nhello",
    POST + "Content-Length: 99999999999999999999\r\n\r\n",
    POST + "Transfer-Encoding: identity\r\n\r\n",
    POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    POST + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    POST + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    POST + "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    POST + "X: a\nContent-Length: 5\r\n\r\nhello",
    POST + "X: a\rContent-Length: 5\r\n\r\nhello",
    POST + "X: a\r\n Content-Length: 5\r\n\r\n",
    POST + "X: a\0b\r\n\r\n",
    POST + "X: a\x01b\r\n\r\n",
    POST + "X\x00: a\r\n\r\n",
    POST + "X Y: a\r\n\r\n",
    POST + "X : a\r\n\r\n",
    POST + ": a\r\n\r\n",
    POST + "X\r\n\r\n",
    CHUNKED + "5;a=b\r\nhello\r\n0\r\n\r\n",
    CHUNKED + "5 \r\nhello\r\n0\r\n\r\n",
    CHUNKED + "0x5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + "+5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + "5\nhello\n0\n\n",
    CHUNKED + "5\r\nhello0\r\n\r\n",
    CHUNKED + "5\r\nhello\r0\r\n\r\n",
    CHUNKED + "5\r\nhello\n0\r\n\r\n",
    CHUNKED + "6\r\nhello\r\n0\r\n\r\n",
    CHUNKED + "\r\n",
    CHUNKED + "g\r\n",
    CHUNKED + "fffffffffffffffff\r\n",
    CHUNKED + "0\r\nX: a\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\tb: c\r\n\r\n",
    "GET / HTTP/1.1\nHost: a\n\n",
    "GET /\r\nHost: a\r\n\r\n",
    "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
    "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "a" * 60,
]


@pytest.mark.parametrize("number", range(len(AMBIGUOUS)))
def test_ambiguous_is_refused(server, number):
    us, _ = agree(server, AMBIGUOUS[number].encode("latin-1"))
    assert us == "bad"


# Documented: what llhttp takes and we do not. Each one is a place where two readers may differ.
STRICTER = {
    "an empty line in front": "\r\nGET /x HTTP/1.1\r\n" + HOST + "\r\n",
    "absolute-form": "GET http://localhost/x HTTP/1.1\r\n" + HOST + "\r\n",
    "a tab in a value": "GET /x HTTP/1.1\r\n" + HOST + "X: a\tb\r\n\r\n",
    "no Host": "GET /x HTTP/1.1\r\nX: a\r\n\r\n",
    "two Hosts": "GET /x HTTP/1.1\r\n" + HOST + HOST + "\r\n",
    "chunk extensions": CHUNKED + "5;a=b\r\nhello\r\n0\r\n\r\n",
    "trailer fields": CHUNKED + "0\r\nX: a\r\n\r\n",
    "Transfer-Encoding in capitals": POST + "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
    "a coding before chunked": POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "leading zeros": POST + "Content-Length: 005\r\n\r\nhello",
    "a GET with a body": "GET /x HTTP/1.1\r\n" + HOST + "Content-Length: 1\r\n\r\nx",
    "methods that nobody needs": "PROPFIND /x HTTP/1.1\r\n" + HOST + "\r\n",
    "a bad escape": "GET /%zz HTTP/1.1\r\n" + HOST + "\r\n",
}


@pytest.mark.parametrize("what", STRICTER)
def test_stricter_than_llhttp(server, what):
    us, them = agree(server, STRICTER[what].encode("latin-1"))
    assert us == "bad"
    assert them == "ok"


GOOD = [
    f"GET /x HTTP/1.1\r\n{HOST}\r\n",
    f"GET /x?include[]=a%20b HTTP/1.1\r\n{HOST}User-Agent: x/1 (y)\r\nAccept: */*\r\n\r\n",
    POST + "Content-Length: 5\r\n\r\nhello",
    CHUNKED + "5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
    f"DELETE /x HTTP/1.1\r\n{HOST}\r\n",
]


@pytest.mark.parametrize("data", GOOD)
def test_good_is_taken_by_both(server, data):
    assert agree(server, data.encode()) == ("ok", "ok")


# Long inputs get the mutations that matter for framing, many small ones.
PIECES = [b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b":", b",", b";", b"0", b"\xff", b"chunked",
          b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Host: a\r\n", b"HTTP/1.1"]


def mutate(dice, data):
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(data) + 1)
        kind = dice.randrange(4)
        if kind == 0:
            data = data[:at] + dice.choice(PIECES) + data[at:]
        elif kind == 1:
            data = data[:at] + data[at + dice.randint(1, 4):]
        elif kind == 2 and at < len(data):
            data = data[:at] + bytes([dice.randrange(256)]) + data[at + 1:]
        else:
            start = dice.randrange(len(data) + 1)
            data = data[:at] + data[start:start + 12] + data[at:]
    return data


def test_mutations_never_slip_through(server):
    dice = random.Random(7)
    seen = set()
    for _ in range(1500):
        data = mutate(dice, dice.choice(GOOD).encode())
        if data:
            seen.add(agree(server, data))
    # The mutations are worth something only if they reach all of these.
    assert {("ok", "ok"), ("bad", "bad"), ("more", "more")} <= seen


def test_byte_by_byte(server):
    data = (CHUNKED + "5\r\nhello\r\n0\r\n\r\n").encode()
    with server.connect() as c:
        c.socket.setsockopt(6, 1, 1)  # TCP_NODELAY
        for i in range(len(data)):
            c.send(data[i:i + 1])
        assert c.answer().code == "invalid_json"


def test_pipelined_in_order(server):
    with server.connect() as c:
        for path in ("/health", "/nosuch", "/health"):
            c.request("GET", path)
        c.request("POST", PATH, chat("tokens=2 delay=50"))
        c.request("GET", "/nosuch")
        assert [c.answer().status for _ in range(5)] == [200, 404, 200, 200, 404]


def test_pipelined_far_ahead(server):
    """More than the server keeps for later, while it answers the first."""
    with server.connect() as c:
        c.request("POST", PATH, chat("tokens=3 delay=100"))
        for _ in range(3):
            c.request("POST", PATH, chat("x" * 100_000 + " tokens=1"))
        answers = [c.answer() for _ in range(4)]
        assert [a.status for a in answers] == [200] * 4
        assert [a.json["usage"]["completion_tokens"] for a in answers] == [3, 1, 1, 1]


def test_too_long_a_body_gets_its_answer(server):
    with server.connect() as c:
        c.send(POST + "Content-Length: 10000000\r\n\r\n")
        try:
            for _ in range(40):
                c.send(b"x" * 65536)
        except OSError:
            pass  # The server may have hung up by now.
        answer = c.answer()
        assert answer.status == 413 and answer.code == "request_too_large" and answer.closes


def test_a_body_of_the_greatest_length(server):
    text = "x" * ((4 << 20) - len(chat("").__str__()) - 100)
    assert server.ask("POST", PATH, chat(text + " tokens=1")).status == 200


def test_long_lines_and_many_headers(server):
    with server.connect() as c:
        c.send(f"GET /{'a' * 9000} HTTP/1.1\r\n")
        assert c.answer().status == 431
    with server.connect() as c:
        c.send(f"GET /x HTTP/1.1\r\n{HOST}X: {'a' * 40000}\r\n\r\n")
        assert c.answer().status == 431
    with server.connect() as c:
        c.send(f"GET /x HTTP/1.1\r\n{HOST}" + "X: a\r\n" * 100 + "\r\n")
        assert c.answer().status == 431


def test_expect_continue(server):
    body = b'{"model":"m","messages":[{"role":"user","content":"tokens=1"}]}'
    with server.connect() as c:
        c.send(POST + f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n")
        assert c.answer().status == 100
        c.send(body)
        assert c.answer().status == 200
    with server.connect() as c:
        c.send(f"POST /nosuch HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")
        answer = c.answer()  # Refused before the body was sent.
        assert answer.status == 404 and answer.closes


def test_head_options_and_keep_alive(server):
    with server.connect() as c:
        answer = c.ask("HEAD", "/health")
        assert answer.status == 200 and int(answer.header("content-length")) > 0
        answer = c.ask("OPTIONS", "/health")
        assert answer.status == 204 and answer.header("allow") == "OPTIONS, GET"
        assert c.ask("OPTIONS", "*").status == 204
        answer = c.ask("POST", "/health", b"")
        assert answer.status == 405 and "GET" in answer.header("allow") and not answer.closes
        answer = c.ask("GET", "/health", headers=[("Connection", "close")])
        assert answer.closes and c.is_closed()


def test_http_1_0(server):
    with server.connect() as c:
        assert c.ask("GET", "/health", version="1.0").closes
        assert c.is_closed()
    with server.connect() as c:
        c.request("POST", PATH, chat("tokens=2", stream=True), version="1.0")
        answer = c.head()
        assert answer.header("transfer-encoding") is None and answer.closes
        assert c.rest().endswith(b"data: [DONE]\n\n")


def test_every_answer_has_an_id(server):
    seen = set()
    with server.connect() as c:
        for ask in [("GET", "/health"), ("GET", "/nosuch"), ("POST", "/health", b""),
                    ("POST", PATH, b"{"), ("POST", PATH, chat("tokens=1")),
                    ("POST", PATH, chat("tokens=1", stream=True)), ("OPTIONS", "/health")]:
            answer = c.ask(*ask)
            assert answer.header("x-request-id").startswith("req_")
            assert "X-Request-ID" in answer.header("access-control-expose-headers")
            seen.add(answer.header("x-request-id"))
    with server.connect() as c:
        c.send("nonsense\r\n\r\n")
        seen.add(c.answer().header("x-request-id"))
    assert len(seen) == 8 and None not in seen


def test_unknown_url(server):
    answer = server.ask("POST", "/v1/xyz", b"{}")
    assert answer.status == 404
    assert answer.json == {"error": {"message": "Invalid URL (POST /v1/xyz)", "param": None,
                                     "type": "invalid_request_error", "code": None}}
