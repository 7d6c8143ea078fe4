"""Forms on the wire: slow, broken, huge and hostile ones, with a server that has no models. What is not
whole leaves nothing behind; memory does not grow; nobody else waits."""
import os
import pathlib
import signal
import threading
import time

import pytest

from data_files import stored_bytes
from http_server import Server, eventually

BOUNDARY = "a-b.c_d"
PURPOSE = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nuser_data\r\n'
MIB = 1 << 20


def file_head(name="a.txt"):
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'


END = f"\r\n--{BOUNDARY}--\r\n"


def head(length=None, path="/v1/files", boundary=BOUNDARY, more=""):
    framing = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; "
            f"boundary={boundary}\r\n{framing}\r\n{more}\r\n")


def form(content=b"hello", name="a.txt"):
    return PURPOSE.encode() + file_head(name).encode() + content + END.encode()


def post(connection, body, **kwargs):
    connection.asked.append(("POST", kwargs.get("path", "/v1/files")))
    connection.send(head(len(body), **kwargs))
    connection.send(body)
    return connection.answer()


def parts_left(server):
    return list((server.data / "files" / "part").glob("*"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("uploads"), models={}) as one:
        one.wait_until_ready()
        yield one
        assert one.stop() == 0, one.errors()
        assert "Sanitizer" not in one.errors()


def test_every_cut_of_a_form_gives_the_same_file(server):
    body = form(b"x\r\n--a-b.c\r\ny")
    for step in (1, 2, 7, 100):
        with server.connect() as c:
            c.asked.append(("POST", "/v1/files"))
            c.send(head(len(body)))
            for at in range(0, len(body), step):
                c.send(body[at:at + step])
            made = c.answer()
            assert made.status == 200 and made.json["bytes"] == 13, made.body
            content = c.ask("GET", f"/v1/files/{made.json['id']}/content")
            assert content.body == b"x\r\n--a-b.c\r\ny"
            assert content.header("content-type") == "application/octet-stream"
            assert content.header("content-disposition") == "attachment"


def test_chunks_and_continue(server):
    body = form(os.urandom(300_000))
    with server.connect() as c:
        c.asked.append(("POST", "/v1/files"))
        c.send(head(more="Expect: 100-continue\r\n"))
        assert c.answer().status == 100
        for at in range(0, len(body), 9999):
            piece = body[at:at + 9999]
            c.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        c.send("0\r\n\r\n")
        assert c.answer().json["bytes"] == 300_000
        assert c.ask("GET", "/health").status == 200  # The connection goes on.


def test_a_head_and_a_request_ahead(server):
    made = post_ok(server, b"whole")
    with server.connect() as c:
        answer = c.ask("HEAD", f"/v1/files/{made['id']}/content")
        assert answer.status == 200 and answer.header("content-length") == "5"
        body = form(b"ahead")
        c.asked.extend([("POST", "/v1/files"), ("GET", "/v1/files")])
        c.send(head(len(body)).encode() + body + b"GET /v1/files?limit=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        first = c.answer()
        assert c.answer().json["data"][0]["id"] == first.json["id"]


def post_ok(server, content):
    with server.connect() as c:
        answer = post(c, form(content))
        assert answer.status == 200, answer.body
        return answer.json


@pytest.mark.parametrize("name,kept", [
    ("../../../../etc/passwd", "passwd"),
    ("..\\\\..\\\\boot.ini", "boot.ini"),
    ("/tiro.db", "tiro.db"),
    ("..", ".."),
    (".", "."),
    ("con:aux|*?<>.txt", "con:aux|*?<>.txt"),
    ("%2e%2e%2fx", "%2e%2e%2fx"),
    ("a" * 512, "a" * 512),
    ("\u202etxt.exe", "\u202etxt.exe"),
    ("a\\\"b%22c", 'a"b"c'),
    ("'; DROP TABLE files; --", "'; DROP TABLE files; --"),
])
def test_names_are_names_and_no_paths(server, name, kept):
    before = {p for p in server.data.rglob("*") if "files" not in p.parts}
    with server.connect() as c:
        body = PURPOSE.encode() + file_head(name).encode() + b"x" + END.encode()
        made = post(c, body)
        assert made.status == 200, made.body
        assert made.json["filename"] == kept
        assert c.ask("GET", f"/v1/files/{made.json['id']}").json["filename"] == kept
    after = {p for p in server.data.rglob("*") if "files" not in p.parts}
    assert {p.name for p in after - before} <= {"tiro.db-wal", "tiro.db-shm"}
    assert all(len(p.name) == 64 for p in stored_bytes(server))


@pytest.mark.parametrize("name", ["a" * 513, "a\0b", "a\x07b", b"\xff\xfe", "x%0D%0Ay: z"])
def test_names_that_are_refused(server, name):
    raw = name if isinstance(name, bytes) else name.encode()
    body = PURPOSE.encode() + file_head("MARK").encode().replace(b"MARK", raw) + b"x" + END.encode()
    with server.connect() as c:
        assert post(c, body).status == 400


@pytest.mark.parametrize("body,status,code,words", [
    (PURPOSE + END[2:], 400, "missing_required_parameter", "'file'"),
    (file_head() + "x" + END, 400, "missing_required_parameter", "'purpose'"),
    (PURPOSE + PURPOSE + file_head() + "x" + END, 400, "invalid_value", "'purpose' is given twice"),
    (PURPOSE + file_head() + "x\r\n" + file_head() + "y" + END, 400, "invalid_value", "'file' is given twice"),
    (PURPOSE + file_head().replace('filename="a.txt"', "x=y") + "x" + END, 400, "invalid_type", "a file"),
    (PURPOSE + file_head("") + "x" + END, 400, "invalid_type", "a file"),
    (PURPOSE.replace("purpose", "nonsense") + file_head() + "x" + END, 400, "unknown_parameter", "nonsense"),
    (PURPOSE.replace("user_data", "x" * 5000) + file_head() + "x" + END, 400, "string_above_max_length", "4096"),
    (PURPOSE.replace("user_data", "\xff") + file_head() + "x" + END, 400, "invalid_value", "UTF-8"),
    (PURPOSE + file_head() + "x", 400, "bad_request", "ends before its last boundary"),
    ("garbage", 400, "bad_request", "does not begin with its boundary"),
    (PURPOSE + file_head() + "x" + END + "more", 400, "bad_request", "behind the last boundary"),
])
def test_forms_that_are_refused(server, body, status, code, words):
    before = set(stored_bytes(server))
    with server.connect() as c:
        answer = post(c, body.encode("latin-1"))
        assert (answer.status, answer.code) == (status, code), answer.body
        assert words in answer.message
    assert set(stored_bytes(server)) <= before  # What was deleted earlier may go meanwhile.
    eventually(lambda: not parts_left(server))


def test_other_content_types_are_refused_before_the_body(server):
    for kind in ("application/json", "multipart/mixed; boundary=x", "multipart/form-data"):
        with server.connect() as c:
            c.asked.append(("POST", "/v1/files"))
            c.send(f"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: 99\r\n"
                   "Expect: 100-continue\r\n\r\n")
            answer = c.answer()
            assert answer.status == 415 and answer.closes


def test_too_large_is_said_before_the_body(server):
    with server.connect() as c:
        c.asked.append(("POST", "/v1/files"))
        c.send(head(512 * MIB + 64 * 1024 + 1))
        answer = c.answer()
        assert answer.status == 413 and answer.closes
    with server.connect() as c:  # Not for those who take no files.
        c.asked.append(("POST", "/v1/chat/completions"))
        c.send("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
               f"Content-Length: {4 * MIB + 1}\r\n\r\n")
        assert c.answer().status == 413


def send_file(server, n, path="/v1/files", part="file", watch=None):
    """A file of n bytes, never in memory here either; the answer."""
    begin = PURPOSE.encode() if part == "file" else b""
    begin += file_head().replace('"file"', f'"{part}"').encode()
    piece = bytes(MIB)
    with server.connect(timeout=120) as c:
        c.asked.append(("POST", path))
        c.send(head(len(begin) + n + len(END), path))
        c.send(begin)
        sent = 0
        try:
            while sent < n:
                c.send(piece[:min(MIB, n - sent)])
                sent += min(MIB, n - sent)
                if watch and sent % (32 * MIB) == 0:
                    watch()
            c.send(END)
        except OSError:
            pass  # It has answered already.
        return c.answer()


def anonymous_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])


def open_files(pid):
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            yield os.readlink(fd)
        except FileNotFoundError:
            continue  # It has just been closed.


def test_512_mb_pass_in_constant_memory_and_not_one_byte_more(server):
    sizes = []
    watch = lambda: sizes.append(anonymous_kib(server.process.pid))
    made = send_file(server, 512 * MIB, watch=watch)
    assert made.status == 200 and made.json["bytes"] == 512 * MIB, made.body
    with server.connect(timeout=120) as c:  # And back.
        c.request("GET", f"/v1/files/{made.json['id']}/content")
        answer = c.head()
        left = int(answer.header("content-length"))
        assert left == 512 * MIB
        while left:
            left -= len(c.exactly(min(left, MIB)))
            if left % (32 * MIB) == 0:
                watch()
    assert max(sizes) - min(sizes) < 8 * 1024, sizes
    assert server.ask("DELETE", f"/v1/files/{made.json['id']}").status == 200
    more = send_file(server, 512 * MIB + 1)
    assert more.status == 413 and more.json["error"]["param"] == "file", more.body
    eventually(lambda: not parts_left(server))
    eventually(lambda: not any(size > MIB for size in stored_bytes(server).values()))


def test_a_part_of_64_mb_and_one_more_byte(server):
    upload = server.ask("POST", "/v1/uploads", {"filename": "a", "purpose": "user_data", "bytes": 64 * MIB,
                                                "mime_type": "text/plain"}).json
    path = f"/v1/uploads/{upload['id']}/parts"
    assert send_file(server, 64 * MIB, path, "data").status == 200
    assert send_file(server, 64 * MIB + 1, path, "data").status == 413
    assert server.ask("POST", f"/v1/uploads/{upload['id']}/cancel", {}).json["status"] == "cancelled"
    with server.connect() as c:
        answer = post(c, PURPOSE.encode(), path=path)  # Said before the form is looked at.
        assert answer.status == 400 and "cancelled" in answer.message


def test_clients_that_leave_take_their_bytes_along(server):
    before, left = set(stored_bytes(server)), server.metric("tiro_disconnects_total")
    body = form(os.urandom(MIB))
    for cut in (0, 10, len(PURPOSE) + 50, 300_000, len(body) - 1):
        with server.connect() as c:
            c.send(head(len(body)))
            c.send(body[:cut])
            if cut == 300_000:
                eventually(lambda: parts_left(server))
    eventually(lambda: server.metric("tiro_disconnects_total") >= left + 5)
    eventually(lambda: not parts_left(server))
    assert set(stored_bytes(server)) <= before  # What was deleted earlier may go meanwhile.


def test_clients_that_leave_an_answer(server):
    made = send_file(server, 64 * MIB).json
    for _ in range(20):
        with server.connect() as c:
            c.request("GET", f"/v1/files/{made['id']}/content")
            c.exactly(1000)
    eventually(lambda: not [path for path in open_files(server.process.pid) if "/files/" in path])
    assert server.ask("DELETE", f"/v1/files/{made['id']}").status == 200


def test_others_are_served_meanwhile(server):
    slow = [server.connect() for _ in range(20)]
    for c in slow:
        c.send(head(100 * MIB))
        c.send(PURPOSE + file_head() + "x" * 100_000)
    assert server.ask("GET", "/health").status == 200
    assert post_ok(server, b"quick")["bytes"] == 5
    for c in slow:
        c.close()
    eventually(lambda: not parts_left(server))


def test_a_slow_body_is_given_up(tmp_path):
    with Server(tmp_path, "--body-ms", "1000", models={}) as server:
        server.wait_until_ready()
        with server.connect() as c:
            c.asked.append(("POST", "/v1/files"))
            c.send(head(100 * MIB))
            c.send(PURPOSE + file_head() + "x" * 300_000)
            answer = c.answer()
            assert answer.status == 408 and answer.closes and "1048576 bytes" in answer.message
        eventually(lambda: not parts_left(server))
        # One that comes steadily may take longer than that in all.
        body = form(bytes(24 * MIB))
        with server.connect() as c:
            c.asked.append(("POST", "/v1/files"))
            c.send(head(len(body)))
            begin = time.monotonic()
            for at in range(0, len(body), MIB):
                c.send(body[at:at + MIB])
                time.sleep(0.05)
            assert time.monotonic() - begin > 1
            assert c.answer().status == 200


def test_all_of_a_body_has_a_deadline(tmp_path):
    with Server(tmp_path, "--upload-ms", "400", models={}) as server:
        server.wait_until_ready()
        with server.connect() as c:
            c.asked.append(("POST", "/v1/files"))
            c.send(head(500 * MIB))
            c.send(PURPOSE + file_head())
            try:
                for _ in range(200):
                    c.send(bytes(MIB // 4))
                    time.sleep(0.02)
            except OSError:
                pass
            assert c.answer().status == 408
        eventually(lambda: not parts_left(server))


def test_a_kill_leaves_what_was_acknowledged_and_nothing_else(tmp_path):
    data = tmp_path / "data"
    with Server(tmp_path, models={}) as server:
        server.wait_until_ready()
        kept = post_ok(server, b"kept")
        with server.connect() as c:
            c.send(head(100 * MIB))
            c.send((PURPOSE + file_head()).encode() + os.urandom(MIB))
            eventually(lambda: parts_left(server))
            server.stop(signal.SIGKILL)
        assert parts_left(server)
    (data / "files" / "aa").mkdir(exist_ok=True)
    (data / "files" / "aa" / ("a" * 64)).write_bytes(b"bytes that no row names")
    with Server(tmp_path, models={}, data=data) as server:
        server.wait_until_ready()
        assert server.ask("GET", f"/v1/files/{kept['id']}/content").body == b"kept"
        eventually(lambda: not parts_left(server) and len(stored_bytes(server)) == 1)


def test_a_drain_waits_for_an_upload(tmp_path):
    with Server(tmp_path, "--grace-ms", "20000", models={}) as server:
        server.wait_until_ready()
        body = form(b"x" * MIB)
        with server.connect() as c:
            c.asked.append(("POST", "/v1/files"))
            c.send(head(len(body)))
            c.send(body[:MIB // 2])
            eventually(lambda: parts_left(server))
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            c.send(body[MIB // 2:])
            assert c.answer().status == 200
        assert server.process.wait(20) == 0


def test_a_late_drain_ends_an_upload(tmp_path):
    with Server(tmp_path, "--grace-ms", "100", models={}) as server:
        server.wait_until_ready()
        with server.connect() as c:
            c.asked.append(("POST", "/v1/files"))
            c.send(head(100 * MIB))
            c.send((PURPOSE + file_head()).encode() + bytes(MIB))
            eventually(lambda: parts_left(server))
            server.process.send_signal(signal.SIGTERM)
            assert c.answer().code == "server_shutting_down"
        assert server.process.wait(20) == 0
        assert not parts_left(server)


def test_many_at_once(server):
    answers = []

    def one(i):
        with server.connect(timeout=60) as c:
            content = bytes([i % 7]) * 400_000  # Some have the same bytes as others.
            made = post(c, form(content)).json
            assert c.ask("GET", f"/v1/files/{made['id']}/content").body == content
            answers.append(c.ask("DELETE", f"/v1/files/{made['id']}").json["deleted"])

    threads = [threading.Thread(target=one, args=(i,)) for i in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert answers == [True] * 40
    eventually(lambda: 400_000 not in stored_bytes(server).values())


REQUESTS = {"upload": ("POST", "/v1/files"), "content": ("GET", None), "list": ("GET", "/v1/files"),
            "delete": ("DELETE", None)}


@pytest.mark.parametrize("what", REQUESTS)
def test_one_allocation_fails(tmp_path, what):
    """The k-th allocation fails, for every k of a request: it costs that request only."""
    with Server(tmp_path, models={}) as server:
        server.wait_until_ready()
        made = post_ok(server, b"there" * 100_000)
        for k in range(1, 400):
            hits = server.errors().count("no memory\n")
            method, path = REQUESTS[what]
            if what == "delete":
                made = post_ok(server, b"there" * 100_000)
            path = path or f"/v1/files/{made['id']}" + ("/content" if what == "content" else "")
            server.process.send_signal(signal.SIGUSR1)
            try:
                with server.connect() as c:
                    answer = post(c, form(b"x" * 600_000)) if what == "upload" else c.ask(method, path)
            except (EOFError, BrokenPipeError, ConnectionResetError):
                answer = None
            assert answer is None or answer.status in (200, 404, 500, 503), answer.body
            assert server.process.poll() is None, server.errors()
            if server.errors().count("no memory\n") == hits:
                break
        else:
            pytest.fail("it never got through")
        good = False
        for _ in range(3):  # The failure that is still armed costs one of them.
            try:
                good = server.ask("GET", f"/v1/files/{post_ok(server, b'fine')['id']}/content").body == b"fine"
            except (AssertionError, EOFError, BrokenPipeError, ConnectionResetError):
                continue
        assert good
        eventually(lambda: not parts_left(server))
        assert server.stop() == 0, server.errors()
