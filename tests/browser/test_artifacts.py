"""Files of a chat: their names and versions, what changed, edits, downloads, and pages of several files."""
import io
import re
import zipfile

import pytest
from playwright.sync_api import expect

from app import answer, api, ask, box_of, cut_short, fits, make_chat, open_chat

FIRST = """Two files.

```python title=app.py
import helper
print(helper.twice(4))
```

**helper.py**

```python
def twice(n):
    return n + n
```

Run it with `python app.py`:

```bash
python app.py
```
"""
SECOND = """Better:

```python
# app.py
import helper
for n in range(3):
    print(helper.twice(n))
```
"""


def panel(page):
    return page.get_by_role("complementary", name="Files")


def tab(page, name):
    return panel(page).locator(".names button").filter(has_text=name)


def expect_names(page, *names):
    """Behind a name may stand how many versions there are."""
    expect(panel(page).locator(".names button")).to_have_text([re.compile(rf"^{re.escape(n)}(\s+\d+)?$") for n in names])


@pytest.fixture
def chat(page, server):
    made = []

    def make(*turns):
        made.append(make_chat(server, "Some files", turns))
        open_chat(page, server, made[-1])
        return made[-1]

    yield make
    for one in made:
        api(server, "DELETE", f"/v1/tiro/chats/{one}")


def test_blocks_of_code_are_files_with_versions(page, chat):
    chat(("user", "Write"), ("assistant", FIRST), ("user", "Better"), ("assistant", SECOND))
    page.get_by_role("button", name="Files", exact=True).click()
    expect_names(page, "app.py", "helper.py")  # The command is none.
    tab(page, "app.py").click()
    version = panel(page).get_by_label("Version")
    expect(version.locator("option")).to_have_text(["1 of 2 (the model's)", "2 of 2 (the model's)"])
    expect(panel(page).locator("code")).to_contain_text("for n in range(3)")
    panel(page).get_by_role("button", name="Changes").click()
    expect(panel(page).locator(".changes .old")).to_have_text(["−print(helper.twice(4))"])
    expect(panel(page).locator(".changes .new")).to_have_text(
        ["+# app.py", "+for n in range(3):", "+    print(helper.twice(n))"])
    version.select_option("0")
    expect(panel(page).locator("code")).to_contain_text("twice(4)")  # Of a first version nothing has changed.
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)


def test_a_block_opens_in_the_version_that_it_is(page, chat):
    chat(("user", "Write"), ("assistant", FIRST), ("user", "Better"), ("assistant", SECOND))
    answer(page, 0).get_by_role("button", name="Open app.py").click()
    expect(panel(page).locator("code")).to_contain_text("twice(4)")
    answer(page, 1).get_by_role("button", name="Open app.py").click()
    expect(panel(page).locator("code")).to_contain_text("range(3)")


def test_another_branch_has_other_files(page, server, chat):
    one = chat(("user", "Write"), ("assistant", FIRST))
    first = api(server, "GET", f"/v1/tiro/chats/{one}")["messages"][0]["id"]
    api(server, "POST", f"/v1/tiro/chats/{one}/messages",
        {"role": "assistant", "parent_id": first, "content": "```html\n<p>one</p>\n<p>two</p>\n```"})
    open_chat(page, server, one)
    page.get_by_role("button", name="Files", exact=True).click()
    expect_names(page, "index.html")
    page.get_by_role("button", name="Previous version").click()
    expect_names(page, "app.py", "helper.py")


def test_an_own_version_goes_to_the_model(page, server, chat):
    one = chat(("user", "Write"), ("assistant", FIRST))
    page.get_by_role("button", name="Files", exact=True).click()
    tab(page, "helper.py").click()
    panel(page).get_by_role("button", name="Edit").click()
    panel(page).get_by_label("The file's text").fill("def twice(n):\n    return 2 * n  # my own\n")
    panel(page).get_by_role("button", name="Keep").click()
    expect(panel(page).get_by_label("Version").locator("option").last).to_have_text(
        "2 of 2 (yours, not sent yet)")
    expect(panel(page).locator("code")).to_contain_text("my own")
    expect(page.get_by_label("Files that go with it")).to_contain_text("helper.py")
    ask(page, "Is it right?")
    cut_short(page, 1)
    expect(panel(page).get_by_label("Version").locator("option").last).to_have_text("2 of 2 (yours)")
    sent = [m for m in api(server, "GET", f"/v1/tiro/chats/{one}")["messages"] if m["content"] == "Is it right?"]
    assert sent[0]["details"]["attachments"] == [
        {"name": "helper.py", "text": "def twice(n):\n    return 2 * n  # my own\n"}]
    page.reload()  # It is kept with the chat.
    page.get_by_role("button", name="Files", exact=True).click()
    tab(page, "helper.py").click()
    expect(panel(page).locator("code")).to_contain_text("my own")


def test_all_files_in_one(page, chat):
    chat(("user", "Write"), ("assistant", FIRST), ("user", "Better"), ("assistant", SECOND))
    page.get_by_role("button", name="Files", exact=True).click()
    with page.expect_download() as got:
        panel(page).get_by_role("button", name="Download all").click()
    with zipfile.ZipFile(got.value.path()) as archive:
        assert archive.testzip() is None and archive.namelist() == ["app.py", "helper.py"]
        assert archive.read("app.py").decode().startswith("# app.py\nimport helper\nfor n")
    tab(page, "helper.py").click()
    with page.expect_download() as got:
        panel(page).get_by_role("button", name="Download helper.py").click()
    assert got.value.suggested_filename == "helper.py"
    assert open(got.value.path()).read() == "def twice(n):\n    return n + n"


PAGE = """`index.html`:

```html
<!doctype html>
<html><head><link rel="stylesheet" href="style.css"></head>
<body><h1>Hello</h1><script src="js/app.js"></script></body></html>
```

```css
h1 { color: rgb(0, 128, 128); }
body { margin: 0; }
```

```javascript
// app.js
console.log("colour " + getComputedStyle(document.querySelector("h1")).color);
console.log("</script> is a text");
```
"""


@pytest.mark.parametrize("where", ["answer", "panel"])
def test_a_page_of_several_files(page, chat, where):
    chat(("user", "Write"), ("assistant", PAGE))
    if where == "panel":
        page.get_by_role("button", name="Files", exact=True).click()
        tab(page, "index.html").click()
        panel(page).get_by_role("button", name="Preview").click()
    else:
        answer(page).get_by_role("button", name="Run").first.click()
    console = page.get_by_label("Console")
    expect(console).to_contain_text("colour rgb(0, 128, 128)")
    expect(console).to_contain_text("</script> is a text")


@pytest.mark.parametrize("info, before, first, name", [
    ("python title=a.py", "", "x = 1", "a.py"),
    ('python filename="src/a b.py"', "", "x = 1", "src/a b.py"),
    ("python:a.py", "", "x = 1", "a.py"),
    ("a.py", "", "x = 1", "a.py"),
    ("python a.py", "", "x = 1", "a.py"),
    ("python", "### `a.py`", "x = 1", "a.py"),
    ("python", "2. **a.py**:", "x = 1", "a.py"),
    ("python", "Now create a file named `a.py`:", "x = 1", "a.py"),
    ("python", "", "# a.py", "a.py"),
    ("js", "", "// src/a.js", "src/a.js"),
    ("html", "", "<!-- a.html -->", "a.html"),
    ("css", "", "/* a.css */", "a.css"),
    ("python", "See `a.py` and `b.py`.", "x = 1", "program.py"),
    ("python", "It costs 1.50 euros.", "x = 1", "program.py"),
    ("dockerfile", "**Dockerfile**", "FROM x", "Dockerfile"),
    ("python title=../../etc/a.py", "", "x = 1", "etc/a.py"),
    ("python title=C:\\\\Windows\\\\a.py", "", "x = 1", "C_/Windows/a.py"),
    ("python title=/etc/a.py", "", "x = 1", "etc/a.py"),
    ("python title=..", "", "x = 1", "program.py"),
    ("text", "", "words", None),
])
def test_names(page, chat, info, before, first, name):
    chat(("user", "Write"), ("assistant", f"{before}\n\n```{info}\n{first}\ny = 2\n```\n"))
    shown = answer(page).locator("figcaption .name")
    expect(shown).to_have_text(name or info.split()[0])
    expect(answer(page).get_by_role("button", name=re.compile("^Open"))).to_have_count(0 if name is None else 1)


def test_the_same_name_twice_in_an_answer(page, chat):
    block = "```python\nx = {}\ny = 2\n```\n\n"
    chat(("user", "Write"), ("assistant", block.format(1) + block.format(2)))
    expect(answer(page).locator("figcaption .name")).to_have_text(["program.py", "program-2.py"])


def test_a_long_block_is_folded(page, chat):
    chat(("user", "Write"), ("assistant", "```python\n" + "\n".join(f"x{i} = {i}" for i in range(100)) + "\n```"))
    code = answer(page).locator("code")
    expect(code).to_contain_text("x23 = 23")
    expect(code).not_to_contain_text("x24 = 24")
    answer(page).get_by_role("button", name="Show all 100 lines").click()
    expect(code).to_contain_text("x99 = 99")
    answer(page).get_by_role("button", name="Show less").click()
    answer(page).get_by_role("button", name="Copy code").click()  # All of it.
    expect(answer(page).get_by_role("button", name="Copy code")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").endswith("x99 = 99")


def test_the_panel_on_a_phone(page, chat):
    page.set_viewport_size({"width": 390, "height": 800})
    chat(("user", "Write"), ("assistant", FIRST))
    page.keyboard.press("Control+.")
    expect(tab(page, "app.py")).to_be_visible()
    box = panel(page).bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    fits(page)
    panel(page).get_by_role("button", name="Close the files").click()
    expect(box_of(page)).to_be_visible()
