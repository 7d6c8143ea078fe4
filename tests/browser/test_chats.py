"""Chats that last: branches, reloads and restarts in mid-answer, search, files."""
import json
import re
import signal
import time

from playwright.sync_api import expect

from app import WAIT, another, answer, api, ask, box_of, cut_short, endless, finished, make_chat, open_chat
from conftest import Server, data_dir


def chats(page):
    return page.get_by_role("navigation", name="Chats").locator("ul.chats > li")


def new_chat(page):
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_label("Answer", exact=True)).to_have_count(0)


def test_a_chat_is_there_after_a_reload(page):
    new_chat(page)
    ask(page, "What is the river Thames?")
    said = cut_short(page).locator(".text").inner_text()
    page.reload()
    expect(page.get_by_label("You", exact=True)).to_contain_text("What is the river Thames?")
    expect(answer(page).locator(".text")).to_have_text(said, use_inner_text=True)
    expect(chats(page).first).to_contain_text("What is the river Thames?")


def test_an_answer_goes_on_through_a_reload(page):
    new_chat(page)
    endless(page)
    ask(page, "Write a very long story about a ship, in thirty chapters.")
    expect(answer(page).locator(".text")).to_have_text(re.compile(".{40}", re.S), timeout=WAIT)
    before = answer(page).locator(".text").inner_text()[:30]
    page.reload()
    expect(answer(page).locator(".text")).to_have_text(re.compile(".{40}", re.S), timeout=WAIT)
    assert answer(page).locator(".text").inner_text().startswith(before)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    cut_short(page)


def test_an_answer_goes_on_through_a_crash_of_the_server(browser, tmp_path):
    data = data_dir(tmp_path / "crash", "smollm2-135m")
    server = Server(data)
    port = server.url.rsplit(":", 1)[1]
    page = browser.new_page()
    page.goto(server.url)
    endless(page)
    ask(page, "Write a very long story about a lighthouse, in thirty chapters.")
    expect(answer(page).locator(".text")).to_have_text(re.compile(".{40}", re.S), timeout=WAIT)
    before = answer(page).locator(".text").inner_text()[:40]
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    server = Server(data, port=port)
    expect(answer(page).locator(".text")).to_have_text(re.compile(".{200}", re.S), timeout=WAIT)
    assert answer(page).locator(".text").inner_text().startswith(before)
    cut_short(page)
    page.close()
    server.stop()


def test_branches(page):
    new_chat(page)
    ask(page, "Say one.")
    cut_short(page)
    first = answer(page).locator(".text").inner_text()
    with another(page):
        answer(page).get_by_role("button", name="Again").click()
    expect(cut_short(page)).to_contain_text("2 of 2")
    page.get_by_role("button", name="Previous version").click()
    expect(answer(page).locator(".text")).to_have_text(first, use_inner_text=True)

    page.get_by_label("You", exact=True).get_by_role("button", name="Edit").click()
    page.get_by_label("Edited message").fill("Say two.")
    page.get_by_role("button", name="Send as a new branch").click()
    expect(page.get_by_label("You", exact=True)).to_contain_text("2 of 2", timeout=WAIT)
    cut_short(page)
    page.reload()
    expect(page.get_by_label("You", exact=True)).to_contain_text("Say two.")
    page.get_by_role("button", name="Delete this branch").first.click()
    expect(page.get_by_label("You", exact=True)).to_contain_text("Say one.")
    page.reload()
    expect(page.get_by_label("You", exact=True)).to_contain_text("Say one.")
    expect(page.get_by_label("You", exact=True)).not_to_contain_text("of 2")


def test_a_branch_reads_again_only_what_changed(page):
    new_chat(page)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Instructions").fill("You know much about rivers. " * 20)
    page.get_by_label("Longest answer, tokens").fill("16")
    page.get_by_role("button", name="Done").click()
    ask(page, "Which is long?")
    finished(page)
    ask(page, "Which is short?")
    receipt = finished(page, 1).locator(".receipt summary")
    expect(receipt).to_have_text(re.compile(r"cached \d+ %"))
    assert int(re.search(r"cached (\d+) %", receipt.inner_text())[1]) >= 50


def test_a_temporary_chat_is_not_kept(page, server):
    page.get_by_role("button", name="Temporary").click()
    expect(page.get_by_text("This chat is temporary")).to_be_visible()
    with page.expect_request("**/v1/responses") as sent:
        ask(page, "Zanzibar is a secret word.")
    assert sent.value.post_data_json["store"] is False
    cut_short(page)
    assert api(server, "GET", "/v1/tiro/chats?search=zanzibar")["data"] == []


def test_search_rename_pin_archive_delete(page, server):
    one = make_chat(server, "Zymurgy bees", [("user", "How do they dance?"), ("assistant", "In a figure of 8_%.")])
    make_chat(server, "Zymurgy ants", [("user", "How do ants walk?")])
    page.reload()
    search = page.get_by_label("Search all chats")
    search.fill("FIGURE OF 8_%")
    expect(chats(page)).to_have_count(1)
    expect(chats(page)).to_contain_text("In a figure of 8_%.")
    search.fill("no such thing anywhere")
    expect(page.get_by_text("No chat holds that.")).to_be_visible()
    search.fill("zymurgy")

    def menu(title, name):
        page.get_by_label(f"More for {title}").click()
        page.get_by_role("button", name=name, exact=True).click()

    menu("Zymurgy bees", "Rename")
    page.get_by_label("Title").fill("Zymurgy wasps")
    page.get_by_label("Title").press("Enter")
    menu("Zymurgy wasps", "Pin")
    expect(chats(page).first).to_contain_text("★ Zymurgy wasps")
    menu("Zymurgy wasps", "Archive")
    expect(chats(page)).to_have_count(1)
    page.get_by_label("Archive").check()
    expect(chats(page).first).to_contain_text("Zymurgy wasps")
    page.once("dialog", lambda d: d.accept())
    menu("Zymurgy wasps", "Delete")
    expect(page.get_by_text("No chat holds that.")).to_be_visible()
    assert one not in [c["id"] for c in api(server, "GET", "/v1/tiro/chats?archived=true")["data"]]


def saved(page, title, name):
    page.get_by_label(f"More for {title}").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    return download.value.path().read_text()


def test_files_out_and_in(page, server, tmp_path):
    chat = make_chat(server, "Out and in", [("user", "A question"), ("assistant", "An *answer*")])
    open_chat(page, server, chat)
    assert "## You\n\nA question" in saved(page, "Out and in", "Save as Markdown")
    text = saved(page, "Out and in", "Save as JSON")
    file = tmp_path / "chat.json"
    file.write_text(text.replace("A question", "A question that came back"))
    page.get_by_label("Chats to import").set_input_files(file)
    expect(page.get_by_label("You", exact=True)).to_contain_text("A question that came back")
    expect(answer(page).locator("em")).to_have_text("answer")


def test_chatgpts_export_comes_in(page, tmp_path):
    def node(name, parent, children, role, text):
        return name, {"id": name, "parent": parent, "children": children,
                      "message": role and {"author": {"role": role}, "content": {"content_type": "text", "parts": [text]}}}
    mapping = dict([node("root", None, ["sys"], None, ""), node("sys", "root", ["u"], "system", ""),
                    node("u", "sys", ["a1", "a2"], "user", "Hi there"), node("a1", "u", [], "assistant", "First"),
                    node("a2", "u", [], "assistant", "Second")])
    file = tmp_path / "conversations.json"
    file.write_text(json.dumps([{"title": "Old chat", "current_node": "a1", "mapping": mapping}]))
    page.get_by_label("Chats to import").set_input_files(file)
    expect(answer(page).locator(".text")).to_have_text("First")
    page.get_by_role("button", name="Next version").click()
    expect(answer(page).locator(".text")).to_have_text("Second")
    bad = tmp_path / "bad.json"
    bad.write_text("[1, 2")
    page.get_by_label("Chats to import").set_input_files(bad)
    expect(page.get_by_text("This file is no JSON.")).to_be_visible()


def test_the_keyboard_reaches_everything(page, server):
    make_chat(server, "Found by its name", [("user", "Something")])
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Command or chat").fill("Found by its name")
    expect(page.get_by_role("option", name="Found by its name")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_label("You", exact=True)).to_contain_text("Something")
    page.keyboard.press("Control+Shift+O")
    expect(page.get_by_text("Ask something.")).to_be_visible()
    page.keyboard.press("Control+,")
    expect(page.get_by_role("heading", name="Settings of this chat")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Control+/")
    expect(box_of(page)).to_be_focused()


def test_a_chat_of_two_thousand_messages(page, server):
    chat = make_chat(server, "Long", [("assistant" if i % 2 else "user", f"Message {i}. " + "Some words of *it*. " * 20)
                                      for i in range(2000)])
    open_chat(page, server, chat)
    expect(page.locator(".turn")).to_have_count(2000)
    expect(page.get_by_text("Message 1999.")).to_be_in_viewport()
    begin = time.monotonic()
    box_of(page).press_sequentially("Typing goes on as before.")
    print(f"25 letters in {time.monotonic() - begin:.2f} s")
    expect(box_of(page)).to_have_value("Typing goes on as before.")
    page.evaluate("document.querySelector('main').scrollTop = 0")
    expect(page.get_by_text("Message 0.")).to_be_in_viewport()


def test_files_go_with_a_message(page, tmp_path):
    new_chat(page)
    code = tmp_path / "colours.py"
    code.write_text("FAVOURITE = 'ultramarine'\n```\n")
    page.get_by_label("Files to add").set_input_files(code)
    expect(page.get_by_label("Files that go with it")).to_contain_text("colours.py")
    with page.expect_request("**/v1/responses") as sent:
        ask(page, "Which colour is it?")
    said = sent.value.post_data_json["input"][0]["content"]
    assert said.startswith("File colours.py:\n````\nFAVOURITE = 'ultramarine'") and said.endswith("Which colour is it?")
    cut_short(page)
    page.reload()
    mine = page.get_by_label("You", exact=True)
    mine.get_by_text("colours.py").click()
    expect(mine.get_by_text("FAVOURITE = 'ultramarine'")).to_be_visible()
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff")
    page.get_by_label("Files to add").set_input_files(picture)
    expect(page.get_by_text(re.compile("picture.png is (no text|a picture)"))).to_be_visible()
