"""What comes late finds a page on which somebody has gone on: it takes nothing away, and leads nobody back."""
import contextlib
import re

from playwright.sync_api import expect

from app import answer, api, ask, box_of, cut_short, make_chat, make_tree, open_chat
from test_attachments import attach, chips, pdf

TURNS = [("user", "Which river?"), ("assistant", "The Nile.")]


def taken_in(page):
    """What has come has done to the page what it does."""
    page.evaluate("new Promise((go) => requestAnimationFrame(() => setTimeout(go)))")


@contextlib.contextmanager
def late(page, path, method="GET"):
    """The server's answers to this come when all that is done inside has been done.

    What it yields, called, waits until the server has been asked."""
    held, inside = [], True
    page.route(path, lambda route: held.append(route) if inside and route.request.method == method else route.fallback())

    def asked():
        for _ in range(1500):
            if not held:
                page.wait_for_timeout(20)
        assert held, path

    yield asked
    asked()
    inside = False
    for route in reversed(held):  # What was asked last is answered first.
        with page.expect_response(lambda r, url=route.request.url: r.url == url and r.request.method == method):
            route.continue_()
    taken_in(page)


def open_from_list(page, title):
    page.get_by_role("navigation", name="Chats").get_by_role("button", name=title).first.click()


def test_what_is_written_while_a_chat_is_made_stays(page):
    with late(page, "**/v1/tiro/chats", "POST"):
        ask(page, "The first question")
        box_of(page).press_sequentially("The second")
        attach(page, "a.txt", b"goes with the second")
        expect(chips(page)).to_have_count(1)
        page.get_by_label("Search all chats").focus()
    expect(page.get_by_label("You", exact=True)).to_contain_text("The first question")
    expect(page).to_have_url(re.compile("/chat/"))
    expect(box_of(page)).to_have_value("The second")
    expect(chips(page)).to_have_count(1)
    expect(page.get_by_label("Search all chats")).to_be_focused()
    cut_short(page)
    page.get_by_role("button", name="New chat").click()
    expect(box_of(page)).to_have_value("")
    expect(chips(page)).to_have_count(0)


def test_who_opens_another_chat_meanwhile_is_there(page, server):
    other = make_chat(server, "Another chat", TURNS)
    page.reload()
    with late(page, "**/v1/tiro/chats", "POST"):
        ask(page, "A question that somebody walks away from")
        open_from_list(page, "Another chat")
        expect(page.get_by_label("Answer", exact=True)).to_have_count(1)
    expect(page).to_have_url(re.compile(other))
    expect(page.locator(".turn .plain, .turn .text")).to_have_text([text for _, text in TURNS])
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    # It was asked all the same.
    open_from_list(page, "A question that somebody walks away from")
    expect(page.get_by_label("You", exact=True)).to_have_text(re.compile("^A question that somebody walks away from"))
    cut_short(page)


def test_an_answer_that_ends_late_leads_nobody_back(page):
    ask(page, "Write a very long story.")
    expect(answer(page).locator(".text")).to_have_text(re.compile(".{20}", re.S))
    with late(page, "**/v1/tiro/chats/*/messages/*", "POST") as asked:
        box_of(page).press("Escape")
        asked()
        page.get_by_role("link", name="Memory").click()
        expect(page.get_by_role("heading", name="Memory")).to_be_visible()
    expect(page).to_have_url(re.compile("#/memory$"))
    expect(page.get_by_role("heading", name="Memory")).to_be_visible()


def test_a_change_of_the_chat_before_is_none_of_this_one(page, server):
    folder = api(server, "POST", "/v1/tiro/folders", {"name": "Rivers"})["id"]
    one = make_chat(server, "The chat before", [("user", "Who?"), ("assistant", "Nobody.")])
    other = make_chat(server, "The chat after", TURNS)
    open_chat(page, server, one)
    with late(page, f"**/v1/tiro/chats/{one}", "POST"):
        page.get_by_label("More for The chat before").click()
        page.locator("details[open]").get_by_label("Folder", exact=True).select_option("Rivers")
        open_from_list(page, "The chat after")
        expect(answer(page).locator(".text")).to_have_text("The Nile.")
    ask(page, "And now?")
    cut_short(page, 1)
    assert len(api(server, "GET", f"/v1/tiro/chats/{other}")["messages"]) == 4
    assert len(api(server, "GET", f"/v1/tiro/chats/{one}")["messages"]) == 2
    api(server, "DELETE", f"/v1/tiro/folders/{folder}?chats=delete")


def test_a_tune_that_is_mended_late_is_none_of_this_chat(page, server):
    broken = "```abc\nX:1\nT:One\nM:3/4\nL:1/4\nK:C\nC D E F|]\n```\n"
    one = make_chat(server, "The chat before", [("user", "A tune"), ("assistant", broken)])
    make_chat(server, "The chat after", TURNS)
    open_chat(page, server, one)
    with late(page, re.compile("grammar"), "POST") as asked:
        page.get_by_role("button", name="Make it right").click()
        asked()
        open_from_list(page, "The chat after")
        expect(answer(page).locator(".text")).to_have_text("The Nile.")
    expect(page.locator(".turn .plain, .turn .text")).to_have_text([text for _, text in TURNS])
    expect(page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    assert len(api(server, "GET", f"/v1/tiro/chats/{one}")["messages"]) == 2


def test_nothing_is_sent_to_the_chat_before(page, server):
    one = make_chat(server, "The chat before", [("user", "Who?"), ("assistant", "Nobody.")])
    other = make_chat(server, "The chat after", TURNS)
    open_chat(page, server, one)
    with late(page, f"**/v1/tiro/chats/{other}"):
        open_from_list(page, "The chat after")
        box_of(page).press_sequentially("For the chat after")
        box_of(page).press("Enter")
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    expect(answer(page).locator(".text")).to_have_text("The Nile.")
    expect(box_of(page)).to_have_value("For the chat after")
    assert len(api(server, "GET", f"/v1/tiro/chats/{one}")["messages"]) == 2
    open_from_list(page, "The chat before")
    expect(answer(page).locator(".text")).to_have_text("Nobody.")
    expect(box_of(page)).to_have_value("")


def test_a_branch_goes_when_another_one_is_kept(page, server):
    chat, ids = make_tree(server, "Two beginnings", [("1", "", "user", "Say one."), ("2", "", "user", "Say two.")])
    open_chat(page, server, chat)
    mine = page.get_by_label("You", exact=True)
    with late(page, f"**/v1/tiro/chats/{chat}", "POST") as asked:
        mine.get_by_role("button", name="Delete this branch").click()
        asked()
        taken_in(page)
        expect(mine).to_contain_text("Say two.")
    expect(mine).to_contain_text("Say one.")
    now = api(server, "GET", f"/v1/tiro/chats/{chat}")
    assert now["chat"]["leaf_id"] == ids["1"] and len(now["messages"]) == 1


def test_files_that_are_still_read(page):
    with late(page, "**/v1/tiro/files/*/text?*"):
        attach(page, "a.pdf", pdf("The first page"))
        attach(page, "b.txt", b"read at once")
        expect(page.get_by_text("Reading…")).to_be_visible()
        box_of(page).fill("What is in them?")
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    expect(chips(page)).to_have_text([re.compile("^a.pdf"), re.compile("^b.txt")])  # None took the other's place.
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()
    # Those of one chat do not go to another.
    ask(page, "What is in them?")
    cut_short(page)
    with late(page, "**/v1/tiro/files/*/text?*"):
        attach(page, "c.pdf", pdf("Of the chat before"))
        page.get_by_role("button", name="New chat").click()
        expect(chips(page)).to_have_count(0)
    expect(page.get_by_text("Reading…")).to_have_count(0)
    expect(chips(page)).to_have_count(0)


def test_enter_opens_no_chat_that_does_not_hold_what_is_typed(page, server):
    make_chat(server, "Zirconium", TURNS)
    make_chat(server, "The newest of all", TURNS)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="The newest of all")).to_be_visible()
    with late(page, re.compile("/v1/tiro/chats.*search=zirconium")):
        page.get_by_role("combobox", name="Command or chat").fill("zirconium")
        page.keyboard.press("Enter")  # There is nothing to choose yet.
        expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(0)
    expect(page.get_by_role("option", name="Zirconium")).to_be_visible()
    page.keyboard.press("Enter")
    expect(answer(page).locator(".text")).to_have_text("The Nile.")


def test_what_is_typed_into_a_folder_stays(page, server):
    folder = api(server, "POST", "/v1/tiro/folders", {"name": "Lakes"})["id"]
    page.goto(f"{server.url}/#/folder/{folder}")
    name, text = page.get_by_label("Name", exact=True), page.get_by_label("Instructions, before")
    with late(page, f"**/v1/tiro/folders/{folder}", "POST"):
        name.fill("")
        name.press_sequentially("Rivers")
        text.press_sequentially("Be brief")
    expect(page.get_by_role("heading", name="Rivers")).to_be_visible()
    with page.expect_response(lambda r: r.request.method == "POST" and "and kind." in r.request.post_data):
        text.press_sequentially(", and kind.")
    expect(text).to_have_value("Be brief, and kind.")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(name).to_have_value("Rivers")
    expect(text).to_have_value("Be brief, and kind.")
    api(server, "DELETE", f"/v1/tiro/folders/{folder}")


def test_the_settings_that_are_kept_are_those_typed_last(page, server):
    chat = make_chat(server, "Typed", TURNS)
    open_chat(page, server, chat)
    page.get_by_role("button", name="Settings", exact=True).click()
    with page.expect_response(lambda r: r.request.method == "POST" and "Be brief." in (r.request.post_data or "")):
        with late(page, f"**/v1/tiro/chats/{chat}", "POST"):
            page.get_by_label("Instructions").press_sequentially("Be brief.")
    assert api(server, "GET", f"/v1/tiro/chats/{chat}")["chat"]["settings"]["instructions"] == "Be brief."


def test_a_list_that_was_asked_for_before_is_old_news(page, server):
    old = []
    page.route("**/v1/tiro/memory", lambda route: route.fallback() if old else old.append((route, route.fetch())))
    page.get_by_role("link", name="Memory").click()
    page.get_by_label("Something to remember").fill("Likes rivers.")
    with late(page, "**/v1/tiro/memory", "POST"):
        page.get_by_role("button", name="Remember", exact=True).click()
        page.get_by_label("Something to remember").fill("Likes lakes.")
    rows = page.get_by_label("What is remembered")
    expect(rows).to_contain_text("Likes rivers.")
    route, response = old[0]
    with page.expect_response("**/v1/tiro/memory"):
        route.fulfill(response=response)
    taken_in(page)
    expect(rows).to_contain_text("Likes rivers.")
    expect(page.get_by_label("Something to remember")).to_have_value("Likes lakes.")
    for entry in api(server, "GET", "/v1/tiro/memory")["data"]:
        api(server, "DELETE", f"/v1/tiro/memory/{entry['id']}")


def test_what_is_typed_goes_where_one_is(page, server):
    page.keyboard.press("Control+k")
    page.keyboard.type("memory")  # At once: the list has not been seen yet.
    expect(page.get_by_role("combobox", name="Command or chat")).to_have_value("memory")
    page.keyboard.press("Escape")
    expect(box_of(page)).to_have_value("")
    # A field that has taken the focus when it came does not take it again.
    entry = api(server, "POST", "/v1/tiro/memory", {"text": "Likes rivers."})["id"]
    page.get_by_role("link", name="Memory").click()
    page.get_by_role("button", name="Change: Likes rivers.").click()
    expect(page.get_by_role("textbox", name="What is remembered", exact=True)).to_be_focused()
    page.get_by_label("Something to remember").press_sequentially("Likes lakes.")
    expect(page.get_by_label("Something to remember")).to_have_value("Likes lakes.")
    expect(page.get_by_label("Something to remember")).to_be_focused()
    api(server, "DELETE", f"/v1/tiro/memory/{entry}")
