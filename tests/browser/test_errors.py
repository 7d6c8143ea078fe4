"""What goes wrong says what to do about it, and the button does it: each by its real cause."""
import os
import re
import signal
import subprocess
import time

import pytest
from playwright.sync_api import expect

from app import WAIT, answer, api, ask, box_of, endless
from conftest import Server, data_dir

LONG = "Write a very long story about a ship, in thirty chapters."


started = []


@pytest.fixture
def page(browser):
    page = browser.new_context(viewport={"width": 1000, "height": 700}).new_page()
    yield page
    page.close()
    while started:  # What a test that failed left behind.
        server = started.pop()
        if server.process.poll() is None:
            server.process.kill()


def start(page, data, **env):
    server = Server(data, **env)
    started.append(server)
    page.goto(server.url)
    expect(page.get_by_label("Model", exact=True)).to_have_value("smollm2-135m")
    return server


def temporary(page):
    page.get_by_role("button", name="Temporary").click()


def writes(page, n=0):
    expect(answer(page, n).locator(".text")).to_have_text(re.compile(".{40}", re.S), timeout=WAIT)


def test_a_model_that_cannot_be_loaded(page, tmp_path):
    data = data_dir(tmp_path / "broken", "smollm2-135m")
    (data / "models" / "broken.gguf").write_bytes(b"GGUF" + b"\xff" * 4096)
    server = start(page, data, TIRO_DEFAULT_MODEL="smollm2-135m")
    page.get_by_label("Model", exact=True).select_option("broken")
    ask(page, LONG)
    failed = answer(page)
    expect(failed.get_by_role("alert")).to_be_visible(timeout=WAIT)
    expect(failed).to_contain_text("Pull it again, or choose another model.")
    expect(page.get_by_text(re.compile("broken cannot be used: .*Choose another model"))).to_be_visible(timeout=WAIT)
    failed.get_by_role("button", name="Choose a model").click()
    expect(page.get_by_label("Model", exact=True)).to_be_focused()
    page.get_by_label("Model", exact=True).select_option("smollm2-135m")
    failed.get_by_role("button", name="Again", exact=True).click()
    writes(page)
    expect(page.get_by_label("Answer", exact=True)).to_have_count(1)
    expect(answer(page)).not_to_contain_text("of 2")  # Of what never began nothing is kept.
    box_of(page).press("Escape")
    server.stop()


def worker_of(server):
    """None while it is being loaded."""
    return next((m["pid"] for m in api(server, "GET", "/v1/tiro/status")["models"]
                 if m["id"] == "smollm2-135m" and m["state"] == "ready"), None)


def test_the_models_process_ends(page, tmp_path):
    """The answer goes on by itself, word for word; one that is interrupted again and again says so."""
    server = start(page, data_dir(tmp_path / "crash", "smollm2-135m"))
    endless(page)
    ask(page, LONG)
    writes(page)
    before = answer(page).locator(".text").inner_text()[:40]
    os.kill(worker_of(server), signal.SIGKILL)
    expect(answer(page).locator(".text")).to_have_text(re.compile(".{300}", re.S), timeout=WAIT)
    assert answer(page).locator(".text").inner_text().startswith(before)
    box_of(page).press("Escape")
    expect(page.get_by_text("Stopped.", exact=True)).to_be_visible(timeout=WAIT)

    temporary(page)
    ask(page, LONG)
    writes(page)
    alert = answer(page).get_by_role("alert")
    end = time.monotonic() + 2 * WAIT / 1000
    while not alert.count() and time.monotonic() < end:
        if pid := worker_of(server):
            os.kill(pid, signal.SIGKILL)
        page.wait_for_timeout(1500)
    expect(alert).to_contain_text("Try again; if it happens twice, choose another model.", timeout=WAIT)
    alert.get_by_role("button", name="Try again").click()
    writes(page)
    box_of(page).press("Escape")
    server.stop()


def test_the_connection_is_lost(page, tmp_path):
    data = data_dir(tmp_path / "gone", "smollm2-135m")
    server = start(page, data)
    port = server.url.rsplit(":", 1)[1]
    endless(page)
    temporary(page)
    ask(page, LONG)
    writes(page)
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    alert = answer(page).get_by_role("alert")
    expect(alert).to_contain_text("The connection ended before the answer did.", timeout=WAIT)
    expect(page.get_by_text("The server does not answer. Is it still running?")).to_be_visible(timeout=WAIT)
    # What is written now is not lost.
    page.get_by_role("button", name="New chat").click()
    ask(page, "Are you there?")
    expect(page.get_by_role("alert")).to_contain_text("When the connection is back, try again.", timeout=WAIT)
    expect(box_of(page)).to_have_value("Are you there?")
    server = Server(data, port=port)
    started.append(server)
    expect(page.get_by_text("Is it still running?")).to_have_count(1, timeout=WAIT)  # That of the question.
    box_of(page).press("Enter")
    expect(answer(page)).to_have_text(re.compile(r"\w"), timeout=WAIT)
    box_of(page).press("Escape")
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_a_full_disk(page, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(small)], capture_output=True).returncode:
        pytest.skip("no tmpfs may be mounted here")
    server = None
    try:
        server = start(page, data_dir(tmp_path / "full", "smollm2-135m"), TIRO_DATABASE=f"sqlite:{small}/tiro.db")
        with open(small / "fill", "wb", buffering=0) as file:
            with pytest.raises(OSError):
                while True:
                    file.write(b"x" * 4096)
        ask(page, "Hello? " * 600)
        alert = page.get_by_role("alert").first
        expect(alert).to_contain_text("The server's disk is full. Make room on it", timeout=WAIT)
        expect(box_of(page)).to_have_value(("Hello? " * 600).strip())
        (small / "fill").unlink()
        box_of(page).fill("Hello?")
        box_of(page).press("Enter")
        expect(answer(page)).to_have_text(re.compile(r"\w"), timeout=WAIT)
        box_of(page).press("Escape")
        server.stop()
        server = None
    finally:
        if server:
            server.stop()
        subprocess.run(["umount", str(small)], check=True)


def test_what_the_settings_ask_for_cannot_be(page, tmp_path):
    server = start(page, data_dir(tmp_path / "schema", "smollm2-135m"))
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("JSON Schema that answers are held to").fill('{"type": "no such type"}')
    page.get_by_label("JSON Schema that answers are held to").blur()
    page.get_by_role("button", name="Done").click()
    ask(page, "Hello?")
    alert = answer(page).get_by_role("alert")
    expect(alert).to_contain_text("Look at this chat's settings.", timeout=WAIT)
    alert.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings of this chat")).to_be_visible()
    server.stop()


def test_stop_before_anything_came(page, tmp_path):
    """While the model is loaded, and while others are before it."""
    server = start(page, data_dir(tmp_path / "queued", "smollm2-135m"))
    endless(page)
    for _ in range(2):
        page.get_by_role("button", name="New chat").click()
        ask(page, LONG)
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("Stopped.", exact=True)).to_be_visible(timeout=WAIT)
        expect(page.get_by_role("button", name="Send")).to_be_visible()
    for _ in range(20):  # Long before the model could write no more.
        page.wait_for_timeout(500)
        model = next(m for m in api(server, "GET", "/v1/tiro/status")["models"] if m["id"] == "smollm2-135m")
        if model["requests"] == 0:
            break
    assert model["requests"] == 0 and model["waiting"] == 0
    server.stop()
