"""Books in the page, by a real model: planned, changed, written, read, written again; without a mouse, on a phone."""
import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from app import WAIT, api, fits, still

SIZES = [(1280, 800), (390, 844)]
IDEA = "A fox learns to read the signs in the wood and finds who moved them."
# What a small model is slow to find, and what these tests are not about.
GIVEN = {"title": "Signs in the wood", "people": "Rena: a young fox, curious and alone.",
         "premise": "Rena the fox wants to know who moves the signs. It is an old badger, who cannot see.",
         "style_sheet": "Told in: third person\nTense: past"}
SMALL = {"idea": IDEA, "model": "smollm2-135m", "words": 100, "chapters": 2, "scenes": 1, "parallel": 2, "seed": 3, **GIVEN}


def make(server, **fields):
    return api(server, "POST", "/v1/tiro/books", {**SMALL, **fields})["id"]


def start(server, book, until="end"):
    api(server, "POST", f"/v1/tiro/books/{book}/start", {"until": until})


def rests(server, book):
    end = time.monotonic() + 2 * WAIT / 1000
    while (now := api(server, "GET", f"/v1/tiro/books/{book}"))["status"] == "running":
        assert time.monotonic() < end, now
        time.sleep(0.2)
    return now


@pytest.fixture(scope="module")
def finished(server):
    """A book that is written, with two versions of its first scene: by the first test, or made here."""
    for book in api(server, "GET", "/v1/tiro/books")["data"]:
        if book["status"] == "completed":
            return book["id"]
    book = make(server)
    start(server, book)
    now = rests(server, book)
    scene = now["chapters"][0]["scenes"][0]["id"]
    api(server, "POST", f"/v1/tiro/books/{book}/scenes/{scene}", {"text": "The fox was gone."})
    return book


def go(page, server, *path):
    page.goto(f"{server.url}/#/books{''.join(f'/{p}' for p in path)}")


def id_of(page):
    return re.search(r"book_\w+", page.url).group()


def job(page):
    return page.get_by_role("region", name="Writing")


def violations(page):
    return [(v["id"], [n["html"] for n in v["nodes"]]) for v in Axe().run(page).response["violations"]]


def change(page, what, text):
    """With the keyboard only, once its button is there."""
    page.get_by_role("button", name=f"Edit: {what}", exact=True).press("Enter")
    box = page.get_by_role("textbox", name=what)
    expect(box).to_be_focused()
    box.fill(text)
    box.press("Control+Enter")
    expect(page.get_by_role("button", name=f"Edit: {what}", exact=True)).to_be_focused()


def test_from_an_idea_to_a_book(page, server):
    """Planned; the plan changed; written through a reload and a pause; read; a scene again, the old one chosen."""
    page.get_by_role("list", name="Pages").get_by_role("link", name="Books").click()
    page.get_by_role("link", name="New book").click()
    page.get_by_label("Idea").fill(IDEA)
    page.get_by_label("Words").fill("100")
    expect(page.get_by_role("status")).to_contain_text("1 chapter of 1 scene: about 100 words a scene.")
    page.get_by_label("Chapters", exact=True).fill("2")
    page.get_by_label("Scenes in each").fill("3")
    expect(page.get_by_role("status")).to_contain_text("only 16 words; it needs 25")
    expect(page.get_by_role("button", name="Plan it")).to_be_disabled()
    page.get_by_label("Scenes in each").fill("1")
    expect(page.get_by_role("status")).to_contain_text("2 chapters of 1 scene: about 50 words a scene.")
    page.get_by_text("More", exact=True).click()
    for name, key in (("Title", "title"), ("Premise", "premise"), ("People", "people"), ("Style sheet", "style_sheet")):
        page.get_by_label(name, exact=True).fill(GIVEN[key])
    page.get_by_label("Chapters at a time").fill("2")
    page.get_by_label("Seed").fill("3")
    page.reload()  # What was typed is still there.
    expect(page.get_by_label("Idea")).to_have_value(IDEA)
    with still(server):
        page.get_by_role("button", name="Plan it").click()
        expect(page.get_by_role("heading", name=GIVEN["title"])).to_be_visible()
        expect(job(page)).to_contain_text("being planned")
        expect(job(page)).to_contain_text("You can close this page")
        expect(page.get_by_text("There is no text yet")).to_be_visible()
        expect(page.get_by_role("link", name="EPUB", disabled=True)).to_be_visible()
    expect(job(page)).to_contain_text("The plan is ready", timeout=WAIT)
    change(page, "the outline of chapter 1", "Rena finds the first sign turned round.")
    change(page, "the title of chapter 1", "The first sign")
    change(page, "the plan of scene 1 of chapter 1", "Rena reads the sign beside the brook.")
    for text in ("Rena finds the first sign turned round.", "The first sign", "Rena reads the sign beside the brook."):
        expect(page.get_by_text(text, exact=True)).to_be_visible()
    # The form takes the focus before it is painted, not from who is in another field of it by then.
    edit = page.get_by_role("button", name="Edit: what the book is about")
    assert edit.evaluate("""async (button) => {
        button.click();
        for (let i = 0; i < 20; i++) await null;
        return document.activeElement.closest("label")?.firstChild.textContent;
    }""") == "Title"
    page.get_by_label("Premise").fill("Rena wants to know who moves the signs.")
    # What is typed stands on the page before it is kept.
    with page.expect_response(lambda r: r.request.method == "POST" and r.url.endswith(id_of(page))):
        page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Rena wants to know who moves the signs.")).to_be_visible()
    saved = api(server, "GET", f"/v1/tiro/books/{id_of(page)}")
    assert saved["premise"] == "Rena wants to know who moves the signs." and saved["people"] == GIVEN["people"]
    assert [saved["chapters"][0][k] for k in ("title", "outline")] == ["The first sign", "Rena finds the first sign turned round."]
    assert saved["chapters"][0]["scenes"][0]["plan"] == "Rena reads the sign beside the brook."

    with still(server):
        page.get_by_role("button", name="Write it").click()
        expect(job(page)).to_contain_text("It is being written: chapter 1, scene 1; chapter 2, scene 1.")
        page.get_by_role("button", name="Edit: the outline of chapter 2").click()
        page.get_by_role("textbox", name="the outline of chapter 2").fill("Half a thou")
        page.reload()
        expect(page.get_by_role("textbox", name="the outline of chapter 2")).to_have_value("Half a thou")
        page.get_by_role("button", name="Pause").click()
        expect(job(page)).to_contain_text("Paused.")
    with still(server):
        page.get_by_role("button", name="Go on").press("Enter")
        expect(job(page).get_by_role("progressbar", name="Written")).to_be_visible()
    expect(job(page)).to_contain_text("It is written.", timeout=2 * WAIT)
    expect(job(page)).to_contain_text("2 of 2 scenes")
    # All of it came without touching what was being typed.
    expect(page.get_by_role("textbox", name="the outline of chapter 2")).to_have_value("Half a thou")
    page.once("dialog", lambda d: d.accept())
    page.get_by_role("textbox", name="the outline of chapter 2").press("Escape")
    expect(page.get_by_role("textbox", name="the outline of chapter 2")).to_have_count(0)
    for name, form in (("EPUB", "epub"), ("PDF", "pdf"), ("Word", "docx"), ("Markdown", "markdown")):
        link = page.get_by_role("link", name=name).and_(page.locator("[download]:not([aria-disabled])"))
        expect(link).to_have_attribute("href", f"/v1/tiro/books/{id_of(page)}/export?format={form}")

    page.get_by_role("link", name="The first sign").click()
    expect(page.get_by_role("heading", name="The first sign")).to_be_visible()
    scene = page.get_by_role("region", name="Scene 1")
    expect(scene.locator(".prose")).to_have_text(re.compile(r"(\S+\s+){20}\S"))
    first = scene.locator(".prose").inner_text()
    scene.get_by_role("button", name="Write again").click()
    expect(scene.get_by_role("button", name="Versions (2)")).to_be_visible(timeout=WAIT)
    expect(scene).to_contain_text(re.compile("written$|written ?Plan"), timeout=WAIT)
    expect(scene.locator(".prose")).not_to_have_text(first, use_inner_text=True)
    scene.get_by_role("button", name="Versions (2)").press("Enter")
    dialog = page.get_by_role("dialog", name="Versions of scene 1 of chapter 1")
    other = dialog.get_by_role("region", name="The other version")
    expect(other).to_contain_text(first.split("\n")[0])
    for word in ("smollm2-135m", "words", "% repeated", "Seed"):
        expect(other).to_contain_text(word)
    dialog.get_by_label("Mark what differs").check()
    expect(other.locator("ins").first).to_be_visible()
    dialog.get_by_role("button", name="Choose version 1").press("Enter")
    expect(scene.locator("dialog")).to_have_count(0)  # It goes after it was hidden, and holds prose, too.
    expect(scene.locator(".prose")).to_have_text(re.compile(re.escape(first.split("\n")[0])))
    scene.get_by_role("button", name="Edit: the text").click()
    scene.get_by_role("textbox", name="the text of scene 1").fill("The fox was gone.\n\nNobody saw her go.")
    scene.get_by_role("button", name="Save").click()
    expect(scene.locator(".prose p")).to_have_text(["The fox was gone.", "Nobody saw her go."])
    expect(scene).to_contain_text("8 of 50 words")
    page.get_by_role("button", name="Only the text").click()
    expect(scene.get_by_role("button")).to_have_count(0)
    page.get_by_role("link", name="The whole book").click()
    expect(job(page)).to_contain_text("something has changed since")
    expect(page.get_by_role("link", name="The first sign")).to_be_focused()


def test_downloads(page, server, finished):
    """By the browser itself; where a key is needed, which a link cannot show, by the page."""
    title = api(server, "GET", f"/v1/tiro/books/{finished}")["title"]
    go(page, server, finished)
    for key, name, ending, head in (("", "Markdown", "md", b"# "), ("", "EPUB", "epub", b"PK"), ("any", "PDF", "pdf", b"%PDF-"),
                                    ("any", "Word", "docx", b"PK")):
        page.evaluate("key => key && sessionStorage.setItem('tiro.key', key)", key)
        with page.expect_download() as loading:
            page.get_by_role("link", name=name).click()
        assert loading.value.suggested_filename == f"{title}.{ending}"
        assert loading.value.path().read_bytes().startswith(head)


def test_a_model_that_is_not_there(page, server):
    book = make(server, model="none")
    start(server, book, "outline")
    go(page, server, book)
    expect(page.get_by_role("alert")).to_contain_text("`none` does not exist")
    expect(job(page)).to_contain_text("Choose a model that is here, then go on.")
    page.get_by_label("Model").select_option("smollm2-135m")
    expect(job(page)).to_contain_text("Go on tries again")
    with still(server):
        page.get_by_role("button", name="Go on").click()
        expect(job(page)).to_contain_text("being planned: the outline of chapter 1 of 2.")
    page.once("dialog", lambda d: d.accept())
    page.get_by_role("button", name="Delete the book").click()
    expect(page.get_by_role("heading", name="Books", exact=True)).to_be_visible()
    expect(page.locator(f'a[href="#/books/{book}"]')).to_have_count(0)
    go(page, server, book)
    expect(page.get_by_role("alert")).to_contain_text("This book is not here")
    page.problems.clear()  # Chromium reports the 404.


def test_reached_by_the_keyboard(page, server):
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Command or chat").fill("new book")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="New book")).to_be_visible()
    page.get_by_label("Idea").fill("Only spaces")
    page.get_by_label("Idea").fill(" ")
    page.get_by_role("button", name="Plan it").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("idea")
    page.problems.clear()  # Chromium reports the 400.


def test_what_it_holds_is_text(page, server):
    """Nothing in a book is markup, whoever wrote it; a right-to-left one is read from the right."""
    bad = '<img src=x onerror="document.title=\'run\'"><script>document.title="run"</script>'
    book = make(server, title=bad, idea=bad, premise="مرحبا بالعالم", people=bad)
    go(page, server, book)
    expect(page.locator("h1")).to_have_text(bad)
    expect(page.locator(".book img")).to_have_count(0)
    assert page.title() != "run"
    assert page.get_by_text("مرحبا بالعالم").evaluate("e => getComputedStyle(e).direction") == "rtl"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_access(browser, server, finished, scheme, size):
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme).new_page()

    def good():
        assert violations(page) == []
        fits(page)
        page.wait_for_function("document.documentElement.scrollHeight <= innerHeight")

    go(page, server)
    expect(page.get_by_role("list", name="Books").get_by_role("link").first).to_be_visible()
    good()
    go(page, server, "new")
    page.get_by_text("More", exact=True).click()
    good()
    go(page, server, finished)
    page.get_by_role("button", name="Edit: what the book is about").click()
    page.get_by_role("button", name="Edit: the outline of chapter 1").click()
    good()
    go(page, server, finished, 1)
    scene = page.get_by_role("region", name="Scene 1")
    scene.get_by_text("Plan").click()
    good()
    scene.get_by_role("button", name="Versions").click()
    expect(page.get_by_role("region", name="The other version")).to_be_visible()
    good()
    page.context.close()
