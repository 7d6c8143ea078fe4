"""One question, two models: both write at once, both are in the tree, one is kept."""
import re

import pytest
from playwright.sync_api import expect

from app import WAIT, another, answer, api, ask, box_of, boxes, cut_short, endless, fits
from conftest import MODELS, Server, data_dir
from test_access import violations

LONG = "Write a very long story about a ship, in thirty chapters."


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two models that answer: the second is the first under another name, in a process of its own."""
    data = data_dir(tmp_path_factory.mktemp("two"), "smollm2-135m")
    (data / "models" / "other.gguf").symlink_to(MODELS / "smollm2-135m.gguf")
    server = Server(data)
    yield server
    server.stop()


@pytest.fixture
def page(browser, two):
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.problems = []
    page.on("pageerror", lambda e: page.problems.append(str(e)))
    page.goto(two.url)
    yield page
    assert page.problems == []
    page.close()


def pair(page):
    return page.get_by_role("region", name="Two answers").get_by_label("Answer", exact=True)


def ask_both(page, text):
    page.get_by_role("button", name="Compare two models").click()
    expect(page.get_by_label("Second model")).to_be_visible()
    endless(page)
    ask(page, text)
    for n in (0, 1):
        expect(pair(page).nth(n).locator(".text")).to_have_text(re.compile(".{40}", re.S), timeout=WAIT)


def stop(page):
    box_of(page).press("Escape")
    for n in (0, 1):
        expect(pair(page).nth(n).get_by_role("button", name="Keep this one")).to_be_enabled(timeout=WAIT)


def test_both_write_at_once_and_one_goes_on(page, two):
    ask_both(page, LONG)
    # Both are still being written.
    expect(page.locator('.pair [aria-busy="true"]')).to_have_count(2)
    left, right = boxes(pair(page))
    assert left["x"] + left["width"] <= right["x"] and abs(left["y"] - right["y"]) < 2
    stop(page)
    said = pair(page).nth(1).locator(".text").inner_text()
    names = [pair(page).nth(n).locator(".receipt summary").inner_text().split(" ")[0] for n in (0, 1)]
    assert sorted(names) == ["other", "smollm2-135m"]
    expect(page.get_by_text("Keep one of the two answers to go on.")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()

    pair(page).nth(1).get_by_role("button", name="Keep this one").click()
    expect(page.get_by_role("region", name="Two answers")).to_have_count(0)
    expect(answer(page).locator(".text")).to_have_text(said, use_inner_text=True)
    expect(answer(page)).to_contain_text("2 of 2")  # The other is beside it, as any other version.
    page.get_by_role("button", name="Compare two models").click()
    expect(page.get_by_label("Second model")).to_have_count(0)
    with page.expect_request("**/v1/responses") as sent:
        ask(page, "Thank you.")
    kept = answer(page).get_attribute("id").removeprefix("message-")
    messages = api(two, "GET", f"/v1/tiro/chats/{page.url.rsplit('/', 1)[1]}")["messages"]
    assert sent.value.post_data_json["input"][1]["content"] == next(m["content"] for m in messages if m["id"] == kept)
    cut_short(page, 1)


def test_both_go_on_through_a_reload(page, two):
    ask_both(page, LONG)
    before = [pair(page).nth(n).locator(".text").inner_text()[:30] for n in (0, 1)]
    page.reload()
    for n in (0, 1):
        expect(pair(page).nth(n).locator(".text")).to_have_text(re.compile(".{40}", re.S), timeout=WAIT)
        assert pair(page).nth(n).locator(".text").inner_text().startswith(before[n])
    expect(page.locator('.pair [aria-busy="true"]')).to_have_count(2)
    stop(page)
    page.reload()
    expect(pair(page)).to_have_count(2)
    chat = page.url.rsplit("/", 1)[1]
    messages = api(two, "GET", f"/v1/tiro/chats/{chat}")["messages"]
    assert [m["role"] for m in messages] == ["user", "assistant", "assistant"]
    assert messages[1]["parent_id"] == messages[2]["parent_id"] == messages[0]["id"]
    assert messages[1]["details"]["pair"] == messages[2]["details"]["pair"]


def test_on_a_phone_they_stand_one_below_the_other(page, two):
    page.set_viewport_size({"width": 390, "height": 844})
    ask_both(page, LONG)
    stop(page)
    first, second = boxes(pair(page))
    assert first["y"] + first["height"] <= second["y"] and abs(first["x"] - second["x"]) < 2
    fits(page)
    assert violations(page) == []


def test_again_by_the_other_model(page, two):
    ask(page, "Say one.")
    expect(answer(page)).to_have_text(re.compile(r"\w"), timeout=WAIT)
    box_of(page).press("Escape")
    answer(page).get_by_label("Again with another model").click()
    with another(page):
        answer(page).get_by_role("button", name="other", exact=True).click()
    expect(cut_short(page)).to_contain_text("2 of 2")
    expect(answer(page).locator(".receipt summary")).to_contain_text("other", timeout=WAIT)
    expect(page.get_by_label("Model", exact=True)).to_have_value("other")
