"""The app for people who do not see it, or use no mouse: axe finds nothing to say."""
import pytest
from axe_playwright_python.sync_playwright import Axe

from app import make_chat, open_chat
from test_music import KESH

TEXT = f"# A heading\n\nSome *text*, `code`, a [link](https://example.com), $a^2$.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n" \
       f"```python\ndef f(x):\n    return x  # so\n```\n\n$$\\int x$$\n\n```mermaid\nflowchart LR\nA --> B\n```\n\n```abc\n{KESH}```\n"


def violations(page):
    return [(v["id"], [n["html"] for n in v["nodes"]]) for v in Axe().run(page).response["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1200, 800), (390, 800)])
def test_no_violations(browser, server, scheme, size):
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme).new_page()
    page.goto(server.url)
    page.get_by_text("Ask something.").wait_for()
    assert violations(page) == []
    chat = make_chat(server, "Everything", [("user", "Show me"), ("assistant", TEXT)])
    open_chat(page, server, chat)
    page.get_by_label("Sheet music").wait_for()
    assert violations(page) == []
    page.keyboard.press("Control+.")
    page.get_by_role("complementary", name="Files").get_by_role("button", name="Edit").wait_for()
    assert violations(page) == []
    page.keyboard.press("Control+.")
    page.locator("figure.code").first.get_by_role("button", name="Run").click()
    page.locator(".result").get_by_text("after").wait_for(timeout=120_000)
    assert violations(page) == []
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Command or chat").wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Control+,")
    page.get_by_role("heading", name="Settings of this chat").wait_for()
    assert violations(page) == []
    page.close()
