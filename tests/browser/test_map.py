"""The map of a chat's branches: what is shown, the way to any message, taking a branch away."""
import time

import pytest
from playwright.sync_api import expect

from app import api, fits, make_chat, make_tree, open_chat
from test_access import violations

ROWS = [("q1", "", "user", "What is a river?"), ("a1", "q1", "assistant", "Water that flows."),
        ("a2", "q1", "assistant", "A stream, large."), ("q2", "a2", "user", "Name a long one."),
        ("a3", "q2", "assistant", "The Nile."), ("q3", "a1", "user", "And a lake?"),
        ("a4", "q3", "assistant", "Water that stands."), ("a5", "q3", "assistant", "A large pond."),
        ("q9", "", "user", "Another beginning"), ("a9", "q9", "assistant", "An end.")]


def rows(page):
    return page.get_by_role("treeitem")


def open_map(page):
    page.keyboard.press("Control+Shift+M")
    expect(page.get_by_role("tree", name="Messages")).to_be_focused()


def chosen(page):
    return page.locator('[role=treeitem][aria-selected="true"]')


def test_it_shows_all_branches_and_which_is_shown(page, server):
    chat, ids = make_tree(server, "A map", ROWS)
    api(server, "POST", f"/v1/tiro/chats/{chat}", {"leaf_id": ids["a5"]})
    open_chat(page, server, chat)
    open_map(page)
    expect(rows(page)).to_have_count(len(ROWS))
    expect(page.get_by_text("10 messages, 4 branches")).to_be_visible()
    shown = page.locator('[role=treeitem][aria-current="true"]')
    expect(shown.locator(".words")).to_have_text(
        ["What is a river?", "Water that flows.", "And a lake?", "A large pond."])
    # The branch that is shown stays in the first lane; the others begin one further right.
    expect(page.locator('[role=treeitem][aria-current="true"][aria-level="1"]')).to_have_count(4)
    expect(chosen(page)).to_contain_text("A large pond.")


def test_the_keyboard_walks_and_goes_there(page, server):
    chat, _ = make_tree(server, "Walked", ROWS)
    open_chat(page, server, chat)  # Shows the branch made last.
    expect(page.locator(".turn").last).to_contain_text("An end.")
    open_map(page)
    page.keyboard.press("Home")
    expect(chosen(page)).to_contain_text("What is a river?")
    page.keyboard.press("ArrowRight")
    expect(chosen(page)).not_to_contain_text("What is a river?")
    page.keyboard.press("ArrowLeft")
    expect(chosen(page)).to_contain_text("What is a river?")
    for row in range(1, len(ROWS)):
        page.keyboard.press("ArrowDown")
        expect(chosen(page)).to_have_id(f"map-{row}")
        if "The Nile." in chosen(page).inner_text():
            break
    assert row > 1
    with page.expect_response(f"**/chats/{chat}"):  # Where one is, is kept: for the reload.
        page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".turn").last).to_contain_text("The Nile.")
    expect(page.locator(".turn").last).to_be_focused()
    page.reload()
    expect(page.locator(".turn").last).to_contain_text("The Nile.")


def test_a_branch_is_taken_away(page, server):
    chat, ids = make_tree(server, "Cut", ROWS)
    api(server, "POST", f"/v1/tiro/chats/{chat}", {"leaf_id": ids["a5"]})
    open_chat(page, server, chat)
    open_map(page)
    rows(page).filter(has_text="A stream, large.").click()
    said = []
    page.once("dialog", lambda d: (said.append(d.message), d.accept()))
    page.get_by_role("button", name="Delete this branch").last.click()
    expect(rows(page)).to_have_count(len(ROWS) - 3)
    assert said == ["Delete this message and the 2 that follow it?"]
    left = {m["content"] for m in api(server, "GET", f"/v1/tiro/chats/{chat}")["messages"]}
    assert "The Nile." not in left and "A large pond." in left
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".turn").last).to_contain_text("A large pond.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_no_violations(browser, server, scheme, size):
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme).new_page()
    chat, ids = make_tree(server, "Seen by all", ROWS)
    api(server, "POST", f"/v1/tiro/chats/{chat}", {"leaf_id": ids["a5"]})
    open_chat(page, server, chat)
    open_map(page)
    expect(rows(page)).to_have_count(len(ROWS))
    assert violations(page) == []
    fits(page)
    page.close()


def test_two_thousand_messages(page, server):
    chat = make_chat(server, "A long map", [("assistant" if i % 2 else "user", f"Message {i}.") for i in range(2000)])
    open_chat(page, server, chat)
    begin = time.monotonic()
    open_map(page)
    print(f"map of 2000 messages in {time.monotonic() - begin:.2f} s")
    expect(chosen(page)).to_contain_text("Message 1999.")
    assert rows(page).count() < 100  # Those that are seen.
    page.keyboard.press("Home")
    expect(chosen(page)).to_contain_text("Message 0.")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Message 1.", exact=True)).to_be_in_viewport()
