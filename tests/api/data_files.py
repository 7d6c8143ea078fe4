"""What lies in a server's data directory, searched for texts that must not be there."""
import itertools
import os

COUNTER = itertools.count()


def canary():
    """A text that stands nowhere else, short enough to be told to any model."""
    return f"canary{os.urandom(6).hex()}x{next(COUNTER)}"


def stored_bytes(server):
    """Where files' bytes lie: path -> size."""
    found = {}
    for path in (server.data / "files").glob("??/*"):
        try:
            found[path] = path.stat().st_size
        except FileNotFoundError:
            continue  # It has just gone.
    return found


def files_with(server, text):
    """The files of the data directory (database, log, uploads, caches, stderr) that hold the text; not the
    models, which are links."""
    found = []
    for path in server.data.rglob("*"):
        if path.is_file() and not path.is_symlink() and "models" not in path.relative_to(server.data).parts:
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue  # It has just gone.
            if text.encode() in content:
                found.append(str(path.relative_to(server.data)))
    return found
