"""Before sending: how long it is and how long it takes. When it is too long: a person chooses."""
import re

import pytest
from playwright.sync_api import expect

from app import WAIT, answer, api, ask, box_of, cut_short, finished, make_chat, open_chat
from conftest import Server, data_dir
from test_access import violations

TALK = [(role, f"{n}. " + "All rivers flow into the sea, and the sea is not full. " * 5)
        for n in range(4) for role in ("user", "assistant")]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server whose model reads 512 tokens."""
    server = Server(data_dir(tmp_path_factory.mktemp("small"), "smollm2-135m"), TIRO_CONTEXT="512")
    yield server
    server.stop()


@pytest.fixture
def page(browser, small):
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.problems = []
    page.on("pageerror", lambda e: page.problems.append(str(e)))
    page.goto(small.url)
    expect(page.get_by_label("Model", exact=True)).to_have_value("smollm2-135m")
    yield page
    assert page.problems == []
    page.close()


def room(page):
    return page.get_by_role("dialog", name="What the model reads")


def messages(small, chat):
    return api(small, "GET", f"/v1/tiro/chats/{chat}")["messages"]


def test_the_line_below_says_length_and_time(page, small):
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Longest answer, tokens").fill("24")
    page.get_by_role("button", name="Done").click()
    ask(page, "Write a very long story about a ship.")
    finished(page)
    box_of(page).fill("What else can you say?")
    meter = page.locator(".meter")
    expect(meter).to_contain_text(re.compile(r"^\d+ of 512 tokens, about \d+ of them new to the model · answer in about \d+ s"),
                                  timeout=WAIT)
    tokens, fresh = map(int, re.match(r"(\d+) of 512 tokens, about (\d+)", meter.inner_text()).groups())
    with page.expect_request("**/v1/responses") as sent:
        box_of(page).press("Enter")
    counted = api(small, "POST", "/v1/responses/input_tokens",
                  {"model": "smollm2-135m", "input": sent.value.post_data_json["input"]})["input_tokens"]
    assert abs(tokens - counted) <= 8
    turn = finished(page, 1)
    turn.locator(".receipt summary").click()
    cell = lambda name: int(turn.locator("tr", has_text=name).locator("td").inner_text().split(" ")[0])
    assert abs(fresh - (cell("Tokens read") - cell("Of them cached"))) <= 32  # A block of keys and values, and the frame.


def test_a_full_chat_is_never_cut_unasked(page, small):
    chat = make_chat(small, "Full", TALK)
    open_chat(page, small, chat)
    box_of(page).fill("What did I say first?")
    expect(page.locator(".meter")).to_contain_text("and the model reads 512", timeout=WAIT)
    box_of(page).press("Enter")  # Sends nothing: it asks what to leave out.
    expect(room(page)).to_be_visible()
    expect(page.get_by_label("You", exact=True)).to_have_count(4)
    expect(room(page).get_by_text("too many.")).to_be_visible()
    expect(room(page).get_by_role("checkbox")).to_have_count(8)
    expect(room(page).get_by_role("checkbox", checked=True)).to_have_count(8)
    expect(room(page).locator("li small").first).to_have_text(re.compile(r"^\d+ tokens$"))
    assert violations(page) == []
    # Two by hand, and the rest that has to go.
    room(page).get_by_role("checkbox").nth(2).uncheck()
    expect(room(page).locator("li.out")).to_have_count(1)
    room(page).get_by_role("button", name="Leave out the oldest").click()
    expect(room(page).get_by_text("are left for")).to_be_visible()
    room(page).get_by_role("button", name="Done").click()
    expect(page.get_by_text("Left out of what the model reads.").first).to_be_attached()
    expect(box_of(page)).to_have_value("What did I say first?")
    expect(page.locator(".meter.bad")).to_have_count(0)  # It has been counted again.
    with page.expect_request("**/v1/responses") as sent:
        box_of(page).press("Enter")
    asked = sent.value.post_data_json["input"]
    assert asked[0]["role"] == "user" and not asked[0]["content"].startswith("0.")
    assert asked[-1]["content"] == "What did I say first?"
    box_of(page).press("Escape")
    finished(page, 4)
    # All of it is still there, and can come back.
    assert len(messages(small, chat)) == 10
    page.reload()
    out = page.locator(".turn.out")
    expect(out.nth(1)).to_be_attached()  # There are two at least.
    out.first.scroll_into_view_if_needed()
    out.first.get_by_role("button", name="Read it again").click()
    expect(page.locator(".turn.out")).to_have_count(1)  # The one left out by hand.
    page.locator(".turn.out").get_by_role("button", name="Read it again").click()
    expect(page.locator(".turn.out")).to_have_count(0)


def test_a_refusal_opens_the_same_choice(page, small):
    chat = make_chat(small, "Refused", TALK)
    open_chat(page, small, chat)
    box_of(page).fill("Go on.")
    box_of(page).press("Enter")  # Before anybody has counted.
    expect(room(page)).to_be_visible(timeout=WAIT)
    expect(room(page).get_by_text("longer than what smollm2-135m can read at once")).to_be_visible()
    room(page).get_by_role("button", name="Leave out the oldest").click()
    expect(room(page).get_by_text("are left for")).to_be_visible()
    room(page).get_by_role("button", name="Done").click()
    failed = answer(page, 4)
    expect(failed).to_contain_text("maximum context length is 512")
    expect(failed.get_by_role("button", name="Choose what to leave out")).to_be_visible()
    failed.get_by_role("button", name="Again", exact=True).click()
    expect(failed.locator(".text")).to_have_text(re.compile(r"\w"), timeout=WAIT)
    box_of(page).press("Escape")
    finished(page, 4)
    assert len(messages(small, chat)) == 10  # What never began was not kept beside it.


def test_files_are_left_out_alone(page, small, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("The colour is ultramarine. " * 60)
    page.get_by_label("Files to add").set_input_files(notes)
    expect(page.get_by_label("Files that go with it")).to_contain_text("notes.txt")  # Before that nothing is sent.
    box_of(page).fill("Which colour?")
    box_of(page).press("Enter")
    finished(page)
    page.keyboard.press("Control+Shift+L")
    expect(room(page).get_by_text("notes.txt")).to_be_visible()
    expect(room(page).get_by_role("status")).to_contain_text("would read")
    expect(room(page).locator("li small").first).to_have_text(re.compile(r"^\d+ tokens$"))
    room(page).get_by_role("checkbox").nth(1).uncheck()
    room(page).get_by_role("button", name="Done").click()
    expect(page.get_by_text("notes.txt (left out of what the model reads)")).to_be_visible()
    with page.expect_request("**/v1/responses") as sent:
        ask(page, "And which else?")
    assert sent.value.post_data_json["input"][0]["content"] == "Which colour?"
    cut_short(page, 1)


def test_a_summary_begins_a_new_chat(page, small):
    chat = make_chat(small, "Rivers", TALK)
    open_chat(page, small, chat)
    page.keyboard.press("Control+Shift+L")
    room(page).get_by_role("button", name="New chat with a summary").click()
    expect(page.get_by_label("Answer", exact=True)).to_have_count(1, timeout=WAIT)
    expect(page.get_by_label("You", exact=True)).to_contain_text("What have we said so far?")
    expect(answer(page).locator(".text")).to_have_text(re.compile(r"\w"))
    assert page.url.rsplit("/", 1)[1] != chat
    assert len(messages(small, chat)) == 8
