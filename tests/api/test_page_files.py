"""The files of the chat page: each in a form that the client takes, with a type, an ETag and a life in caches."""
import gzip
import re

import pytest

from http_server import Connection

TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
         "wasm": "application/wasm", "zip": "application/zip", "html": "text/html; charset=utf-8"}
FOREVER = "max-age=31536000, immutable"


@pytest.fixture(scope="module")
def get(server):
    def ask(path, **headers):
        with Connection(("127.0.0.1", server.port), timeout=60) as c:
            return c.ask("GET", path, headers=[(k.replace("_", "-"), v) for k, v in headers.items()])
    return ask


def plain(answer):
    return gzip.decompress(answer.body) if answer.header("content-encoding") == "gzip" else answer.body


@pytest.fixture(scope="module")
def parts(get):
    """Every file whose name stands in another: name -> its answer to who takes gzip."""
    found, todo = {}, ["app.js"]
    for name in todo:
        found[name] = get(f"/{name}", accept_encoding="gzip")
        if name.endswith(".js"):
            names = re.findall(rb"part-[A-Z0-9]{8}\.[a-z]+", plain(found[name]))
            todo += [n for n in {n.decode() for n in names} if n not in todo]
    return found


def test_all_parts_are_there(parts):
    assert {n.rsplit(".")[-1] for n in parts} >= {"js", "wasm", "zip"} and len(parts) > 10
    for name, answer in parts.items():
        assert answer.status == 200 and answer.header("content-type") == TYPES[name.rsplit(".")[-1]], name
        assert answer.header("cache-control") == (FOREVER if name.startswith("part-") else "no-cache"), name
    assert parts["app.js"].header("content-encoding") == "gzip"
    by_kind = {n.rsplit(".")[-1]: plain(a) for n, a in parts.items()}
    assert by_kind["wasm"].startswith(b"\0asm") and len(by_kind["wasm"]) > 9_000_000
    assert by_kind["zip"].startswith(b"PK") and b"PK\5\6" in by_kind["zip"][-22:]


def test_who_has_it_gets_nothing(get, parts):
    for name, answer in parts.items():
        tag = answer.header("etag")
        again = get(f"/{name}", accept_encoding="gzip", if_none_match=tag)
        assert (again.status, again.body, again.header("etag")) == (304, b"", tag), name
        other = get(f"/{name}", if_none_match='W/"0"')
        assert other.status == 200 and plain(other) == plain(answer), name


def test_forms(get, parts):
    """What is small is there for those who take no gzip, too; what is large is gzipped, what gzip does not shrink never."""
    for name, answer in parts.items():
        other = get(f"/{name}", accept_encoding="identity")
        large = len(plain(answer)) > 256 * 1024
        if answer.header("content-encoding") is None:
            assert len(gzip.compress(answer.body)) > 0.9 * len(answer.body), name
        else:
            assert answer.header("content-encoding") == "gzip" and len(answer.body) < len(plain(answer)), name
            assert other.header("content-encoding") == ("gzip" if large else None), name
        assert plain(other) == plain(answer), name


def test_a_range_is_all_of_it(get):
    answer = get("/app.js", range="bytes=0-9")
    assert answer.status == 200 and len(answer.body) > 1000 and answer.header("accept-ranges") is None


@pytest.mark.parametrize("path", ["/part-AAAAAAAA.js", "/../part", "/python.html/", "/PYTHON.HTML"])
def test_nothing_else_is_there(get, path):
    assert get(path).status in (400, 404)
