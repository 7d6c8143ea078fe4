"""For people with a keyboard only, who do not see the page, who write from right to left, who print."""
import re

import pytest
from playwright.sync_api import expect

from app import WAIT, answer, ask, box_of, finished, fits, make_chat, open_chat
from test_access import violations

ARABIC = "# نهر النيل\n\nنهر النيل هو **أطول** نهر، طوله `6650 km`.\n\nAnd an English paragraph.\n\n```python\nprint('שלום')\n```\n"


def test_the_keys_are_listed_and_work(page, server):
    chat = make_chat(server, "Keys", [("user", "First question"), ("assistant", "First answer"),
                                      ("user", "Second question"), ("assistant", "Second answer")])
    open_chat(page, server, chat)
    box_of(page).press("?")  # A question mark in a message is one.
    expect(box_of(page)).to_have_value("?")
    box_of(page).fill("")
    page.get_by_role("button", name="Map of this chat").focus()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    expect(keys).to_contain_text("Ctrl Shift M")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0)
    expect(page.get_by_role("button", name="Map of this chat")).to_be_focused()  # Where it was before.
    page.keyboard.press("Alt+ArrowUp")
    expect(answer(page, 1)).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    expect(answer(page, 0)).to_be_focused()
    page.keyboard.press("Tab")
    expect(answer(page, 0).get_by_role("button", name="Copy answer")).to_be_focused()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Command or chat").fill("what the model reads")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="What the model reads")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_answer_is_spoken_of_twice(page):
    """That it begins and how it ended: not each word."""
    page.evaluate("""() => { window.said = []; new MutationObserver(() => {
        const text = document.querySelector('main [role=status]')?.textContent;
        if (text && said.at(-1) !== text) said.push(text); })
        .observe(document.body, { subtree: true, childList: true, characterData: true }); }""")
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Longest answer, tokens").fill("32")
    page.get_by_role("button", name="Done").click()
    ask(page, "Write a very long story about a ship.")
    finished(page)
    expect(page.locator("main [role=status]")).to_have_text("The answer is complete.")
    assert page.evaluate("said") == ["An answer is being written.", "The answer is complete."]
    expect(page.locator("article[aria-live], article [aria-live], .text [role=status]")).to_have_count(0)


def direction(page, selector):
    """Where the text begins: "left" or "right" of its box."""
    return page.locator(selector).first.evaluate("""(e) => {
        const range = document.createRange(); range.selectNodeContents(e);
        const text = range.getBoundingClientRect(), box = e.getBoundingClientRect();
        return text.left - box.left < box.right - text.right ? 'left' : 'right'; }""")


def test_right_to_left(page, server):
    chat = make_chat(server, "عربي", [("user", "ما هو أطول نهر في العالم؟"), ("assistant", ARABIC)])
    open_chat(page, server, chat)
    expect(answer(page).locator("h1")).to_be_visible()
    assert direction(page, ".text h1") == "right" and direction(page, ".text p") == "right"
    assert page.locator(".text p").nth(1).evaluate("e => getComputedStyle(e).unicodeBidi") == "plaintext"
    assert direction(page, ".text p >> text=And an English") == "left"
    assert page.locator("pre").first.evaluate("e => getComputedStyle(e).direction") == "ltr"
    fits(page)
    assert violations(page) == []


def test_paper_has_the_messages_and_nothing_else(page, server):
    chat = make_chat(server, "Printed", [(("user", "assistant")[i % 2], f"Message {i}. " + "Words. " * 40) for i in range(60)])
    open_chat(page, server, chat)
    page.emulate_media(media="print")
    for hidden in ("nav", ".chat > header", "footer", ".doings button"):
        expect(page.locator(hidden).first).to_be_hidden()
    page.wait_for_function("document.querySelector('main').scrollHeight <= document.querySelector('main').clientHeight")
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf()))
    assert 2 <= pages <= 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_no_violations_in_the_dialogs(browser, server, scheme, size):
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme).new_page()
    chat = make_chat(server, "Seen", [("user", "A question"), ("assistant", "An answer")])
    open_chat(page, server, chat)
    page.keyboard.press("Control+Shift+L")
    expect(page.get_by_text(re.compile("would read"))).to_be_visible(timeout=WAIT)
    assert violations(page) == []
    fits(page)
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    assert violations(page) == []
    page.close()
