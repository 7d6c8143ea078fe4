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
            for again in range(20):
                for name in ("tiro.db", "tiro.db-wal"):
                    if (found := self.folder / name).exists():
                        shutil.copyfile(found, f"{folder}/{name}")
                try:
                    with contextlib.closing(sqlite3.connect(f"{folder}/tiro.db")) as db:
                        return db.execute(statement).fetchall()
                except sqlite3.DatabaseError:  # Its log was put in place between the two.
                    if again == 19:
                        raise

    def change(self, *statements):
        """With no server on it, or in PostgreSQL."""
        if self.url:
            for statement in statements:
                psql(self.url, statement)
            return
        with contextlib.closing(sqlite3.connect(self.folder / "tiro.db")) as db, db:
            for statement in statements:
                db.execute(statement)


def psql(url, statement):
    done = subprocess.run(["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", url, "-c", statement],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [tuple(int(v) if re.fullmatch(r"-?\d+", v) else v for v in line.split("\t"))
            for line in done.stdout.splitlines()]
