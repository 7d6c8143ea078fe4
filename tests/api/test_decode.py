"""Decode workers, started as the server starts them, with documents that are cut, changed and joined: each
ends by itself with a status that it is meant to have, and what it writes is text."""
import pathlib
import random
import subprocess
import time

import pytest

from documents import docx, paragraphs, pdf
from server import PROGRAM

ENDS = {0, 3, 10, 11, 12, 13, 14, 99}  # proto/decode.h, and pdftotext's own


XML = paragraphs([f"Line {i} & more" for i in range(50)])
DOCUMENTS = {"docx": (docx(XML), "Line 0 & more\nLine 1"), "pdf": (pdf(), "Hello from a page"),
             "html": (b"<title>T</title><p>One &eacute;<script>no</script><pre> two\n</pre>" * 20, "T\n\nOne \xe9"),
             "text": (b"# A\r\n" * 100, "# A\n# A\n")}


def decode(form, path):
    with open(path, "rb") as document:
        done = subprocess.run([PROGRAM, "worker", "--kind", "decode", "--format", form], stdin=document,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    return done.returncode, done.stdout.decode()


def mutated(content, dice):
    content = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        at, n = dice.randrange(len(content) + 1), dice.randint(1, 30)
        match dice.randrange(4):
            case 0: content[at:at + n] = b""
            case 1: content[at:at] = dice.randbytes(n)
            case 2: content[at:at + n] = dice.randbytes(n)
            case 3: content[at:at] = content[dice.randrange(len(content) + 1):][:n * 20]
    return bytes(content)


@pytest.mark.parametrize("form", DOCUMENTS)
def test_whole_and_mutated_documents(form, tmp_path):
    content, expected = DOCUMENTS[form]
    path = tmp_path / "document"
    path.write_bytes(content)
    status, text = decode(form, path)
    assert status == 0 and text.startswith(expected), (status, text)
    dice = random.Random(form)
    ends = set()
    for i in range(300):
        inside = form == "docx" and i % 2  # Else the archive's own sums refuse all.
        path.write_bytes(docx(mutated(XML, dice)) if inside else mutated(content, dice))
        status, text = decode(form, path)
        assert status in ENDS, status
        assert "\0" not in text
        ends.add(status)
    assert 0 in ends


def test_the_program_ends_with_its_worker():
    """As when the server gives a document up."""
    worker = subprocess.Popen([PROGRAM, "worker", "--kind", "decode", "--format", "pdf"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE)
    children = pathlib.Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
    while not children.read_text():
        assert worker.poll() is None
        time.sleep(0.01)
    worker.kill()
    assert worker.stdout.read() == b""  # Its end comes when nobody holds it, and nothing comes on stdin.
    assert worker.wait() == -9
