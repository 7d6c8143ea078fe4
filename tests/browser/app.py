"""What a person does with the chat app, for all its tests."""
import contextlib
import json
import os
import re
import signal
import urllib.request

from playwright.sync_api import expect

WAIT = 60_000


def box_of(page):
    return page.get_by_role("textbox", name="Message")


def ask(page, text):
    box_of(page).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def answer(page, n=0):
    return page.get_by_label("Answer", exact=True).nth(n)


def endless(page):
    """What is asked from now on has an answer that does not end by itself, however fast the machine is."""
    page.route("**/v1/responses", lambda route: route.continue_(post_data=json.dumps(
        {**json.loads(route.request.post_data), "logit_bias": {"0": -100, "2": -100}})))  # The ends of SmolLM2.


def finished(page, n=0):
    expect(answer(page, n).get_by_role("button", name="Again")).to_be_enabled(timeout=WAIT)
    return answer(page, n)


def cut_short(page, n=0):
    """What a small model says may never end: waits for its first words, then stops it."""
    expect(answer(page, n).locator(".text").first).to_have_text(re.compile(r"\S"), timeout=WAIT)
    box_of(page).press("Escape")  # Stops, or does nothing when it has ended.
    return finished(page, n)


@contextlib.contextmanager
def another(page, n=0):
    """What is done inside asks for another answer in this one's place; then that one is there.

    Its number among the versions is no sign of it: that goes while it is written."""
    was = answer(page, n).get_attribute("id")
    yield
    expect(answer(page, n)).not_to_have_attribute("id", was, timeout=WAIT)


def fits(page):
    """Nothing is wider than the page."""
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")


def boxes(locator):
    """Where these are, all at one moment: between two calls the page may scroll or grow."""
    return locator.evaluate_all("all => all.map((e) => e.getBoundingClientRect().toJSON())")


def api(server, method, path, body=None):
    """The same server without the page."""
    request = urllib.request.Request(server.url + path, method=method,
                                     data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)


@contextlib.contextmanager
def still(server, model="smollm2-135m"):
    """Meanwhile this model does nothing: what it was given to do is seen undone, however fast the machine is."""
    api(server, "POST", "/v1/completions", {"model": model, "prompt": "a", "max_tokens": 1})  # It is there.
    pid = next(m["pid"] for m in api(server, "GET", "/v1/tiro/status")["models"] if m["id"] == model)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def make_tree(server, title, rows):
    """A chat of (name, name of what it answers or "", role, text); returns its id and the ids by name."""
    chat = api(server, "POST", "/v1/tiro/chats", {"title": title})["id"]
    ids = {"": ""}
    for name, parent, role, text in rows:
        ids[name] = api(server, "POST", f"/v1/tiro/chats/{chat}/messages",
                        {"role": role, "content": text, "parent_id": ids[parent]})["id"]
    return chat, ids


def make_chat(server, title, turns):
    """A chat with these (role, text) one after the other; returns its id."""
    chat = api(server, "POST", "/v1/tiro/chats", {"title": title})["id"]
    parent = ""
    for role, text in turns:
        parent = api(server, "POST", f"/v1/tiro/chats/{chat}/messages",
                     {"role": role, "content": text, "parent_id": parent})["id"]
    return chat


def open_chat(page, server, chat):
    page.goto(f"{server.url}/#/chat/{chat}")
    page.reload()
    expect(page.locator(".turn").first).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()  # Its models are known.
