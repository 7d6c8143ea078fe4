"""Exams in the page: taken with a real model, looked at, compared, stopped; without a mouse, on a phone."""
import json
import os
import pathlib

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from app import WAIT, api, fits, still

EXAMS = pathlib.Path(__file__).resolve().parents[1] / "exams"
SIZES = [(1280, 800), (390, 844)]


def shot(page, name):
    folder = os.environ.get("TIRO_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/exams-{name}.png")


def make(server, name, text, **fields):
    made = api(server, "POST", "/v1/tiro/evaluations",
               {"model": "smollm2-135m", "name": name, "questions": text, **fields})
    return made["id"]


def violations(page):
    return [(v["id"], [n["html"] for n in v["nodes"]]) for v in Axe().run(page).response["violations"]]


def test_take_an_exam(page, server):
    page.goto(f"{server.url}/#/exams")
    page.get_by_text("Take an exam").click()
    page.get_by_label("Model").select_option("smollm2-135m")
    page.get_by_label("File").set_input_files(EXAMS / "endings.jsonl")
    expect(page.get_by_label("Name")).to_have_value("endings.jsonl")
    page.get_by_role("button", name="Begin").click()
    row = page.get_by_role("row").filter(has_text="endings.jsonl").first
    expect(row).to_contain_text("% (", timeout=WAIT)  # Right, within its bounds.
    shot(page, "list")
    row.get_by_role("link").click()
    expect(page.get_by_role("heading", name="endings.jsonl: smollm2-135m")).to_be_visible()
    expect(page.get_by_role("img", name="Reliability")).to_be_visible()
    expect(page.locator(".question")).to_have_count(20)
    first = page.locator(".question").first
    expect(first).to_contain_text("What is the capital of France?")
    expect(first.get_by_role("meter")).to_have_count(4)
    page.get_by_label("Wrong ones only").check()
    expect(page.locator(".question:not(.bad)")).to_have_count(0)
    assert 0 < page.locator(".question.bad").count() < 20


def test_a_long_file_goes_as_a_file(page, server, tmp_path):
    """Published sets are larger than a request may be, and than a box of text should be."""
    exam = tmp_path / "long.jsonl"
    exam.write_text("\n".join(json.dumps({"question": "Which? " * 1000 + str(i), "options": ["a", "b"], "answer": 0})
                              for i in range(800)))
    assert exam.stat().st_size > 5_000_000
    page.goto(f"{server.url}/#/exams")
    page.get_by_text("Take an exam").click()
    page.get_by_label("File").set_input_files(exam)
    box = page.get_by_label("Questions")
    expect(box).to_be_disabled()
    expect(box).to_have_attribute("placeholder", "long.jsonl, 5.6 MB: too long to be shown")
    shot(page, "long")
    page.get_by_label("At most").fill("2")
    page.get_by_role("button", name="Begin").click()
    row = page.get_by_role("row").filter(has_text="long.jsonl")
    expect(row).to_contain_text("% (", timeout=WAIT)
    assert api(server, "GET", "/v1/files?purpose=evals")["data"] == []  # It is needed no more.
    page.get_by_label("File").set_input_files(EXAMS / "endings.jsonl")
    expect(box).to_be_enabled()
    expect(box).to_have_value((EXAMS / "endings.jsonl").read_text())


def test_refused_in_words(page, server):
    page.goto(f"{server.url}/#/exams")
    page.get_by_text("Take an exam").click()
    page.get_by_label("Questions").fill('{"question": "No options?"}')
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("alert")).to_contain_text("none of the formats that are known")
    page.problems.clear()  # Chromium reports the 400.


def test_compare_and_delete(page, server):
    text = (EXAMS / "endings.jsonl").read_text()
    a = make(server, "first", text)
    letters = "\n".join(json.dumps({k: v for k, v in json.loads(line).items() if k != "score"})
                        for line in text.splitlines())
    b = make(server, "second", letters)
    page.goto(f"{server.url}/#/exams")
    for name in ("first", "second"):
        row = page.get_by_role("row").filter(has_text=name)
        expect(row).to_contain_text("% (", timeout=WAIT)
        row.get_by_role("checkbox").check()
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Two exams")).to_be_visible()
    assert page.url.endswith((f"{a}/{b}", f"{b}/{a}"))
    page.get_by_label("Only where one is right").uncheck()
    expect(page.locator(".compared tbody tr")).to_have_count(20)
    shot(page, "compared")
    page.get_by_role("link", name="All exams").click()
    page.once("dialog", lambda d: d.accept())
    page.get_by_role("row").filter(has_text="second").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("row").filter(has_text="second")).to_have_count(0)


def test_stop_and_go_on(page, server):
    with still(server):
        made = make(server, "long one", (EXAMS / "general.jsonl").read_text())
        page.goto(f"{server.url}/#/exams")
        row = page.get_by_role("row").filter(has_text="long one")
        with page.expect_response(lambda r: r.request.method == "POST" and made in r.url):
            row.get_by_role("button", name="Stop").click()
    expect(row).to_contain_text("stopped")
    row.get_by_role("button", name="Go on").click()
    expect(row).to_contain_text("% (", timeout=2 * WAIT)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_access(browser, server, scheme, size):
    ident = make(server, "looked at", (EXAMS / "endings.jsonl").read_text())
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme).new_page()
    page.goto(f"{server.url}/#/exams")
    page.get_by_text("Take an exam").click()
    expect(page.get_by_role("row").filter(has_text="looked at").first).to_contain_text("% (", timeout=WAIT)
    shot(page, f"all-{scheme}-{size[0]}")
    assert violations(page) == []
    page.goto(f"{server.url}/#/exams/{ident}")
    expect(page.locator(".question").first).to_be_visible()
    shot(page, f"one-{scheme}-{size[0]}")
    assert violations(page) == []
    page.wait_for_function("document.documentElement.scrollHeight <= innerHeight")  # The page itself does not scroll.
    page.locator(".reliability").scroll_into_view_if_needed()
    shot(page, f"calibration-{scheme}-{size[0]}")
    page.locator(".question").nth(2).scroll_into_view_if_needed()
    shot(page, f"questions-{scheme}-{size[0]}")
    fits(page)
    page.context.close()


def test_hostile_questions_are_text(page, server):
    """What a file of questions holds is shown, never run."""
    bad = '<img src=x onerror="document.title=\'run\'"><script>document.title="run"</script>'
    ident = make(server, bad, json.dumps({"question": bad, "options": [bad, "b"], "answer": 0, "subject": bad}))
    page.goto(f"{server.url}/#/exams/{ident}")
    expect(page.locator(".question").first).to_contain_text("<img src=x")
    expect(page.locator(".question img")).to_have_count(0)
    assert page.title() != "run"
