"""GET /v1/tiro/files/{id}/text: what is written in a document, and what is said of one that cannot be read."""
import pytest

from documents import docx, encrypted_pdf, paragraphs, pdf
from http_server import Connection

MAX = 8 << 20


def get(server, file, **query):
    parameters = "&".join(f"{name}={value}" for name, value in query.items())
    with Connection(("127.0.0.1", server.port), timeout=60) as c:
        return c.ask("GET", f"/v1/tiro/files/{file}/text?{parameters}")


@pytest.fixture
def text_of(client, server):
    """The answer for a file of this name and content; the file is gone afterwards."""
    made = []

    def ask(name, content, **query):
        made.append(client.files.create(file=(name, content), purpose="user_data").id)
        return get(server, made[-1], **query)

    yield ask
    for one in made:
        client.files.delete(one)


@pytest.mark.parametrize("name, content, begin", [
    ("a.docx", docx(paragraphs(["Line 0 & more", "Line 1"])), "Line 0 & more\nLine 1"),
    ("A.PDF", pdf(), "Hello from a page"),
    ("open.pdf", encrypted_pdf(""), "Hello from a page"),  # Anybody may open it.
    ("a.html", b"<title>T</title><p>One &eacute;<script>no</script>", "T\n\nOne \xe9"),
    ("a.md", b"# A\r\nline\r\n", "# A\nline\n"),
    ("a.txt", "größe".encode("utf-16"), "größe"),
])
def test_the_text_of_documents(text_of, name, content, begin):
    answer = text_of(name, content).json
    assert answer["object"] == "tiro.file.text" and answer["filename"] == name
    assert answer["text"].startswith(begin), answer["text"][:200]
    assert answer["bytes"] == len(answer["text"].encode()) and answer["truncated"] is False


@pytest.mark.parametrize("name, content, words", [
    ("a.pdf", b"%PDF-1.4 and then nothing", "damaged, or something else"),
    ("a.pdf", b"%PDF-1.4 /EncryptMetadata", "damaged, or something else"),
    ("a.pdf", encrypted_pdf("a password"), "This PDF is encrypted; save it without a password and upload it again."),
    ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "This document is encrypted, or of Word's older format"),
    ("scan.pdf", pdf(""), "pages are pictures"),
    ("a.docx", b"PK\3\4 no archive", "could not be read as docx"),
    ("a.bin", b"\0\1\2\xff\xfe\0", "no text in UTF-8"),
    ("empty.txt", b"", "empty"),
    ("blank.txt", b" \n\t ", "empty"),
])
def test_what_cannot_be_read_is_said(text_of, name, content, words):
    answer = text_of(name, content)
    assert answer.status == 400 and words in answer.message, answer.body


def test_a_long_text_is_cut_at_a_character(text_of):
    content = "aé" * 1000
    answer = text_of("a.txt", content.encode(), max_bytes=5).json
    assert (answer["text"], answer["bytes"], answer["truncated"]) == ("aéa", 3000, True)  # Half an é is none.
    answer = text_of("a.txt", content.encode(), max_bytes=3000).json
    assert (answer["text"], answer["truncated"]) == (content, False)


@pytest.mark.parametrize("n, good", [(0, False), (1, True), (MAX, True), (MAX + 1, False)])
def test_the_limit_of_an_answer(text_of, n, good):
    answer = text_of("a.txt", b"abc", max_bytes=n)
    assert answer.status == (200 if good else 400), answer.body
    assert good or "max_bytes" in answer.json["error"]["param"]


def test_a_file_that_is_not_there(server):
    answer = get(server, "file-none")
    assert answer.status == 404 and "file-none" in answer.message


def test_clients_that_leave_end_their_reading(client, server):
    """Two are read at once: more than two that were left would hold up the next one for minutes."""
    big = client.files.create(file=("a.html", b"<p>word " * 2_000_000), purpose="user_data").id
    small = client.files.create(file=("a.txt", b"here"), purpose="user_data").id
    left = [Connection(("127.0.0.1", server.port)) for _ in range(5)]
    for c in left:
        c.request("GET", f"/v1/tiro/files/{big}/text")
    for c in left:
        c.close()
    assert get(server, small).json["text"] == "here"
    for one in (big, small):
        client.files.delete(one)
