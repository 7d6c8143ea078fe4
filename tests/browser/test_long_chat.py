"""A chat of two thousand messages: it opens, scrolls and takes letters; a crash loses nothing.

How long frames and keys take is printed here, and judged on a quiet machine (docs/perf/0019). What makes them
quick is held: only what is near to what is seen is built, before and after scrolling, and memory stays small."""
import re
import time

import pytest
from playwright.sync_api import expect

from app import WAIT, answer, ask, box_of, make_chat, open_chat

MESSAGES = 2000
NEAR_MAX = 200  # turns that are whole, of those near what is seen
# An answer as they are: a heading, a list, a table, code.
TEXT = "## Part {n}\n\nSome *words* of `it`. " + "The river is long. " * 12 + \
       "\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\ndef f(x):\n    return x + {n}\n```\n"

WATCH = """() => {
    window.seen = { frames: [], long: [], events: [] };
    new PerformanceObserver((l) => l.getEntries().forEach((e) => seen.long.push(e.duration)))
        .observe({ type: "longtask" });
    new PerformanceObserver((l) => l.getEntries().forEach((e) => seen.events.push([e.name, e.duration])))
        .observe({ type: "event", durationThreshold: 16 });
    let last = 0;
    const frame = (now) => { if (last) seen.frames.push(now - last); last = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
}"""


def p95(values):
    row = sorted(values)
    return row[int(len(row) * 0.95)] if row else 0


@pytest.fixture(scope="module")
def long_chat(server):
    return make_chat(server, "Very long", [
        ("assistant", TEXT.replace("{n}", str(i))) if i % 2 else ("user", f"Message {i}. Tell me about it.")
        for i in range(MESSAGES)])


def test_it_scrolls_and_takes_letters(page, server, long_chat):
    begin = time.monotonic()
    open_chat(page, server, long_chat)
    expect(page.locator(".turn")).to_have_count(MESSAGES)
    expect(page.get_by_text(f"Part {MESSAGES - 1}")).to_be_in_viewport()
    opened = time.monotonic() - begin
    page.wait_for_timeout(500)
    page.evaluate(WATCH)
    page.mouse.move(600, 300)
    for _ in range(60):
        page.mouse.wheel(0, -600)
        page.wait_for_timeout(30)
    scrolling = page.evaluate("seen.frames.splice(0)")
    long_scrolling = page.evaluate("seen.long.splice(0)")
    page.evaluate("seen.events.splice(0)")
    box_of(page).press_sequentially("Typing goes on as before, letter by letter.", delay=30)
    page.wait_for_timeout(200)
    keys = [d for name, d in page.evaluate("seen.events") if name in ("keydown", "keypress", "input", "keyup")]
    long_typing = page.evaluate("seen.long.splice(0)")
    heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    print(f"opened in {opened:.2f} s; frames while scrolling: p95 {p95(scrolling):.0f} ms, longest {max(scrolling):.0f}; "
          f"long tasks {len(long_scrolling)}; keys over 16 ms: {len(keys)}, longest {max(keys, default=0):.0f} ms; "
          f"long tasks while typing {len(long_typing)}; heap {heap:.0f} MB")
    expect(box_of(page)).to_have_value("Typing goes on as before, letter by letter.")
    assert page.locator(".turn pre").count() < NEAR_MAX and heap < 150


def test_far_messages_are_light_and_become_whole(page, server, long_chat):
    open_chat(page, server, long_chat)
    expect(page.get_by_text(f"Part {MESSAGES - 1}")).to_be_in_viewport()
    assert page.locator(".turn pre").count() < NEAR_MAX
    page.evaluate("document.querySelector('main').scrollTop = 0")
    expect(page.get_by_role("heading", name="Part 1", exact=True)).to_be_visible()
    # On paper all of it is whole.
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".turn pre")).to_have_count(MESSAGES // 2, timeout=WAIT)


def test_an_answer_in_it_goes_on_through_a_reload(page, server, long_chat):
    open_chat(page, server, make_chat(server, "Long, then asked", [
        ("assistant" if i % 2 else "user", f"Message {i}.") for i in range(MESSAGES)][:400]))
    ask(page, "Write a very long story about a ship, in thirty chapters.")
    expect(answer(page, 200).locator(".text")).to_have_text(re.compile(".{40}", re.S), timeout=WAIT)
    before = answer(page, 200).locator(".text").inner_text()[:30]
    page.reload()
    expect(answer(page, 200).locator(".text")).to_have_text(re.compile(".{40}", re.S), timeout=WAIT)
    assert answer(page, 200).locator(".text").inner_text().startswith(before)
    expect(answer(page, 200)).to_be_in_viewport()
    box_of(page).press("Escape")
    expect(answer(page, 200).get_by_role("button", name="Again", exact=True)).to_be_enabled(timeout=WAIT)
