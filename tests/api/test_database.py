"""What `tiro serve` and `tiro doctor` say of a database that cannot be used, and that nothing of it
is changed; and what a full disk does to a running server."""
import json
import os
import pathlib
import sqlite3
import subprocess

import openai
import pytest

from conftest import CHAT, Server, model_folder
from server import PROGRAM


@pytest.fixture
def data(tmp_path):
    return model_folder(tmp_path / "data")


def tiro(*words):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TIRO_")}
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60, env=clean)


def made(data):
    """A database that a server has made, closed."""
    server = Server(data)
    server.stop()
    return data / "tiro.db"


def refused(data, words):
    path = data / "tiro.db"
    before = path.read_bytes()
    done = tiro("serve", "--port", "0", "--data", str(data))
    assert done.returncode == 1 and done.stdout == ""
    last, = [line for line in done.stderr.splitlines() if line.startswith("tiro: ")]
    assert last == done.stderr.strip().splitlines()[-1]
    assert last.startswith("tiro: ") and words in last and len(last) < 400, last
    assert path.read_bytes() == before
    return last


def run(path, sql):
    """As another program, which closes it; the first row."""
    db = sqlite3.connect(path)
    try:
        row = db.execute(sql).fetchone()
        db.commit()
        return row
    finally:
        db.close()


def finding(data):
    done = tiro("doctor", "--json", "--data", str(data))
    found = {row["what"]: row for row in json.loads(done.stdout)["findings"]}
    return found["database"]["verdict"], found["database"]["text"]


def test_no_database(data):
    (data / "tiro.db").write_bytes(b"Dear reader, this is a letter and no database at all." * 20)
    assert str(data / "tiro.db") in refused(data, "file is not a database")
    assert finding(data)[0] == "bad"


def test_a_damaged_one(data):
    path = made(data)
    assert finding(data)[0] == "good"
    whole = bytearray(path.read_bytes())
    whole[4096 * 2:4096 * 2 + 64] = b"\xa5" * 64
    path.write_bytes(whole)
    refused(data, "damaged")
    verdict, text = finding(data)
    assert verdict == "bad" and "damaged" in text


def test_a_newer_one(data):
    run(made(data), "UPDATE schema_version SET number = 9000")
    refused(data, "the database is of a newer Tiro (its schema is 9000")


def test_another_programs(data):
    run(data / "tiro.db", "CREATE TABLE theirs (i INTEGER)")
    refused(data, "another program")


def test_one_that_another_server_has(data, tmp_path):
    mine = model_folder(tmp_path / "mine")
    server = Server(data)
    try:
        done = tiro("serve", "--port", "0", "--data", str(mine), "--database",
                    f"sqlite:{data}/tiro.db")
        assert done.returncode == 1
        assert "another Tiro server uses this database" in done.stderr
        assert finding(data)[0] == "good" and "in use" in finding(data)[1]
    finally:
        server.stop()


def test_nobody_else_may_read_it(data):
    """Also where the server is started with no mask at all."""
    before = os.umask(0)
    try:
        server = Server(data)
        try:
            with openai.OpenAI(base_url=server.url + "/v1", api_key="unused") as client:
                client.files.create(file=("a.txt", b"a"), purpose="user_data")
            modes = {path: path.stat().st_mode & 0o777 for path in data.rglob("*") if not path.is_symlink()
                     and path.name != "stderr.log" and "models" not in path.relative_to(data).parts}
        finally:
            server.stop()
    finally:
        os.umask(before)
    assert any(path.name == "tiro.db-wal" for path in modes) and any(path.name == "files" for path in modes)
    assert not {path: oct(mode) for path, mode in modes.items() if mode & 0o077}


def test_an_unknown_kind(data):
    done = tiro("serve", "--port", "0", "--data", str(data), "--database", "mysql://me:secret@x/y")
    assert done.returncode == 1 and "secret" not in done.stderr
    assert "it must be sqlite:PATH or postgres://HOST/NAME" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_a_full_disk(data, tmp_path):
    """Answers that cannot be recorded are refused with 503 insufficient_storage; with room again
    all is well, without a restart."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(small)],
                             capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("no tmpfs may be mounted here")
    server = None
    try:
        server = Server(data, ["--database", f"sqlite:{small}/tiro.db"])
        body = {"model": CHAT, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
        assert server.request("POST", "/v1/chat/completions", body)[0] == 200
        fill(small / "fill")
        statuses = [server.request("POST", "/v1/chat/completions", body) for _ in range(40)]
        refusals = [json.loads(answer)["error"] for status, _, answer in statuses if status != 200]
        assert refusals and all(error["code"] == "insufficient_storage" for error in refusals)
        assert statuses[-1][0] == 503
        assert server.request("GET", "/v1/models")[0] == 200
        (small / "fill").unlink()
        assert server.request("POST", "/v1/chat/completions", body)[0] == 200
        server.stop()
        server = None
        booked, = run(small / "tiro.db", "SELECT count(*) FROM ledger WHERE status = 200")
        assert booked == 2 + sum(status == 200 for status, _, _ in statuses)
    finally:
        if server:
            server.stop()
        subprocess.run(["umount", str(small)], check=True)


def fill(path: pathlib.Path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
