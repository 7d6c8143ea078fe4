"""Links to chats: what whoever has one sees, without a key, until it ends; and nothing more."""
import re

import pytest
from playwright.sync_api import expect

from app import api, fits, make_chat, open_chat
from conftest import Server, data_dir
from test_access import violations
from test_hostile import RUN, SCRIPTS, payloads

TEXT = "# Rivers\n\nThey *flow*.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nprint(1)\n```\n"


def share(page):
    """Makes a link to the open chat; returns it."""
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Command or chat").fill("share this")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Share this chat")
    dialog.get_by_label("For how long").select_option("a day")
    dialog.get_by_role("button", name="Make a link").click()
    link = dialog.get_by_label("Link", exact=True)
    expect(link).to_have_value(re.compile(r"^http://.*/#/shared/[\w-]{43}$"))
    found = link.input_value()
    page.keyboard.press("Escape")
    return found


def test_share_look_revoke(page, server, browser):
    chat = make_chat(server, "About rivers", [("user", "Rivers?"), ("assistant", TEXT)])
    open_chat(page, server, chat)
    link = share(page)
    leaf = api(server, "GET", f"/v1/tiro/chats/{chat}")["chat"]["leaf_id"]
    api(server, "POST", f"/v1/tiro/chats/{chat}/messages", {"role": "user", "content": "LATER", "parent_id": leaf})
    stranger = browser.new_page()
    asked = []
    stranger.on("request", lambda r: asked.append(r.url) if "/v1/" in r.url else None)
    stranger.goto(link)
    expect(stranger.get_by_role("heading", name="About rivers")).to_be_visible()
    expect(stranger.get_by_label("Answer").get_by_role("heading", name="Rivers")).to_be_visible()
    expect(stranger.get_by_label("Answer").locator("table")).to_be_visible()
    expect(stranger.get_by_text("LATER")).to_have_count(0)
    assert len(asked) == 1 and "/v1/tiro/shared/" in asked[0]  # Nothing else of the server.
    # A copy among one's own chats.
    stranger.get_by_role("button", name="Continue from here").click()
    expect(stranger.get_by_role("textbox", name="Message")).to_be_visible()
    copy = stranger.url.split("/")[-1]
    whole = api(server, "GET", f"/v1/tiro/chats/{copy}")
    assert copy != chat and [m["content"] for m in whole["messages"]] == ["Rivers?", TEXT]
    api(server, "DELETE", f"/v1/tiro/chats/{copy}")
    # Taken back, from the list of all links.
    page.get_by_role("link", name="Shared links").click()
    expect(page.get_by_label("Links")).to_contain_text("About rivers")
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("No chat is shared.")).to_be_visible()
    stranger.goto("about:blank")
    stranger.goto(link)
    expect(stranger.get_by_text("This link shows nothing")).to_be_visible()
    stranger.close()
    api(server, "DELETE", f"/v1/tiro/chats/{chat}")


def test_the_branch_that_is_looked_at(page, server):
    chat = make_chat(server, "Two", [("user", "Which?"), ("assistant", "The first answer")])
    question = api(server, "GET", f"/v1/tiro/chats/{chat}")["messages"][0]["id"]
    api(server, "POST", f"/v1/tiro/chats/{chat}/messages",
        {"role": "assistant", "content": "The second answer", "parent_id": question})
    open_chat(page, server, chat)
    page.get_by_role("button", name="Previous version").click()
    expect(page.get_by_text("The first answer")).to_be_visible()
    link = share(page)
    page.goto(link)
    expect(page.get_by_text("The first answer")).to_be_visible()
    expect(page.get_by_text("The second answer")).to_have_count(0)
    api(server, "DELETE", f"/v1/tiro/chats/{chat}")
    page.reload()  # Its links ended with it.
    expect(page.get_by_text("This link shows nothing")).to_be_visible()
    assert all("404" in p for p in page.problems)
    page.problems.clear()


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_a_key(browser, tmp_path, size, scheme):
    """Where a server asks for a key, a link shows its chat and nothing else is to be had."""
    key = "secret-key-of-this-test"
    server = Server(data_dir(tmp_path / "data", "smollm2-135m"), TIRO_API_KEY=key)
    try:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        owner = context.new_page()
        owner.goto(server.url)
        owner.get_by_label("This server asks for an API key.").fill(key)
        owner.get_by_role("button", name="Continue").click()
        owner.get_by_text("Ask something.").wait_for()
        link = owner.evaluate("""async (text) => {
            const ask = async (path, body) => (await fetch(path, { method: 'POST', body: JSON.stringify(body),
                headers: { authorization: 'Bearer secret-key-of-this-test', 'content-type': 'application/json' } })).json();
            const chat = await ask('/v1/tiro/chats', { title: 'About rivers' });
            await ask(`/v1/tiro/chats/${chat.id}/messages`, { role: 'assistant', content: text });
            const { token } = await ask(`/v1/tiro/chats/${chat.id}/shares`, {});
            return `/#/shared/${token}`;
        }""", TEXT)
        stranger = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme).new_page()
        stranger.goto(server.url + link)
        expect(stranger.get_by_label("Answer").get_by_role("heading", name="Rivers")).to_be_visible()
        assert violations(stranger) == []
        fits(stranger)
        stranger.get_by_role("button", name="Continue from here").click()
        expect(stranger.get_by_text("Only who may use this server can continue")).to_be_visible()
        stranger.goto(server.url)
        expect(stranger.get_by_label("This server asks for an API key.")).to_be_visible()
        stranger.context.close()
        context.close()
    finally:
        server.stop()


def test_hostile_chats_run_nothing(browser, server):
    everything = list(payloads())
    chat = make_chat(server, SCRIPTS[0].replace("{}", RUN), [("assistant", p) for p in everything] +
                     [("user", p) for p in everything[:30]])
    token = api(server, "POST", f"/v1/tiro/chats/{chat}/shares", {})["token"]
    page = browser.new_page()
    foreign, dialogs = [], []
    page.on("request", lambda r: foreign.append(r.url)
            if not r.url.startswith((server.url, "data:", "blob:")) else None)
    page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    page.goto(f"{server.url}/#/shared/{token}")
    expect(page.locator(".turn")).to_have_count(len(everything) + 30)
    page.evaluate("""async () => {
        for (const turn of document.querySelectorAll('.turn')) {
            turn.scrollIntoView();
            await new Promise(requestAnimationFrame);
        }
        for (const link of document.querySelectorAll('main a:not([href^="http"])')) {
            link.removeAttribute('target');
            link.click();
        }
    }""")
    page.wait_for_timeout(1500)  # For what would load later.
    assert foreign == [] and dialogs == []
    assert page.evaluate("window.owned") is None and page.title() == "Tiro"
    assert page.locator("main script, main iframe, main object, main embed, main form, main style:not(.staff *)").count() == 0
    assert page.locator("main [onclick], main [onerror], main [onload], main [style*=url]").count() == 0
    page.close()
    api(server, "DELETE", f"/v1/tiro/chats/{chat}")
