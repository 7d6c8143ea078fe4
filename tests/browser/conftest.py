"""A real server with the real small models, and Chromium to look at its page."""
import os
import pathlib
import shutil
import signal
import subprocess

import pytest
from playwright.sync_api import expect, sync_playwright

expect.set_options(timeout=30_000)  # A busy machine is no failure.

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIRO = ROOT / os.environ.get("TIRO_BUILD", "build") / "tiro"
MODELS = pathlib.Path(os.environ.get("TIRO_MODELS", pathlib.Path.home() / ".cache/tiro/models"))


def data_dir(path, *names):
    """A data directory whose library holds these models, by link."""
    (path / "models").mkdir(parents=True)
    for name in names:
        target = next((MODELS / n for n in (f"{name}.gguf", name) if (MODELS / n).exists()), None)
        assert target, f"{name} is not in {MODELS}; 'tools/test.sh models' gets it"
        (path / "models" / target.name).symlink_to(target)
        marker = MODELS / f".{target.name}.tiro.json"  # What was checked when it was pulled.
        if marker.exists():
            (path / "models" / marker.name).symlink_to(marker)
    return path


class Server:
    def __init__(self, data, port=0, **env):
        self.process = subprocess.Popen(
            [TIRO, "serve", "--port", str(port), "--data", data], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "TIRO_FIRST_RUN": "no", **env})
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://"), "the first line is the URL"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(40) == 0


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = Server(data_dir(tmp_path_factory.mktemp("data"), "smollm2-135m", "all-minilm-l6-v2"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser():
    program = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                  "--disable-background-networking", "--disable-component-update",
                  "--disable-sync"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, server):
    context = browser.new_context(viewport={"width": 1000, "height": 700},
                                  permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.problems = []
    page.on("pageerror", lambda e: page.problems.append(str(e)))
    page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
    page.goto(server.url)
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_enabled()  # It knows the models.
    yield page
    shots = os.environ.get("TIRO_SCREENSHOTS")
    if shots:
        page.screenshot(path=f"{shots}/{os.environ['PYTEST_CURRENT_TEST'].split('::')[1].split(' ')[0]}.png")
    assert page.problems == []
    context.close()
