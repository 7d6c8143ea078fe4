"""A chat gets a title from the model, unless somebody knows a better one."""
import json
import re

import pytest
from playwright.sync_api import expect

from app import WAIT, api, ask, finished
from conftest import Server, data_dir

QUESTION = "What is the capital of France, and which river flows through it? Answer in one sentence."


@pytest.fixture(scope="module")
def able(tmp_path_factory):
    """Small models make no titles: theirs would be worse than the first line."""
    server = Server(data_dir(tmp_path_factory.mktemp("data"), "qwen2.5-coder-0.5b"))
    yield server
    server.stop()


@pytest.fixture
def page(browser, able):
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.asked = []
    page.on("request", lambda r: page.asked.append(json.loads(r.post_data)) if r.url.endswith("/chat/completions") else None)
    page.goto(able.url)
    page.get_by_text("Ask something.").wait_for()
    yield page
    page.context.close()


def title_of(server, page):
    return api(server, "GET", f"/v1/tiro/chats/{page.url.split('/')[-1]}")["chat"]["title"]


def test_the_model_makes_a_title(page, able):
    ask(page, QUESTION)
    finished(page)
    row = page.locator("nav .chats > li").first
    expect(row).not_to_contain_text("What is the capital", timeout=WAIT)
    title = title_of(able, page)
    assert 0 < len(title) <= 60 and "\n" not in title and not QUESTION.startswith(title)
    expect(row).to_contain_text(title)
    assert len(page.asked) == 1 and page.asked[0]["service_tier"] == "flex"
    # Once: the second answer changes nothing.
    ask(page, "And of Spain? One word.")
    finished(page, 1)
    page.wait_for_timeout(500)
    assert len(page.asked) == 1 and title_of(able, page) == title


def test_a_name_that_somebody_gave_stays(page, able):
    page.route("**/v1/chat/completions", lambda route: (
        api(able, "POST", f"/v1/tiro/chats/{page.url.split('/')[-1]}", {"title": "Mine"}), route.continue_()))
    with page.expect_response(re.compile("chat/completions"), timeout=WAIT):
        ask(page, QUESTION)
        finished(page)
    page.wait_for_timeout(500)
    assert title_of(able, page) == "Mine"


def test_switched_off_or_temporary(page, able):
    page.get_by_role("button", name="Temporary").click()
    ask(page, QUESTION)
    finished(page)
    page.keyboard.press("Control+,")
    box = page.get_by_label("In all chats: let the model make the title")
    expect(box).to_be_checked()  # It is not, before the server has said so.
    with page.expect_response("**/v1/tiro/preferences"):
        box.uncheck()
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="New chat").click()
    ask(page, QUESTION)
    finished(page)
    page.wait_for_timeout(1000)
    assert page.asked == []
    assert title_of(able, page).startswith("What is the capital")
    api(able, "POST", "/v1/tiro/preferences", {"titles": True})
