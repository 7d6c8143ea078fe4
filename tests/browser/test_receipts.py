"""What an answer cost and where it came from."""
import json
import re

from playwright.sync_api import expect

from app import WAIT, answer, api, ask, finished, make_chat, open_chat
from test_access import violations

SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def short_answers(page):
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Longest answer, tokens").fill("24")
    page.get_by_role("button", name="Done").click()


def test_a_receipt_says_what_made_the_answer(page, server):
    short_answers(page)
    ask(page, "Write a very long story about the sea, in ten chapters.")
    turn = finished(page)
    line = turn.locator(".receipt summary")
    expect(line).to_have_text(re.compile(
        r"^smollm2-135m b179c95 · 24 tokens · \d+ a second · cached \d+ % · first after \d+\.\d+ s$"))
    expect(line).to_have_attribute("title", f"sha256 {SHA256}")
    line.click()
    expect(turn.locator(".receipt tr").first).to_be_visible()
    table = {r.locator("th").inner_text(): r.locator("td").inner_text() for r in turn.locator(".receipt tr").all()}
    assert table["Model"] == "smollm2-135m" and table["Hash of its weights (sha256)"] == SHA256
    assert table["Tokens written"] == "24" and table["Quantisation"] == "Q4_1"
    assert "Filters" not in table  # There are none yet: nothing is shown.
    assert violations(page) == []
    turn.get_by_role("button", name="Copy receipt as JSON").click()
    expect(turn.get_by_role("button", name="Copy receipt as JSON")).to_have_text("Copied")
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied["sha256"] == SHA256 and copied["output_tokens"] == 24
    assert copied["input_tokens"] > copied["cached_tokens"] >= 0 and copied["tokens_per_second"] > 0
    page.reload()
    expect(answer(page).locator(".receipt summary")).to_contain_text("smollm2-135m b179c95")

    # The seed of the receipt makes the same answer again, by the API alone.
    chat = page.url.rsplit("/", 1)[1]
    said = api(server, "GET", f"/v1/tiro/chats/{chat}")["messages"][-1]["content"]
    again = api(server, "POST", "/v1/responses", {
        "model": "smollm2-135m", "input": "Write a very long story about the sea, in ten chapters.", "store": False,
        "temperature": 0.4, "min_p": 0.05, "max_output_tokens": 24, "seed": copied["seed"]})
    assert again["output"][-1]["content"][0]["text"] == said


def test_what_is_not_known_is_not_claimed(page, server):
    chat = make_chat(server, "Imported", [("user", "Hi"), ("assistant", "Hello.")])
    open_chat(page, server, chat)
    expect(answer(page).get_by_role("button", name="Again")).to_be_visible(timeout=WAIT)
    expect(answer(page).locator(".receipt")).to_have_count(0)


def test_the_models_say_what_they_are(page, server):
    page.get_by_text("Ask something.").wait_for()
    model = api(server, "GET", "/v1/models/smollm2-135m")["tiro"]
    assert model["sha256"] == SHA256 and model["quantisation"] == "Q4_1" and model["parameters"] == 134515008
    folder = api(server, "GET", "/v1/models/all-minilm-l6-v2")["tiro"]
    assert re.fullmatch("[0-9a-f]{64}", folder["sha256"])  # Of its model.safetensors.
    api(server, "POST", "/v1/chat/completions", {"model": "smollm2-135m", "max_tokens": 24, "messages": [
        {"role": "user", "content": "Count to one hundred, please. " * 4}]})
    model = api(server, "GET", "/v1/models/smollm2-135m")["tiro"]
    assert model["prefill_tokens_per_s"] > 0 and model["decode_tokens_per_s"] > 0


def test_changing_an_early_message_reads_only_what_changed(page):
    """Branches share their keys and values: what stands before the change is not read again."""
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Instructions").fill("You know much about rivers, lakes and seas of all lands. " * 20)
    page.get_by_label("Longest answer, tokens").fill("16")
    page.get_by_role("button", name="Done").click()

    def usage(n):
        turn = finished(page, n)
        expect(turn.locator(".receipt summary")).to_be_visible()
        if turn.locator(".receipt").get_attribute("open") is None:
            turn.locator(".receipt summary").click()
        expect(turn.locator("tr", has_text="Of them cached")).to_be_visible()
        cell = lambda name: turn.locator("tr", has_text=name).locator("td").inner_text()
        return int(cell("Tokens read")), int(cell("Of them cached").split(" ")[0])

    ask(page, "Which is long?")
    finished(page)
    ask(page, "Which is short?")
    whole, _ = usage(1)
    # The early message is edited: the instructions before it are not read again.
    page.get_by_label("You", exact=True).first.get_by_role("button", name="Edit").click()
    page.get_by_label("Edited message").fill("Which is deep?")
    page.get_by_role("button", name="Send as a new branch").click()
    expect(page.get_by_label("You", exact=True)).to_have_count(1)
    read, cached = usage(0)
    assert read - cached < 64 < cached
    # Back on the first branch, all of it is still there.
    page.get_by_role("button", name="Previous version").first.click()
    expect(page.get_by_label("You", exact=True)).to_have_count(2)
    answer(page, 1).get_by_role("button", name="Again", exact=True).click()
    expect(answer(page, 1)).to_contain_text("2 of 2", timeout=WAIT)
    read, cached = usage(1)
    assert read == whole and read - cached < 32
