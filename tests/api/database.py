"""The database of a server under test: the file in its folder, or, with TIRO_TEST_POSTGRES (a URL, as
tools/postgres.sh prints it), a schema of its own there."""
import hashlib
import os
import re
import sqlite3
import subprocess

POSTGRES = os.environ.get("TIRO_TEST_POSTGRES")


class Database:
    def __init__(self, data):
        self.path = f"{data}/tiro.db"
        self.url = None
        if POSTGRES:
            schema = "api_" + hashlib.sha256(str(data).encode()).hexdigest()[:16]
            psql(POSTGRES, f"CREATE SCHEMA IF NOT EXISTS {schema}")
            self.url = f"{POSTGRES}&options=-csearch_path%3D{schema}"

    def environment(self):
        return {"TIRO_DATABASE": self.url} if self.url else {}

    def sql(self, statement):
        """Rows of numbers and texts, as another process than the server finds them."""
        if self.url:
            return psql(self.url, statement)
        with sqlite3.connect(f"file:{self.path}?mode=rw", uri=True, timeout=10) as db:
            return db.execute(statement).fetchall()


def psql(url, statement):
    done = subprocess.run(["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", url, "-c", statement],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [tuple(int(v) if re.fullmatch(r"-?\d+", v) else v for v in line.split("\t"))
            for line in done.stdout.splitlines()]
