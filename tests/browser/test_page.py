"""The page at /, in a real browser with a real model."""
import re

from playwright.sync_api import expect

from app import WAIT, answer, ask, box_of, cut_short, endless, finished, fits
from conftest import Server, data_dir


def words(shown):
    """The first of what an answer shows, without what Markdown makes of it."""
    return re.sub(r"\W+", "", shown.locator(".text :is(p, li, h1, h2, h3, h4)").first.inner_text())


def test_models_that_chat_are_offered(page):
    options = page.get_by_label("Model", exact=True)
    expect(options).to_have_value("smollm2-135m")
    expect(options).not_to_contain_text("all-minilm-l6-v2")
    expect(page.get_by_text("is a very small model")).to_be_visible()


def test_an_answer_streams_and_a_second_one_knows_the_first(page):
    endless(page)
    ask(page, "Write a very long story about Paris.")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    first = cut_short(page)
    with page.expect_request("**/v1/responses") as sent:
        ask(page, "Thank you.")
    body = sent.value.post_data_json
    assert [m["role"] for m in body["input"]] == ["user", "assistant", "user"]
    assert body["input"][1]["content"] and body["stream"] is True and body["background"] is True
    assert words(first) in re.sub(r"\W+", "", body["input"][1]["content"])
    cut_short(page, 1)
    expect(page.get_by_label("You", exact=True)).to_have_count(2)
    page.get_by_role("button", name="New chat").click()
    expect(page.get_by_label("Answer", exact=True)).to_have_count(0)


def test_stop_ends_a_long_answer(page):
    endless(page)
    ask(page, "Write a very long story about a river, in twenty chapters.")
    expect(answer(page)).to_have_text(re.compile(".{80}", re.S), timeout=WAIT)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped.", exact=True)).to_be_visible()
    before = finished(page).inner_text()
    page.wait_for_timeout(1000)
    assert answer(page).inner_text() == before
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def test_copy_puts_the_answer_on_the_clipboard(page):
    ask(page, "Say hello.")
    turn = cut_short(page)
    turn.get_by_role("button", name="Copy answer").click()
    expect(turn.get_by_role("button", name="Copy answer")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert words(turn) in re.sub(r"\W+", "", copied)


def test_what_a_person_writes_is_never_html(page):
    ask(page, "<img src=x onerror=\"document.title='owned'\"> <script>document.title='owned'</script>")
    cut_short(page)
    assert page.title() == "Tiro"
    expect(page.locator("main img, main script")).to_have_count(0)
    expect(page.get_by_label("You", exact=True)).to_contain_text("<img src=x")


def test_keys_and_lines(page):
    box = box_of(page)
    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    expect(box).to_have_value("one\ntwo")
    box.press("Enter")
    expect(page.get_by_label("You", exact=True).locator(".plain")).to_have_text("one\ntwo")
    box.press("Escape")
    expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=WAIT)


def test_a_narrow_screen_has_no_sideways_scroll(page):
    page.set_viewport_size({"width": 360, "height": 640})
    ask(page, "Write this word: " + "a" * 200)
    cut_short(page)
    fits(page)


def test_without_models_the_page_says_what_to_do(browser, tmp_path):
    server = Server(data_dir(tmp_path / "empty"))
    page = browser.new_page()
    page.goto(server.url)
    expect(page.get_by_text("tiro pull smollm2-135m")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    page.close()
    server.stop()


def test_a_server_with_a_key_asks_for_it(browser, tmp_path):
    server = Server(data_dir(tmp_path / "keyed", "smollm2-135m"), TIRO_API_KEY="sk-test-0123456789")
    page = browser.new_page()
    page.goto(server.url)
    box = page.get_by_label("This server asks for an API key.")
    box.fill("wrong")
    page.get_by_role("button", name="Continue").click()
    expect(box).to_be_visible()
    box.fill("sk-test-0123456789")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("Model", exact=True)).to_have_value("smollm2-135m")
    page.close()
    server.stop()
