"""Files that go with a message: texts, documents, and what is said of those that cannot."""
import pathlib
import re
import sys

import pytest
from playwright.sync_api import expect

from app import WAIT, api, ask, cut_short

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "api"))
from documents import docx, paragraphs, pdf  # noqa: E402

TYPES = {"pdf": "application/pdf", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
         "png": "image/png", "html": "text/html"}


def attach(page, name, content):
    kind = TYPES.get(name.rsplit(".")[-1], "text/plain")
    page.get_by_label("Files to add").set_input_files([{"name": name, "mimeType": kind, "buffer": content}])


def chips(page):
    return page.get_by_label("Files that go with it").get_by_role("listitem")


def files_of(server):
    return api(server, "GET", "/v1/files")["data"]


@pytest.fixture
def asked(page):
    """What the model was asked."""
    bodies = []
    page.on("request", lambda r: bodies.append(r.post_data_json)
            if r.url.endswith("/v1/responses") and r.method == "POST" else None)
    return bodies


@pytest.mark.parametrize("name, content, words", [
    ("letter.pdf", pdf("Hello from a page"), "Hello from a page"),
    ("letter.docx", docx(paragraphs(["Line one", "Line two"])), "Line one\nLine two"),
    ("page.html", b"<!doctype html>\n<p>source</p>", "<p>source</p>"),
    ("saved.html", b"<script>" + b"x" * 200_000 + b"</script><p>only the text</p>", "only the text"),
    ("a.py", b"print(1)\n", "print(1)"),
    ("../x\u202etxt.md", b"# Notes", "# Notes"),
])
def test_a_file_goes_with_a_message(page, server, asked, name, content, words):
    attach(page, name, content)
    expect(chips(page)).to_have_count(1, timeout=30_000)
    ask(page, "What is it?")
    cut_short(page)
    said = asked[0]["input"][-1]["content"]
    assert said.startswith("File ") and words in said and said.endswith("What is it?")
    assert "xxxx" not in said
    assert files_of(server) == []  # Only its text is kept, in the message.
    expect(page.get_by_label("You", exact=True).locator("summary")).to_have_count(1)
    page.reload()
    expect(page.get_by_label("You", exact=True).locator("summary")).to_have_count(1)


@pytest.mark.parametrize("name, content, words", [
    ("scan.pdf", pdf(""), "its pages are pictures"),
    ("broken.pdf", b"%PDF-1.4 nothing", "damaged, or something else"),
    ("broken.docx", b"PK nothing", "could not be read as docx"),
    ("a.bin", b"\xff\xfe\0\1", "is no text"),
    ("photo.png", b"\x89PNG\r\n", "this model reads text only"),
    ("big.txt", b"a" * 150_001, "at most 150000"),
])
def test_what_cannot_be_read_is_said(page, server, name, content, words):
    page.problems.clear()
    attach(page, name, content)
    expect(page.locator("footer .notice.bad")).to_contain_text(words, timeout=30_000)
    expect(page.locator("footer .notice.bad")).to_contain_text(name)
    expect(chips(page)).to_have_count(0)
    assert files_of(server) == []
    page.problems[:] = [p for p in page.problems if "400 (Bad Request)" not in p]  # The server's answer, as the log has it.


def test_a_file_that_is_too_large(page, server, tmp_path):
    huge = tmp_path / "huge.pdf"
    with open(huge, "wb") as file:
        file.truncate(50_000_001)
    page.get_by_label("Files to add").set_input_files(huge)
    expect(page.locator("footer .notice.bad")).to_contain_text("at most 50000000")
    expect(page.locator("footer .notice.bad")).to_contain_text("huge.pdf")
    expect(chips(page)).to_have_count(0)
    assert files_of(server) == []


def test_the_limits_of_texts(page):
    attach(page, "a.txt", b"a" * 150_000)
    expect(chips(page)).to_have_count(1)
    attach(page, "b.txt", b"b" * 80_000)
    expect(page.locator("footer .notice.bad")).to_contain_text("at most 220000")
    expect(chips(page)).to_have_count(1)
    attach(page, "c.txt", b"c" * 60_000)
    expect(chips(page)).to_have_count(2)


def test_a_long_document_says_what_is_left_out(page, asked):
    attach(page, "long.docx", docx(paragraphs(["word " * 20] * 2500)))
    expect(chips(page)).to_contain_text("the first 150000 of 2", timeout=30_000)


def test_the_meter_says_what_fits(page, asked):
    attach(page, "big.txt", ("The river is long. " * 4000).encode())
    meter = page.locator(".meter")
    expect(meter).to_contain_text("of the files", timeout=30_000)
    share = int(re.search(r"(\d+) % of the files", meter.inner_text()).group(1))
    assert 10 < share < 90
    meter.get_by_role("button", name="Send the first").click()
    expect(chips(page)).to_contain_text(f"the first {share}")
    expect(meter).to_contain_text(re.compile(r"^\d+ of \d+ tokens"), timeout=30_000)
    tokens, most = map(int, re.findall(r"\d+", meter.inner_text())[:2])
    assert 0.5 * most < tokens < most
    with page.expect_request(lambda r: r.url.endswith("/v1/responses") and r.method == "POST"):
        ask(page, "What is long?")
    page.get_by_role("button", name="Stop").click()  # It is long to read.
    expect(page.get_by_text("Stopped.", exact=True)).to_be_visible(timeout=WAIT)  # The next test wants the model.
    assert re.match(r"File big.txt \(the first \d+ % of it\):\n", asked[0]["input"][-1]["content"])


def test_nothing_of_a_temporary_chat_is_kept(page, server, asked):
    page.get_by_role("button", name="Temporary").click()
    attach(page, "secret.pdf", pdf("A secret page"))
    expect(chips(page)).to_have_count(1, timeout=30_000)
    ask(page, "What is it?")
    cut_short(page)
    assert "A secret page" in asked[0]["input"][-1]["content"] and asked[0]["store"] is False
    assert files_of(server) == []
    assert not [c for c in api(server, "GET", "/v1/tiro/chats?search=secret")["data"]]


def test_files_of_one_chat_do_not_go_to_another(page):
    attach(page, "a.txt", b"first chat")
    expect(chips(page)).to_have_count(1)
    ask(page, "Hello")
    cut_short(page)
    attach(page, "b.txt", b"still the first")
    expect(chips(page)).to_have_count(1)
    page.get_by_role("button", name="New chat").click()
    expect(chips(page)).to_have_count(0)


def test_one_can_be_left_out(page, asked):
    attach(page, "a.txt", b"first")
    attach(page, "b.txt", b"second")
    expect(chips(page)).to_have_count(2)
    page.get_by_role("button", name="Without a.txt").click()
    ask(page, "Hello")
    cut_short(page)
    assert "first" not in asked[0]["input"][-1]["content"] and "second" in asked[0]["input"][-1]["content"]
