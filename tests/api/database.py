"""The database of a server under test: the file in its folder, or, with TIRO_TEST_POSTGRES (a URL, as
tools/postgres.sh prints it), a schema of its own there."""
import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile

POSTGRES = os.environ.get("TIRO_TEST_POSTGRES")
WAL_HEAD = 32  # Bytes; another each time the log is begun anew.


class Database:
    def __init__(self, data):
        self.folder = pathlib.Path(data)
        self.url = None
        if POSTGRES:
            schema = "api_" + hashlib.sha256(str(data).encode()).hexdigest()[:16]
            psql(POSTGRES, f"CREATE SCHEMA IF NOT EXISTS {schema}")
            self.url = f"{POSTGRES}&options=-csearch_path%3D{schema}"

    def environment(self):
        return {"TIRO_DATABASE": self.url} if self.url else {}

    def sql(self, statement):
        """Rows of numbers and texts. While its server runs, a file can only be read: it is copied, as a power
        cut would leave it."""
        if self.url:
            return psql(self.url, statement)
        with tempfile.TemporaryDirectory() as folder:
            while not self.copy(pathlib.Path(folder)):
                pass
            with contextlib.closing(sqlite3.connect(f"{folder}/tiro.db")) as db:
                return db.execute(statement).fetchall()

    def copy(self, to):
        """False: meanwhile the log was put in place, and cut or begun anew: the two copies do not belong together."""
        log = self.folder / "tiro.db-wal"
        head = bytes_of(log)[:WAL_HEAD]
        shutil.copyfile(self.folder / "tiro.db", to / "tiro.db")
        (to / "tiro.db-wal").write_bytes(content := bytes_of(log))
        return content[:WAL_HEAD] == head

    def wait_for_killed(self):
        """PostgreSQL may still be at what a killed server asked for last; its session has this lock."""
        if self.url:
            psql(self.url, "SELECT pg_advisory_lock(1953067631, hashtext(current_schema()::text))")

    def change(self, *statements):
        """With no server on it, or in PostgreSQL."""
        if self.url:
            for statement in statements:
                psql(self.url, statement)
            return
        with contextlib.closing(sqlite3.connect(self.folder / "tiro.db")) as db, db:
            for statement in statements:
                db.execute(statement)


def bytes_of(path):
    try:
        return path.read_bytes()
    except FileNotFoundError:  # A server that has ended leaves no log.
        return b""


def psql(url, statement):
    done = subprocess.run(["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", url, "-c", statement],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [tuple(int(v) if re.fullmatch(r"-?\d+", v) else v for v in line.split("\t"))
            for line in done.stdout.splitlines()]
